"""How fast a net trains here, and where the time goes."""

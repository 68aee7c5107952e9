"""The search for input sizes that fit, and for the values of `?`."""

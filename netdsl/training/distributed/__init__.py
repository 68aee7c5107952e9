"""Several processes that train one net: how they are started, how they meet, and what they share."""

"""The shapes of a net, one statement after the other."""

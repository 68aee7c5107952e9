"""From shape to shape, one statement after the other."""

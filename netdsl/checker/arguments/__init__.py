"""The arguments of a statement: the parameter that each item fills, and its value."""

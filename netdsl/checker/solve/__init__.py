"""Values that make the rest fit: of input sizes, and of `?`."""

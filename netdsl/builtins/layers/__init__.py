"""The layers, one module a family."""

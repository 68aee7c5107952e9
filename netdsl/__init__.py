"""The whiteboard notation for neural networks, made executable."""

__version__ = "0.1.0"

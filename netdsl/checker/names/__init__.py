"""The meanings of names: variables, blocks, labels, other files, and classes of torch."""

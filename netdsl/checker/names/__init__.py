"""What names mean: variables, blocks, labels, other files, and classes of torch."""

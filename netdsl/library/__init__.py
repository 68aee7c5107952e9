"""Blocks of well-known networks, written in the language: `use resnet`."""

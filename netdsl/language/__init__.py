"""The language: grammar, syntax tree, parser and formatter."""

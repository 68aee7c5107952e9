"""From the syntax tree to the checked program: names, values, shapes, and every mistake of a file at once."""

from netdsl.checker.file import check

__all__ = ["check"]

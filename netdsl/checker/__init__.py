"""From the syntax tree to the checked program: names, values, shapes, and every mistake of a file at once."""

from netdsl.checker.file import Checked, check, check_traced, diagnose

__all__ = ["Checked", "check", "check_traced", "diagnose"]

"""What a lint is: a code with its page, and a rule over a checked program that yields warnings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from netdsl.core.diagnostics import Code, Diagnostic
from netdsl.lints.program import Program

Rule = Callable[[Program], Iterator[Diagnostic]]


class Lint(NamedTuple):
    """A rule and the code of its warnings."""

    code: Code
    rule: Rule


def lint(code: Code) -> Callable[[Rule], Lint]:
    """Makes a `Lint` of the rule below it, which yields diagnostics of this code: `@lint(IDLE_DROPOUT)`."""
    return lambda rule: Lint(code, rule)

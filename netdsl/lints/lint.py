"""What a lint is: a code with its page, and a rule over a checked program that yields warnings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from netdsl.components.component import require_given
from netdsl.core.diagnostics import Code, Diagnostic
from netdsl.lints.program import Program

Rule = Callable[[Program], Iterator[Diagnostic]]


class Lint(NamedTuple):
    """A rule and the code of its warnings."""

    code: Code
    rule: Rule


def lint(code: Code | None = None) -> Callable[[Rule], Lint]:
    """Makes a `Lint` of the rule below it, which yields diagnostics of this code: `@lint(IDLE_DROPOUT)`.

    Raises:
        TypeError: the code is left out, or is none.
    """
    require_given("lint", code, Code, "CODE")
    assert code is not None
    return lambda rule: Lint(code, rule)

"""Lints (NET9xx): what is allowed and probably not meant. Each is a file in `rules`, with its page, rule and fix.

`# netdsl: allow NET901` at the end of a line, with one code or several, silences them there.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import warnings
from collections.abc import Iterable, Sequence
from functools import cache

from netdsl.components.registry import Implementation, PluginWarning
from netdsl.core.diagnostics import Diagnostic, errors
from netdsl.core.errors import in_a_line
from netdsl.core.text import text
from netdsl.language.syntax import File
from netdsl.lints.comments import is_allowed
from netdsl.lints.lint import Lint
from netdsl.lints.program import Program
from netdsl.program import Experiment

CODE = r"[A-Z]{3}9\d\d"


def find_warnings(
    experiment: Experiment, file: File, found: Sequence[Diagnostic], others: Sequence[Implementation] = ()
) -> list[Diagnostic]:
    """The warnings of every lint, plugins' too; none while there are errors, which would make them echoes."""
    if errors(found):
        return []
    program = Program(experiment, file)
    # Own lints come first; warnings of one place keep this order.
    own = [warning for one in all_lints() for warning in one.rule(program)]
    warnings = [*own, *(warning for other in others for warning in _isolated(other, program))]
    # What is doubted already is probably another statement than the lints have seen.
    doubted = {one.span for one in found}
    return [warning for warning in warnings if warning.span not in doubted]


@cache
def all_lints() -> Sequence[Lint]:
    """The lints of `rules`, in the order of their codes: the order of warnings of one place."""
    rules = importlib.import_module("netdsl.lints.rules")
    modules = (
        importlib.import_module(f"{rules.__name__}.{info.name}") for info in pkgutil.iter_modules(rules.__path__)
    )
    found = [value for module in modules for value in vars(module).values() if isinstance(value, Lint)]
    return sorted(found, key=lambda one: one.code)


def without_allowed(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The diagnostics without the warnings that a comment on their line allows."""
    return [found for found in diagnostics if found.severity == "error" or not is_allowed(found.code, found.span)]


def _isolated(lint: Implementation, program: Program) -> list[Diagnostic]:
    """The warnings of a plugin's rule; one that fails, or uses codes that are not its own, is left out with a word."""
    try:
        # A rule is a generator: it fails only when its warnings are taken, which must happen here.
        found = list(lint.function(program))
        for one in found:
            if not re.fullmatch(CODE, one.code) or one.code.startswith("NET"):
                raise ValueError(text("`{code}` is not a code of its own, such as `EXA901`", code=one.code))
    except Exception as error:  # a plugin may fail in any way; the check goes on
        message = text(
            "plugin {plugin} fails in its lint `{lint}`, which is left out: {reason}; {repair}",
            plugin=lint.plugin,
            lint=getattr(lint.function, "__name__", repr(lint.function)),
            reason=in_a_line(error),
            repair=lint.plugin.repair,
        )
        warnings.warn(message, PluginWarning, stacklevel=2)
        return []
    return found

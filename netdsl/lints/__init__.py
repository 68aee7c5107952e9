"""Lints (NET9xx): what is allowed and probably not meant. Each is a function over the checked program.

`# netdsl: allow NET901` at the end of a line, with one code or several, silences them there.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence

from netdsl.components.registry import Implementation, PluginWarning
from netdsl.core.diagnostics import Diagnostic, errors
from netdsl.core.errors import in_a_line
from netdsl.language.syntax import File
from netdsl.lints.activations import softmax_of_one, twice_the_same, two_linear_layers
from netdsl.lints.arguments import dropout_between_no_layers, overwritten
from netdsl.lints.comments import is_allowed
from netdsl.lints.endings import activation_on_scores, dropout_on_scores, loss_without_its_activation
from netdsl.lints.names import unused_blocks, unused_variables
from netdsl.lints.normalisation import batch_of_one, bias_before_normalisation
from netdsl.lints.program import Program
from netdsl.lints.windows import left_over
from netdsl.program import Experiment

CODE = re.compile(r"[A-Z]{3}9\d\d")

Lint = Callable[[Program], Iterator[Diagnostic]]

LINTS: Sequence[Lint] = (
    two_linear_layers,
    twice_the_same,
    softmax_of_one,
    activation_on_scores,
    dropout_on_scores,
    loss_without_its_activation,
    bias_before_normalisation,
    batch_of_one,
    dropout_between_no_layers,
    overwritten,
    left_over,
    unused_blocks,
    unused_variables,
)


def lint(
    experiment: Experiment, file: File, found: Sequence[Diagnostic], others: Sequence[Implementation] = ()
) -> list[Diagnostic]:
    """The warnings of every lint, plugins' too; none while there are errors, which would make them echoes."""
    if errors(found):
        return []
    program = Program(experiment, file)
    own = [warning for rule in LINTS for warning in rule(program)]
    return [*own, *(warning for other in others for warning in _isolated(other, program))]


def _isolated(lint: Implementation, program: Program) -> list[Diagnostic]:
    """The warnings of a plugin's rule; one that fails, or speaks under another's codes, is left out and told."""
    try:
        found = list(lint.function(program))
        for one in found:
            if not CODE.fullmatch(one.code) or one.code.startswith("NET"):
                raise ValueError(f"`{one.code}` is no code of its own, such as `EXA901`")
    except Exception as error:  # a plugin may fail in any way; the check goes on
        name = getattr(lint.function, "__name__", repr(lint.function))
        message = f"plugin {lint.plugin} fails in its lint `{name}`, which is left out: {in_a_line(error)}"
        warnings.warn(f"{message}; {lint.plugin.repair}", PluginWarning, stacklevel=2)
        return []
    return found


def heard(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The diagnostics without the warnings that a comment on their line allows."""
    return [found for found in diagnostics if found.severity == "error" or not is_allowed(found)]

"""Lints (NET9xx): what is allowed and probably not meant. Each is a function over the checked program.

`# netdsl: allow NET901` at the end of a line, with one code or several, silences them there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from netdsl.diagnostics import Diagnostic, errors
from netdsl.language.syntax import File
from netdsl.lints.activations import softmax_of_one, twice_the_same, two_linear_layers
from netdsl.lints.comments import is_allowed
from netdsl.lints.endings import activation_on_scores, dropout_on_scores, loss_without_its_activation
from netdsl.lints.names import unused_blocks, unused_variables
from netdsl.lints.normalisation import batch_of_one, bias_before_normalisation
from netdsl.lints.program import Program
from netdsl.lints.windows import left_over
from netdsl.network import Experiment

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
    left_over,
    unused_blocks,
    unused_variables,
)


def lint(experiment: Experiment, file: File, found: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The warnings of every lint; none while there are errors, which would make them echoes."""
    if errors(found):
        return []
    program = Program(experiment, file)
    return [warning for rule in LINTS for warning in rule(program)]


def heard(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The diagnostics without the warnings that a comment on their line allows."""
    return [found for found in diagnostics if found.severity == "error" or not is_allowed(found)]

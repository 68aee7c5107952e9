"""Lints (NET9xx): what is allowed and probably not meant. Each is a function over the checked program."""

from __future__ import annotations

from collections.abc import Sequence

from netdsl.diagnostics import Diagnostic
from netdsl.language.syntax import File
from netdsl.network import Experiment


def lint(experiment: Experiment, file: File, found: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The warnings of every rule."""
    return []

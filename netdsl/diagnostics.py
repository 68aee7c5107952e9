"""A diagnostic is data: a code, a message, labelled spans and, where one can be computed, a fix."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from netdsl.source import Span

Severity = Literal["error", "warning"]


class Label(NamedTuple):
    """A second place that explains the first."""

    span: Span
    text: str


class Edit(NamedTuple):
    """Put `text` in the place of `span`."""

    span: Span
    text: str


class Fix(NamedTuple):
    """What to do about it in words (`write `1024->64``), and the edits that do it."""

    message: str
    edits: tuple[Edit, ...]


class Diagnostic(NamedTuple):
    """One mistake (or lint): `message` is lowercase, has no final period, and puts names in backticks.

    `caption` stands under the marked span (`stated here`); `labels` mark the cause; `help` says what to do
    where no edit can be computed.
    """

    code: str
    message: str
    span: Span
    caption: str = ""
    labels: tuple[Label, ...] = ()
    help: str | None = None
    fix: Fix | None = None

    @property
    def severity(self) -> Severity:
        """Lints (NET9xx, and the 9xx of plugins) are warnings, everything else is an error."""
        return "warning" if self.code[3:4] == "9" else "error"


def errors(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Those that make a file wrong."""
    return [diagnostic for diagnostic in diagnostics if diagnostic.severity == "error"]

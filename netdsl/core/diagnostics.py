"""A diagnostic is data: a code, a message, labelled spans and, where one can be computed, a fix."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple, Self

from netdsl.core.source import Span

Severity = Literal["error", "warning"]


class Code(str):
    """The code of a kind of mistake, `NET201`, and its page. It is the `str` that machines read.

    Args:
        name: three letters and three digits.
        title: the mistake in a few words.
        meaning: what is wrong and why it matters, in a paragraph.
        example: a text that has the mistake; empty where none is small enough to show.
        instead: the text without it.
    """

    __slots__ = ("example", "instead", "meaning", "title")

    title: str  # type: ignore[assignment]  # the page's, where a `str` has a method
    meaning: str
    example: str
    instead: str

    def __new__(cls, name: str, *, title: str, meaning: str, example: str = "", instead: str = "") -> Self:
        """The code of a name, with its page."""
        code = super().__new__(cls, name)
        code.title, code.meaning, code.example, code.instead = title, meaning, example, instead
        return code

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, str]]:
        page = {name: getattr(self, name) for name in self.__slots__}
        return (str(self),), page  # so that a diagnostic can be pickled


class Label(NamedTuple):
    """A second place that explains the first."""

    span: Span
    text: str


class Edit(NamedTuple):
    """Put `text` in the place of `span`."""

    span: Span
    text: str


class Fix(NamedTuple):
    """What to do about it in words (`write `1024->64``), and the edits that do it.

    `netdsl fix` applies the safe ones alone. To judge a fix, ask in this order:

    1. Does it change what a text that can run computes, learns or saves (an output, a key of the `state_dict`, the data
       that are trained on)? Then it is unsafe, however good the advice.
    2. Does the text, or a number at hand, say what was meant: a name one slip away, a sign of another language, a size
       that the input has and no other could have? Then it is safe.
    3. Could the author as well have meant something else, or mend it in another place? Then it is unsafe: a guess.
    """

    message: str
    edits: tuple[Edit, ...]
    safe: bool = True


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

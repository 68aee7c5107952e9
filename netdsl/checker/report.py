"""The report of a check: the diagnostics, one for each mistake."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from netdsl.components.registry import Registry
from netdsl.core.diagnostics import Code, Diagnostic, Edit, Fix, Label
from netdsl.core.source import Span
from netdsl.core.suggestions import SURE, nearest
from netdsl.core.text import text


class Report:
    """The diagnostics of one check."""

    def __init__(self, registry: Registry) -> None:
        self.diagnostics: list[Diagnostic] = []
        self._disputed = registry.disputed
        self._reported: set[tuple[str, Span]] = set()
        self._uses: list[Span] = []
        self._rounds: list[tuple[Span, int]] = []

    def __call__(
        self,
        code: Code,
        message: str,
        span: Span,
        caption: str = "",
        *,
        labels: Iterable[Label] = (),
        help: str | None = None,
        fix: Fix | None = None,
    ) -> None:
        """Reports a mistake; one mistake in a body is one, however often the body is used."""
        if (code, span) not in self._reported:
            self._reported.add((code, span))
            causes = (*labels, *self._use(code), *self._round(code))
            self.diagnostics.append(Diagnostic(code, message, span, caption, causes, help, fix))

    @contextmanager
    def inside(self, use: Span) -> Iterator[None]:
        """Names, in reports about sizes, the use of a block that is being checked."""
        self._uses.append(use)
        yield
        self._uses.pop()

    @contextmanager
    def round(self, repeat: Span, number: int) -> Iterator[None]:
        """Names, in reports about sizes, the round of a `repeat` that is being checked, from 1 on."""
        self._rounds.append((repeat, number))
        yield
        self._rounds.pop()

    def _round(self, code: str) -> list[Label]:
        """The first round needs no word: what is wrong there is wrong at once."""
        if not code.startswith("NET2"):
            return []
        return [Label(span, text("in round {number}", number=number)) for span, number in self._rounds if number > 1]

    def _use(self, code: str) -> list[Label]:
        """Sizes depend on where a block is used: the file's own use is named, not those inside it."""
        return [Label(self._uses[0], "in this use")] if self._uses and code.startswith("NET2") else []

    def unknown(
        self, code: Code, what: str, name: str, span: Span, known: Iterable[str], help: str | None = None
    ) -> str | None:
        """Reports a name that is not there, with the nearest one that is; returns that one where it is surely meant."""
        if plugins := self._disputing(what, name):
            several = " and ".join(f"`{plugin}`" for plugin in plugins)
            message = f"unknown {what} `{name}`: plugins {several} both bring it, and neither is used"
            self(code, message, span, help=f"choose one: `NETDSL_PLUGINS={plugins[0]}`, or uninstall the other")
            return None
        near = nearest(name, known)
        if near is None:
            self(code, f"unknown {what} `{name}`", span, help=help)
            return None
        sure = nearest(name, [near], SURE) is not None
        fix = Fix(f"write `{near}`", (Edit(span, near),)) if sure else None
        self(code, f"unknown {what} `{name}`, did you mean `{near}`?", span, help=None if sure else help, fix=fix)
        return near if sure else None

    def _disputing(self, what: str, name: str) -> tuple[str, ...]:
        """The plugins that bring a name so that it is none of theirs."""
        disputed = self._disputed.items()
        return next((plugins for (kind, word), plugins in disputed if (kind.kind, word) == (what, name)), ())

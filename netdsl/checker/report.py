"""The report of a check: the diagnostics, one for each mistake."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from netdsl.components.registry import Registry
from netdsl.core.diagnostics import Code, Diagnostic, Edit, Fix, Label
from netdsl.core.limits import MAX_MISTAKES, MAX_SUGGESTIONS
from netdsl.core.source import Span
from netdsl.core.suggestions import SURE, nearest
from netdsl.core.text import join_and, text
from netdsl.language.recovery.codes import TOO_MANY_MISTAKES


class Report:
    """The diagnostics of one check; behind a thousand and one word more nothing is added.

    `asked` counts the reports, those of a mistake that is reported already too; `mistakes` the errors among those that
    were added.
    """

    def __init__(self, registry: Registry) -> None:
        self.diagnostics: list[Diagnostic] = []
        self.is_full = False
        self.mistakes = 0
        self.asked = 0
        self._disputed = registry.disputed
        self._failing = registry.failing
        self._brought = {component.kind for component in registry.components} if registry.failing else set()
        self._unknown = 0
        self._reported: set[tuple[str, Span]] = set()
        self._uses: list[tuple[Span, bool]] = []
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
        self.asked += 1
        # A block's body is checked again at each use, and `repeat`'s in each round.
        if (code, span) in self._reported or self.is_full:
            return
        if len(self._reported) == MAX_MISTAKES:
            self.is_full = True
            message = text("more than {limit:,} mistakes, the rest is not checked", limit=MAX_MISTAKES)
            self.diagnostics.append(Diagnostic(TOO_MANY_MISTAKES, message, span))
            return
        self._reported.add((code, span))
        causes = (*labels, *self._use(code), *self._round())
        found = Diagnostic(code, message, span, caption, causes, help, fix)
        self.mistakes += found.severity == "error"
        self.diagnostics.append(found)

    @contextmanager
    def inside(self, use: Span, *, is_first: bool) -> Iterator[None]:
        """Names the use of a block that is being checked, in reports that may be due to it."""
        self._uses.append((use, is_first))
        yield
        self._uses.pop()

    @contextmanager
    def round(self, repeat: Span, number: int) -> Iterator[None]:
        """Names, in reports, the round of a `repeat` that is being checked, from 1 on."""
        self._rounds.append((repeat, number))
        yield
        self._rounds.pop()

    @property
    def is_later_round(self) -> bool:
        """Whether a `repeat` is in another round than its first."""
        return any(number > 1 for _, number in self._rounds)

    def _round(self) -> list[Label]:
        """The rounds of all `repeat`s around; a first round needs no word: what is wrong there is wrong at once."""
        if not self.is_later_round:
            return []
        return [Label(span, text("in round {number}", number=number)) for span, number in self._rounds]

    def _use(self, code: str) -> list[Label]:
        """The use that a mistake may be due to: the file's own, not those inside it."""
        # Sizes depend on the use, and so does what an earlier use of the block did not bring to light.
        is_due = code.startswith("NET2") or any(not is_first for _, is_first in self._uses)
        # The outermost use is the line that the user can change.
        return [Label(self._uses[0][0], "in this use")] if self._uses and is_due else []

    def unknown(
        self,
        code: Code,
        kind: str,
        name: str,
        span: Span,
        known: Iterable[str],
        help: str | None = None,
        *,
        component: str | None = None,
    ) -> str | None:
        """Reports a name that is not there, with the nearest one that is; returns that one where it is surely meant.

        Args:
            code: the kind of mistake.
            kind: the term for what goes by such a name: `layer`, `data set`, `variable`.
            name: the name.
            span: where it stands.
            known: the names that are there.
            help: what to say where none of them is surely meant.
            component: the component whose parameter it would be.
        """
        # A name that is known twice is not misspelt.
        if plugins := self._disputing(kind, name):
            message = text(
                "unknown {kind} `{name}`: plugins {plugins} both bring it, and neither is used",
                kind=kind,
                name=name,
                plugins=join_and(f"`{plugin}`" for plugin in plugins),
            )
            choice = text("choose one: `NETDSL_PLUGINS={plugin}`, or uninstall the other", plugin=plugins[0])
            self(code, message, span, help=choice)
            return None
        if kind in self._brought:
            self._report_failing(code, kind, name, span)
            return None
        # Each name is compared with all: thousands of unknown ones take time, and nobody reads so many suggestions.
        self._unknown += 1
        near = nearest(name, known) if self._unknown <= MAX_SUGGESTIONS else None
        if near is None:
            self(code, _unknown(kind, name, component), span, help=help)
            return None
        # A distant name is only mentioned; a near one is a fix, and the check goes on with it.
        sure = nearest(name, [near], SURE) is not None
        fix = Fix(text("write `{near}`", near=near), (Edit(span, near),)) if sure else None
        self(code, _unknown_but_near(kind, name, near, component), span, help=None if sure else help, fix=fix)
        return near if sure else None

    def _report_failing(self, code: Code, kind: str, name: str, span: Span) -> None:
        """Reports, once for all of them, that an unknown name may be that of a plugin which does not work."""
        self.asked += 1
        if not self._failing:
            return
        plugin, _, advice = self._failing[0]
        message = text(
            "unknown {kind} `{name}`: it may come from plugin `{plugin}`, which does not work",
            kind=kind,
            name=name,
            plugin=plugin,
        )
        self(code, message, span, help=advice)
        self._failing = ()

    def _disputing(self, what: str, name: str) -> tuple[str, ...]:
        """The plugins that bring a name so that it is none of theirs."""
        disputed = self._disputed.items()
        return next((plugins for (kind, word), plugins in disputed if (kind.kind, word) == (what, name)), ())


def _unknown(kind: str, name: str, component: str | None) -> str:
    if component is None:
        return text("unknown {kind} `{name}`", kind=kind, name=name)
    return text("unknown {kind} of `{component}`: `{name}`", kind=kind, component=component, name=name)


def _unknown_but_near(kind: str, name: str, near: str, component: str | None) -> str:
    if component is None:
        return text("unknown {kind} `{name}`, did you mean `{near}`?", kind=kind, name=name, near=near)
    return text(
        "unknown {kind} of `{component}`: `{name}`, did you mean `{near}`?",
        kind=kind,
        component=component,
        name=name,
        near=near,
    )

"""The report of a check: the diagnostics, one for each mistake."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from netdsl.components.component import Component
from netdsl.components.registry import Registry
from netdsl.core.diagnostics import Code, Diagnostic, Edit, Fix, Label
from netdsl.core.limits import MAX_MISTAKES, MAX_SUGGESTIONS
from netdsl.core.source import Span
from netdsl.core.suggestions import SURE, nearest
from netdsl.core.text import Text, join_and, text
from netdsl.language.recovery.codes import TOO_MANY_MISTAKES


class Report:
    """The diagnostics of one check. After `MAX_MISTAKES` and a message that says so, nothing is added.

    `asked` counts all reports, also repeated ones. `mistakes` counts the errors that were added.
    """

    def __init__(self, registry: Registry) -> None:
        self.diagnostics: list[Diagnostic] = []
        self.is_full = False
        self.mistakes = 0
        self.asked = 0
        self._disputed = registry.disputed
        self._failing = registry.failing
        self._lacks_plugins = bool(registry.failing)
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
        """Reports a mistake. A mistake in a body is reported once, even if the body is used several times."""
        self.asked += 1
        # The body of a block is checked again at each use, and the body of a `repeat` in each round.
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
        """Adds the use of a block to the reports that may depend on it, while its body is checked."""
        self._uses.append((use, is_first))
        yield
        self._uses.pop()

    @contextmanager
    def round(self, repeat: Span, number: int) -> Iterator[None]:
        """Adds the round of a `repeat`, from 1, to reports, while it is checked."""
        self._rounds.append((repeat, number))
        yield
        self._rounds.pop()

    @property
    def is_later_round(self) -> bool:
        """Whether a `repeat` is beyond its first round."""
        return any(number > 1 for _, number in self._rounds)

    def _round(self) -> list[Label]:
        """The rounds of all `repeat`s around. A first round is not named: its mistakes do not depend on rounds."""
        if not self.is_later_round:
            return []
        return [Label(span, text("in round {number}", number=number)) for span, number in self._rounds]

    def _use(self, code: str) -> list[Label]:
        """The use on which a mistake may depend: the outermost one."""
        # Sizes depend on the use. So does a mistake that an earlier use of the block did not have.
        is_due = code.startswith("NET2") or any(not is_first for _, is_first in self._uses)
        # The outermost use is the line that the user can change.
        return [Label(self._uses[0][0], "in this use")] if self._uses and is_due else []

    def unknown(
        self,
        code: Code,
        message: Text,
        name: str,
        span: Span,
        known: Iterable[str],
        help: str | None = None,
        *,
        kind: type[Component] | None = None,
    ) -> str | None:
        """Reports an unknown name, with the most similar known one. Returns that one if it is surely meant.

        Args:
            code: the kind of mistake.
            message: says that the name is unknown.
            name: the name.
            span: the place of the name.
            known: the known names.
            help: the advice if none of them is surely meant.
            kind: the kind of component that has such names, if plugins can bring it.
        """
        # A name that two plugins bring is not misspelt.
        if kind and (plugins := self._disputed.get((kind, name))):
            disputed = text(
                "{unknown}: plugins {plugins} both bring it, and neither is used",
                unknown=message,
                plugins=join_and(f"`{plugin}`" for plugin in plugins),
            )
            choice = text("choose one: `NETDSL_PLUGINS={plugin}`, or uninstall the other", plugin=plugins[0])
            self(code, disputed, span, help=choice)
            return None
        if kind and self._lacks_plugins:
            self._report_failing(code, message, span)
            return None
        # Comparing thousands of unknown names with all known ones takes time, and nobody reads so many suggestions.
        self._unknown += 1
        near = nearest(name, known) if self._unknown <= MAX_SUGGESTIONS else None
        if near is None:
            self(code, message, span, help=help)
            return None
        # A less similar name is only mentioned. A very similar one is a fix, and the check continues with it.
        sure = nearest(name, [near], SURE) is not None
        fix = Fix(text("write `{near}`", near=near), (Edit(span, near),)) if sure else None
        asked = text("{unknown}, did you mean `{near}`?", unknown=message, near=near)
        self(code, asked, span, help=None if sure else help, fix=fix)
        return near if sure else None

    def _report_failing(self, code: Code, unknown: Text, span: Span) -> None:
        """Reports, once for all unknown names, that they may come from a plugin which does not work."""
        self.asked += 1
        if not self._failing:
            return
        plugin, _, advice = self._failing[0]
        message = text(
            "{unknown}: it may come from plugin `{plugin}`, which does not work", unknown=unknown, plugin=plugin
        )
        self(code, message, span, help=advice)
        self._failing = ()

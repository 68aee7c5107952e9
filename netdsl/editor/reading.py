"""A text as an editor sees it: one version after the other, each read and checked, with what the last one knew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from netdsl.checker import Checked, check_traced, diagnose
from netdsl.checker.memory import Memory
from netdsl.checker.names.scope import Scope
from netdsl.checker.trace import Entry, Passage, Trace
from netdsl.checker.value import Value
from netdsl.components.registry import Registry
from netdsl.core.diagnostics import Diagnostic, errors
from netdsl.core.source import Source
from netdsl.editor.outputs import Output, move, settle
from netdsl.language.rereading import Rereader
from netdsl.language.syntax import File, Statement, walk_statements
from netdsl.program import Experiment


@dataclass(frozen=True, eq=False)
class Reading:
    """One version of a text, checked. Places are 0-based offsets in characters."""

    checked: Checked
    registry: Registry
    folder: Path
    outputs: Sequence[Output] = field(repr=False)

    @property
    def source(self) -> Source:
        """The text and its name."""
        return self.checked.file.source

    @property
    def text(self) -> str:
        """The text."""
        return self.source.text

    @property
    def file(self) -> File:
        """The syntax tree."""
        return self.checked.file

    @property
    def experiment(self) -> Experiment | None:
        """The program; None where there is no net, and partial where there are errors."""
        return self.checked.experiment

    @cached_property
    def diagnostics(self) -> Sequence[Diagnostic]:
        """All that is wrong with it: what `netdsl.check` says."""
        return diagnose(self.checked, self.registry)

    @property
    def trace(self) -> Trace:
        """The way of the check."""
        assert self.checked.trace is not None  # a document has it noted
        return self.checked.trace

    @property
    def scope(self) -> Scope:
        """The names of the file."""
        return self.trace.scope or Scope()

    @cached_property
    def passages(self) -> Mapping[int, Sequence[Passage]]:
        """The places in the net of each statement of this text, by where it begins."""
        found: dict[int, list[Passage]] = {}
        for passage in self.trace.passages:
            if passage.statement.span.source is self.source:
                found.setdefault(passage.statement.span.start, []).append(passage)
        return found

    @cached_property
    def statements(self) -> Sequence[Statement]:
        """Every statement of the text, each before those in its bodies."""
        return list(walk_statements(self.file.statements))

    def statement_at(self, offset: int) -> Statement | None:
        """The innermost statement whose text holds an offset, or ends there."""
        within = (one for one in self.statements if one.span.start <= offset <= one.span.end)
        return max(within, key=lambda one: (one.span.start, -one.span.end), default=None)

    def passage_at(self, statement: Statement) -> Passage | None:
        """The first place of a statement in the net; rather one where it is known what comes in."""
        found = self.passages.get(statement.span.start, ())
        return next((one for one in found if one.before.shape), next(iter(found), None))

    def arriving_at(self, offset: int) -> tuple[Scope, Value]:
        """The names in sight at an offset, and what comes in there."""
        entries = (one for one in self.trace.entries if _holds(one, offset, self.source))
        # Of the innermost body, the use where it is known what comes in.
        inner = max(entries, key=lambda one: (one.extent.start, one.value.shape is not None), default=None)
        if inner is None:
            return self.scope, Value(None)
        value = inner.value
        for passage in self.trace.passages:
            at = passage.statement.span
            if passage.scope is inner.scope and at.source is self.source and at.end <= offset:
                value = passage.after
        return inner.scope, value


class Document:
    """The versions of one text.

    Args:
        registry: the names of the language.
        name: what messages call the text: the path of its file, where it has one.
        folder: what paths in it are relative to; the folder of its name unless given.
        files: the texts that stand in the place of files, by their resolved paths: those that are not saved yet. The
            mapping is looked at anew for each version.
    """

    def __init__(
        self,
        registry: Registry,
        name: str = "<text>",
        folder: Path | None = None,
        files: Mapping[Path, str] | None = None,
    ) -> None:
        self.registry = registry
        self.name = name
        self.folder = folder or Path(name).parent
        self._memory = Memory(files={} if files is None else files, rereader=Rereader())
        self._text = ""
        self._outputs: Sequence[Output] = ()

    def read(self, text: str) -> Reading:
        """The next version of the text."""
        checked = check_traced(Source(self.name, text), self.registry, self.folder, self._memory)
        # Where nothing is wrong, what is not known is not hidden by a mistake.
        earlier = move(self._outputs, self._text, text) if errors(checked.found) else ()
        outputs = settle(checked, earlier)
        self._text, self._outputs = text, outputs
        return Reading(checked, self.registry, self.folder, outputs)


def _holds(entry: Entry, offset: int, source: Source) -> bool:
    start, end = entry.extent.start, entry.extent.end
    if entry.extent.source is not source:
        return False
    if not start:  # the whole text, which has no braces
        return True
    # A body that is not closed yet ends where the text ends.
    return start < offset <= end - source.text.endswith("}", start, end)

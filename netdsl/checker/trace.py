"""A record of a check, statement by statement, for questions of an editor about an incomplete text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from netdsl.core.source import Span
from netdsl.language.statements import REPEAT
from netdsl.language.syntax import Statement
from netdsl.program import DataUse, Node, Stretch

if TYPE_CHECKING:
    from netdsl.checker.names.scope import Scope
    from netdsl.checker.value import Value


class Entry(NamedTuple):
    """The entry into a body: its place in the text, the names in sight, and its input."""

    extent: Span
    scope: Scope
    value: Value


class Passage(NamedTuple):
    """A checked statement: the names in sight, its input and its output.

    The node is None after a mistake that leaves nothing to build, and for a `repeat`, which has no node.
    """

    statement: Statement
    scope: Scope
    before: Value
    after: Value
    node: Node | None


class Trace:
    """The record of one check.

    `scope` has the names of the file, and `data` its `data` line, even without a net. `entries` and `passages` are in
    the order of the check. A block's body is entered at each use that differs from those before it.
    """

    def __init__(self) -> None:
        self.scope: Scope | None = None
        self.data: DataUse | None = None
        self.entries: list[Entry] = []
        self.passages: list[Passage] = []

    def enter(self, extent: Span, scope: Scope, value: Value) -> None:
        """Notes the entry into a body."""
        self.entries.append(Entry(extent, scope, value))

    def go_through(
        self, statement: Statement, scope: Scope, before: Value, after: Value, built: Sequence[Node | Stretch]
    ) -> None:
        """Notes a statement and its nodes."""
        node = built[0] if len(built) == 1 and statement.name.text != REPEAT.name else None
        self.passages.append(Passage(statement, scope, before, after, node if isinstance(node, Node) else None))

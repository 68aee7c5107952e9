"""What a check passes through, statement by statement: what is asked about a text that may be half-written."""

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
    """The way into a body: the text that it covers, the names in sight, and what comes in."""

    extent: Span
    scope: Scope
    value: Value


class Passage(NamedTuple):
    """A statement that was checked in its place: the names in sight there, what comes in, and what it leaves behind.

    The node is None where a mistake leaves nothing to build, and of a `repeat`, which is none itself.
    """

    statement: Statement
    scope: Scope
    before: Value
    after: Value
    node: Node | None


class Trace:
    """The way of one check.

    `scope` has the names of the file, `data` its `data` line, also where there is no net. `entries` and `passages` are
    in the order in which the check came by: a block's body is entered at each use that is unlike those before it.
    """

    def __init__(self) -> None:
        self.scope: Scope | None = None
        self.data: DataUse | None = None
        self.entries: list[Entry] = []
        self.passages: list[Passage] = []

    def enter(self, extent: Span, scope: Scope, value: Value) -> None:
        """Notes the way into a body."""
        self.entries.append(Entry(extent, scope, value))

    def go_through(
        self, statement: Statement, scope: Scope, before: Value, after: Value, built: Sequence[Node | Stretch]
    ) -> None:
        """Notes a statement, and the nodes that it has come to."""
        node = built[0] if len(built) == 1 and statement.name.text != REPEAT.name else None
        self.passages.append(Passage(statement, scope, before, after, node if isinstance(node, Node) else None))

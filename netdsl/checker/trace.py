"""What a check passes through, statement by statement: what is asked about a text that may be half-written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from netdsl.core.source import Span
from netdsl.language.syntax import Statement
from netdsl.program import DataUse, Node

if TYPE_CHECKING:
    from netdsl.checker.names.scope import Scope
    from netdsl.checker.shapes.layer_check import Value


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


@dataclass(eq=False)
class Trace:
    """The way of one check.

    Args:
        scope: the names of the file.
        entries, passages: in the order in which the check came by. A block's body is entered at each of its uses.
        data: the `data` line, also where there is no net.
    """

    scope: Scope | None = None
    entries: list[Entry] = field(default_factory=list)
    passages: list[Passage] = field(default_factory=list)
    data: DataUse | None = None

"""A statement that is being written: what it names, and which parameters it has given so far."""

from __future__ import annotations

from typing import NamedTuple

from netdsl.checker.arguments.binding import bind
from netdsl.checker.names.scope import Scope
from netdsl.components import Component, Layer
from netdsl.core.source import Source
from netdsl.editor.arguments import component_of, scratch
from netdsl.editor.cursor import Cursor
from netdsl.editor.reading import Reading
from netdsl.language.parser import parse
from netdsl.language.statements import STATEMENTS
from netdsl.language.syntax import Name, Statement


class Partial(NamedTuple):
    """What is written of a statement before the word at hand: the component that it names, and what it has given."""

    component: Component
    given: frozenset[str]


def read_partial(reading: Reading, cursor: Cursor, scope: Scope) -> Partial | None:
    """The statement up to the word at the cursor; None where it names nothing that is known."""
    before = cursor.written[: len(cursor.written) - len(cursor.word)]
    statement = _statement(before) or _statement(cursor.head)
    if statement is None:
        return None
    component = _component(reading, statement, scope)
    if component is None:
        return None
    if statement.name.text in STATEMENTS:  # the arguments are those of the component that it names
        statement = Statement(statement.name, None, statement.items[1:], None, statement.span)
    given = bind(component, statement, scope, scratch(reading))
    names = {*given.spans, *(name for name, _ in given.bodies if name)}
    flow = component.flow if isinstance(component, Layer) else None
    if "->" in cursor.word and flow:
        names |= {*flow}
    return Partial(component, frozenset(names))


def _component(reading: Reading, statement: Statement, scope: Scope) -> Component | None:
    kind = STATEMENTS.get(statement.name.text)
    if kind is None:
        # Torch's own classes are imported by the check alone, never for what might be written.
        return None if statement.name.text.startswith("nn.") else component_of(reading, statement, scope)
    first = statement.items[0] if statement.items else None
    if kind.component is None or not isinstance(first, Name):
        return None
    found = reading.registry.of(kind.component).get(first.text)
    return None if found is None or found.is_lazy else found


def _statement(written: str) -> Statement | None:
    """The statement of a text that is one."""
    statements = parse(Source("", written.strip()))[0].statements
    return statements[0] if len(statements) == 1 else None

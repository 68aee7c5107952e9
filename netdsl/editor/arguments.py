"""Which item of a statement fills which parameter, for whoever looks at a statement that was checked already."""

from __future__ import annotations

from collections.abc import Mapping

from netdsl.checker.arguments.binding import Arguments, bind
from netdsl.checker.context import Context
from netdsl.checker.names.lookup import lookup
from netdsl.checker.names.scope import Block, Scope
from netdsl.checker.trace import Passage
from netdsl.components import Component, Layer, Parameter
from netdsl.core.source import Span
from netdsl.editor.reading import Reading
from netdsl.language.syntax import Setting, Short, Statement


def scratch(reading: Reading) -> Context:
    """A context whose reports go nowhere."""
    return Context(reading.registry, reading.source, reading.folder)


def layer_of(passage: Passage) -> Layer | None:
    """The plain layer that a statement is; None of a block's use, of a composite and of a mistake."""
    layer = passage.node.layer if passage.node else None
    return None if layer is None or layer.is_composite else layer


def component_of(reading: Reading, statement: Statement, scope: Scope) -> Component | None:
    """The layer or the block that a statement names."""
    found: Layer | Block | None = lookup(statement, scope, scratch(reading))
    return found


def bound(reading: Reading, passage: Passage) -> Arguments | None:
    """What the items of a statement give its layer or block; None where it names none."""
    component = component_of(reading, passage.statement, passage.scope)
    return None if component is None else bind(component, passage.statement, passage.scope, scratch(reading))


def parameters_at(
    reading: Reading, statement: Statement, scope: Scope, component: Component
) -> Mapping[Span, Parameter]:
    """The parameter that each word of a statement gives, or is: of `s2`, of `stride=2` both words, of a flag."""
    given = bind(component, statement, scope, scratch(reading))
    found = {span: component.parameters[name] for name, span in given.spans.items() if name in component.parameters}
    for item in statement.items:
        if isinstance(item, Setting):
            name = component.resolve(item.name.text)
            if name is not None:
                found[item.name.span] = found[item.value.span] = component.parameters[name]
        elif isinstance(item, Short) and item.span in found:
            found[item.value.span] = found[item.span]
    return found

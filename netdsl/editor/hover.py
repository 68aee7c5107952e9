"""What is said of the word under the pointer: this line's numbers, then the page of the word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from netdsl.checker.arguments.values import INVALID, show
from netdsl.checker.experiment.optimizer_line import part_name
from netdsl.checker.names.scope import INPUT_SIZES, MISSING, Labelled, as_name
from netdsl.checker.trace import Passage
from netdsl.components import Component
from netdsl.core.sizes import Unknown, format_shape
from netdsl.core.source import Span
from netdsl.core.text import ntext, text
from netdsl.editor.arguments import component_of, parameters_at
from netdsl.editor.occurrences import word_at
from netdsl.editor.pages import named_here, page, parameter_page
from netdsl.editor.reading import Reading
from netdsl.language.statements import AGAIN, FROM, INPUT, OPTIMIZER, OUTPUT, STATEMENTS
from netdsl.language.syntax import Name, Setting, Statement


class Hover(NamedTuple):
    """What is said, as Markdown, of a part of the text."""

    start: int
    end: int
    markdown: str


def hover(reading: Reading, offset: int) -> Hover | None:
    """What there is to say at an offset; nothing between the words."""
    statement = reading.statement_at(offset)
    if statement is None:
        return None
    name = statement.name.span
    if name.start <= offset <= name.end:
        said = list(_of_first_word(reading, statement))
        return Hover(name.start, name.end, _joined(said)) if said else None
    span = word_at(statement, offset)
    if span is None:
        return None
    said = list(_of_word(reading, statement, span))
    return Hover(span.start, span.end, _joined(said)) if said else None


def _of_first_word(reading: Reading, statement: Statement) -> Iterator[str]:
    passage = reading.passage_at(statement)
    if passage is not None:
        yield from facts(reading, passage)
        component = component_of(reading, passage.statement, passage.scope)
        if component is not None:
            yield page(reading, component)
            return
    found = named_here(reading, statement.name.text)
    if found:
        yield page(reading, found[0])


def facts(reading: Reading, passage: Passage) -> Iterator[str]:
    """This line's numbers: shapes, costs, the size formula, and where the sizes come from."""
    before, after, node = passage.before.shape, passage.after.shape, passage.node
    shapes = " → ".join("?" if shape is None else format_shape(shape) for shape in (before, after))
    words = [f"**{shapes}**"]
    if node is not None and node.params:
        words.append(ntext("{count:,} parameter", "{count:,} parameters", count=node.params))
    if node is not None and not isinstance(node.macs, Unknown) and node.macs != 0:
        macs = f"{node.macs:,}" if isinstance(node.macs, int) else str(node.macs)
        words.append(text("{macs} multiply-adds", macs=macs))
    yield " · ".join(words)
    if node is not None and node.formula:
        yield "\n".join(f"- `{line}`" for line in dict.fromkeys(node.formula))
    origin, here = passage.before.origin, passage.statement.span
    if origin is not None and origin.span.source is here.source and origin.span.start != here.start:
        label = origin.label()
        yield text("line {line}, `{statement}`, {gives}", line=label.span.position.line,
                   statement=" ".join(label.span.text.split()), gives=label.text)  # fmt: skip
    uses = reading.passages.get(passage.statement.span.start, ())
    if len(uses) > 1:
        yield text("it stands in {count} places of the net; these are the numbers of the first", count=len(uses))


def _of_word(reading: Reading, statement: Statement, span: Span) -> Iterator[str]:
    passage = reading.passage_at(statement)
    scope = passage.scope if passage else reading.scope
    written = span.text
    if statement.label is not None and statement.label.span == span:
        yield from _label(scope.labelled(written))
        return
    found = scope.lookup(written)
    if found is not MISSING and found is not INVALID:
        yield _variable(written, found, scope.places.get(written))
        return
    if statement.name.text in (AGAIN.name, FROM.name, INPUT.name, OUTPUT.name):
        yield from _label(scope.labelled(written))
        return
    if statement.name.text in STATEMENTS:
        yield from _of_directive(reading, statement, span)
        return
    component = component_of(reading, statement, scope)
    if component is None:
        return
    parameter = parameters_at(reading, statement, scope, component).get(span)
    if parameter is not None:
        yield parameter_page(component, parameter)
    elif component.takes_labels:
        yield from _label(scope.labelled(written))


def _of_directive(reading: Reading, statement: Statement, span: Span) -> Iterator[str]:
    kind = STATEMENTS[statement.name.text]
    item = next((item for item in statement.items if item.span.start <= span.start and span.end <= item.span.end), None)
    first = as_name(statement.items[0]) if statement.items else None
    component = reading.registry.of(kind.component).get(first.text) if kind.component and first else None
    if component is not None and first is not None and item is statement.items[0]:
        yield page(reading, component)
    elif isinstance(item, Setting):
        parameters = {**(kind.own.parameters if kind.own else {}), **(component.parameters if component else {})}
        word, setting, _ = part_name(item) if kind is OPTIMIZER else ("", item.name.text, item.name.span)
        if word:
            yield from _label(reading.scope.labelled(word))
        parameter = parameters.get(setting)
        if parameter is not None:
            yield parameter_page(component or Component(name=kind.name, function=print), parameter)
    elif kind.component and isinstance(item, Name):
        other = reading.registry.of(kind.component).get(item.text)
        if other is not None:
            yield page(reading, other)


def _variable(name: str, value: object, place: Span | None) -> str:
    if name in INPUT_SIZES:
        return text("`{name}` is {value} here: a size of the body's input", name=name, value=show(value))
    if place is None:
        return text("`{name}` is {value} here", name=name, value=show(value))
    return text("`{name}` is {value}, given in line {line}", name=name, value=show(value), line=place.position.line)


def _label(found: Labelled | None) -> Iterator[str]:
    if found is not None:
        shape = format_shape(found.shape) if found.shape else "?"
        line, written = found.statement.position.line, " ".join(found.statement.text.split())
        yield text("**{shape}**, the output of line {line}: `{statement}`", shape=shape, line=line, statement=written)


def _joined(parts: Sequence[str]) -> str:
    return "\n\n".join(parts)

"""What every word of a text means: where it is defined, and whether this is the place.

Names are resolved by the scopes of the syntax tree alone, so that a net with mistakes has its names all the same.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import zip_longest
from typing import Literal, NamedTuple

from netdsl.checker.experiment.optimizer_line import part_name
from netdsl.checker.names.scope import INPUT_SIZES, LITERALS, Block, as_name
from netdsl.components import Component
from netdsl.core.source import Source, Span
from netdsl.editor.reading import Reading
from netdsl.language import syntax
from netdsl.language.parser import parse
from netdsl.language.statements import (
    AGAIN,
    BLOCK,
    FROM,
    INPUT,
    LET,
    OPTIMIZER,
    OUTPUT,
    REPEAT,
    STATEMENTS,
    USE,
    VARIANT,
    StatementKind,
)
from netdsl.language.syntax import Body, Bound, Item, Name, Setting, Short, Statement, String

Kind = Literal[
    "statement", "layer", "block", "component", "variable", "parameter", "setting", "word", "label", "variant",
    "branch", "library", "file",
]  # fmt: skip
"""`parameter` is a block's own, `setting` that of another component, `word` one of those that a setting may be."""

NAMED: frozenset[Kind] = frozenset({"block", "variable", "parameter", "label", "variant"})
"""What authors give names to, and may rename."""


class Occurrence(NamedTuple):
    """A word in its place.

    Args:
        span: the word.
        kind: what it is.
        home: where it is defined; None of what no text defines, or none that is at hand.
        defines: whether that is here.
    """

    span: Span
    kind: Kind
    home: Span | None = None
    defines: bool = False


def find_occurrences(reading: Reading) -> list[Occurrence]:
    """The words of a text, in its order."""
    resolver = _Resolver(reading)
    resolver.file()
    return sorted(resolver.found, key=lambda one: one.span.start)


def occurrence_at(reading: Reading, offset: int) -> Occurrence | None:
    """The word that an offset stands in, or at whose end."""
    return next((one for one in find_occurrences(reading) if one.span.start <= offset <= one.span.end), None)


def word_at(statement: Statement, offset: int) -> Span | None:
    """The word of a statement that an offset stands in: a name, a number, a short; those in bodies left out."""
    found = (span for span in _words(statement) if span.start <= offset <= span.end)
    return min(found, key=lambda span: span.end - span.start, default=None)


def _words(statement: Statement) -> Iterator[Span]:
    parts: list[object] = [statement.name, statement.flow, *statement.items, statement.label]
    while parts:
        part = parts.pop()
        match part:
            case None | Body():
                continue
            case syntax.Flow(left, right):
                parts += [left, right]
            case Setting(name, value) | Bound(name, value):
                parts += [name, value]
            case syntax.Parenthesis(inside) | syntax.Negative(inside):
                parts.append(inside)
            case syntax.Operation(_, operands):
                parts += operands
            case syntax.Sequence(elements):
                parts += elements
            case _:
                yield part.span  # type: ignore[attr-defined]  # any other node is a word


@lru_cache(maxsize=64)  # files of blocks, which change rarely
def block_parameters(source: Source) -> Mapping[str, Mapping[str, Span]]:
    """Where each block of a text declares its parameters."""
    return _declarations(parse(source)[0].statements)


def _declarations(statements: Iterable[Statement]) -> Mapping[str, Mapping[str, Span]]:
    blocks = (one for one in statements if one.name.text == BLOCK.name and one.items)
    named = ((as_name(one.items[0]), one) for one in blocks)
    return {name.text: _declared(one) for name, one in named if name}


def _declared(statement: Statement) -> dict[str, Span]:
    found: dict[str, Span] = {}
    for item in statement.items[1:]:
        name = item.name if isinstance(item, Setting) else as_name(item)
        if name is not None and not isinstance(item, Body):
            found.setdefault(name.text, name.span)
    return found


@dataclass
class _Names:
    """The names of one body; those around it show through, of a block the file's variables alone."""

    parent: _Names | None = None
    is_block: bool = False
    variables: dict[str, Span] = field(default_factory=dict)
    parameters: dict[str, Span] = field(default_factory=dict)
    labels: dict[str, Span] = field(default_factory=dict)
    siblings: dict[str, Span] = field(default_factory=dict)

    def variable(self, name: str) -> tuple[Kind, Span] | None:
        """The variable of a name, or the parameter of the block around."""
        names: _Names | None = self
        while names:
            if name in names.variables:
                return "variable", names.variables[name]
            if name in names.parameters:
                return "parameter", names.parameters[name]
            names = names.parent
        return None

    def label(self, name: str) -> Span | None:
        """The labelled output in reach."""
        names: _Names | None = self
        while names:
            found = names.labels.get(name) or names.siblings.get(name)
            if found:
                return found
            names = None if names.is_block else names.parent
        return None


class _Resolver:
    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.registry = reading.registry
        self.found: list[Occurrence] = []
        self.blocks: dict[str, Span] = {name: block.defined.span for name, block in reading.scope.blocks.items()}
        self.declared = _declarations(reading.file.statements)
        self.top = _Names()

    def file(self) -> None:
        """Goes through the text."""
        statements = self.reading.file.statements
        # A use may stand above its definition.
        for statement in statements:
            first = as_name(statement.items[0]) if statement.items else None
            if statement.name.text == BLOCK.name and first:
                self.blocks.setdefault(first.text, first.span)
            elif statement.name.text == LET.name:
                self._define(statement, self.top)
            elif statement.name.text == INPUT.name:
                for item in statement.items:
                    if isinstance(item, Setting):
                        self.top.labels.setdefault(item.name.text, item.name.span)
        # A directive names labels of the net wherever it stands.
        directives = [one for one in statements if self._directive(one)]
        for statement in statements:
            if not self._directive(statement):
                self._statement(statement, self.top)
        for statement in directives:
            self._statement(statement, self.top)

    def _directive(self, statement: Statement) -> StatementKind | None:
        kind = STATEMENTS.get(statement.name.text)
        return kind if kind and kind.nature == "directive" else None

    def _note(self, span: Span, kind: Kind, home: Span | None = None) -> None:
        self.found.append(Occurrence(span, kind, home, home == span))

    def _statement(self, statement: Statement, names: _Names) -> None:
        word = statement.name.text
        if word == LET.name:
            self._note(statement.name.span, "statement")
            self._let(statement, names)
        elif word == BLOCK.name:
            self._note(statement.name.span, "statement")
            self._block(statement)
        elif word == VARIANT.name:
            self._note(statement.name.span, "statement")
            self._variant(statement)
        elif word == USE.name:
            self._note(statement.name.span, "statement")
            self._use(statement)
        elif word in (AGAIN.name, FROM.name, OUTPUT.name):
            self._note(statement.name.span, "statement")
            self._labels(statement, names)
        elif word == INPUT.name:
            self._note(statement.name.span, "statement")
            self._inputs(statement, names)
        elif word == REPEAT.name:
            self._note(statement.name.span, "statement")
            for item in statement.items:
                if isinstance(item, Body):
                    # Its copies are siblings, so that its labels are those of the body around it.
                    self._body(item, _Names(names, labels=names.labels, siblings=names.siblings))
                else:
                    self._values(item, names)
        elif kind := self._directive(statement):
            self._note(statement.name.span, "statement")
            self._named(statement.items, kind, names)
        else:
            self._use_of(statement, names)
        if statement.label is not None:
            names.labels.setdefault(statement.label.text, statement.label.span)
            self._note(statement.label.span, "label", names.labels[statement.label.text])

    def _labels(self, statement: Statement, names: _Names) -> None:
        for name in filter(None, map(as_name, statement.items)):
            home = names.label(name.text)
            self._note(name.span, "label" if home else "word", home)

    def _inputs(self, statement: Statement, names: _Names) -> None:
        for item in statement.items:
            if isinstance(item, Setting):
                self._note(item.name.span, "label", names.labels.get(item.name.text))
                self._value(item.value, names)
            else:
                self._values(item, names)

    def _body(self, body: Body, names: _Names) -> None:
        for statement in body.statements:
            self._statement(statement, names)

    def _define(self, statement: Statement, names: _Names) -> None:
        for item in statement.items:
            if isinstance(item, Setting):
                names.variables.setdefault(item.name.text, item.name.span)

    def _let(self, statement: Statement, names: _Names) -> None:
        for item in statement.items:
            if isinstance(item, Setting):
                # A value may be worked out from the variable of that name outside.
                self._value(item.value, names)
                names.variables.setdefault(item.name.text, item.name.span)
                self._note(item.name.span, "variable", names.variables[item.name.text])

    def _block(self, statement: Statement) -> None:
        parameters = _declared(statement)
        names = _Names(self.top, True, parameters=parameters)
        first = as_name(statement.items[0]) if statement.items else None
        if first is not None:
            self._note(first.span, "block", self.blocks.get(first.text, first.span))
        for item in statement.items[1:]:
            if isinstance(item, Body):
                self._body(item, names)
                continue
            name = item.name if isinstance(item, Setting) else as_name(item)
            if name is not None:
                self._note(name.span, "parameter", parameters.get(name.text))
            if isinstance(item, Setting):
                self._value(item.value, names)

    def _variant(self, statement: Statement) -> None:
        for number, item in enumerate(statement.items):
            name = as_name(item)
            if number == 0 and name is not None:
                self._note(name.span, "variant", name.span)
            elif isinstance(item, Setting):
                home = self.top.variables.get(item.name.text)
                self._note(item.name.span, "variable" if home else "setting", home)
                self._value(item.value, self.top)

    def _use(self, statement: Statement) -> None:
        for item in statement.items:
            if isinstance(item, String):
                self._note(item.span, "file")
            elif (name := as_name(item)) is not None:
                self._note(name.span, "library")

    def _named(self, items: Sequence[Item], kind: StatementKind, names: _Names) -> None:
        """The items of a directive: the component that it names, and what that is given."""
        known = self.registry.of(kind.component) if kind.component else {}
        component: Component | None = None
        for number, item in enumerate(items):
            name = as_name(item)
            if name is not None and name.text in known and (number == 0 or kind.repeats):
                component = known[name.text]
                self._note(name.span, "component")
            elif isinstance(item, Body):
                for statement in item.statements:
                    self._note(statement.name.span, "component")
                    step = self.registry.of(kind.body).get(statement.name.text) if kind.body else None
                    for inner in statement.items:
                        self._argument(inner, step, names)
            elif kind is OPTIMIZER and isinstance(item, Setting) and "." in item.name.text:
                self._setting_of_layers(item, names)
            else:
                self._argument(item, component, names)

    def _setting_of_layers(self, item: Setting, names: _Names) -> None:
        """`head.lr=0.1`: a name, which may be a label or that of a block, and a setting."""
        word, _, place = part_name(item)
        label, block = names.label(word), self.blocks.get(word)
        self._note(place, "label" if label else "block" if block else "word", label or block)
        self._note(place.source.span(place.end + 1, item.name.span.end), "setting")
        self._value(item.value, names)

    def _use_of(self, statement: Statement, names: _Names) -> None:
        """A layer, or a block."""
        span, word = statement.name.span, statement.name.text
        variable = names.variable(word)
        component: Component | None = None
        if variable is not None:
            self._note(span, *variable)
        elif word in self.blocks:
            self._note(span, "block", self.blocks[word])
            component = self.reading.scope.blocks.get(word)
        else:
            component = self.registry.layers.get(word)
            self._note(span, "layer")
        if statement.flow is not None:
            for side in (statement.flow.left, statement.flow.right):
                if side is not None:
                    self._value(side, names)
        siblings: dict[str, Span] = {}
        for item, follows in zip_longest(statement.items, statement.items[1:]):
            is_branch = isinstance(item, Name) and isinstance(follows, Body) and component is not None
            if is_branch and component is not None and item.text in component.branches:  # type: ignore[union-attr]
                self._note(item.span, "branch")
            elif isinstance(item, Body):
                inner = _Names(names, siblings=siblings)
                self._body(item, inner)
                siblings = {**siblings, **inner.labels}
            else:
                self._argument(item, component, names)

    def _argument(self, item: Item, component: Component | None, names: _Names) -> None:
        if isinstance(item, (Setting, Bound)):
            self._setting_name(item.name, component)
            value = item.value if isinstance(item, Setting) else item.limit
            self._value(value, names, component, item.name.text)
        elif isinstance(item, Short):
            known = component is not None and component.resolve(item.letter) is not None
            if not known and (name := as_name(item)) is not None:
                self._value(name, names, component)
        elif not isinstance(item, Body):
            self._value(item, names, component)

    def _setting_name(self, name: Name, component: Component | None) -> None:
        home = None
        if isinstance(component, Block):
            home = self._declaration(component, name.text)
        self._note(name.span, "parameter" if home else "setting", home)

    def _declaration(self, block: Block, parameter: str) -> Span | None:
        source = block.defined.span.source
        known = self.declared if source is self.reading.source else block_parameters(source)
        return known.get(block.name, {}).get(parameter)

    def _values(self, item: Item, names: _Names) -> None:
        name = as_name(item)
        if name is not None:
            self._value(name, names)
        elif not isinstance(item, (Setting, Bound, Short, Body)):
            self._value(item, names)

    def _value(
        self, value: object, names: _Names, component: Component | None = None, setting: str | None = None
    ) -> None:
        match value:
            case Name():
                self._name(value, names, component, setting)
            case syntax.Parenthesis(inside) | syntax.Negative(inside):
                self._value(inside, names)
            case syntax.Operation(_, operands):
                for operand in operands:
                    self._value(operand, names)
            case syntax.Sequence(elements):
                for element in elements:
                    self._value(element, names, component, setting)

    def _name(self, name: Name, names: _Names, component: Component | None, setting: str | None) -> None:
        if name.text in LITERALS or name.text in INPUT_SIZES:
            self._note(name.span, "word")
            return
        variable = names.variable(name.text)
        label = names.label(name.text)
        if variable is not None:
            self._note(name.span, *variable)
        elif component is not None and setting is None and _is_flag(name.text, component):
            self._note(name.span, "setting")
        elif component is not None and _is_word(name.text, component):
            self._note(name.span, "word")
        elif label is not None:
            self._note(name.span, "label", label)
        elif name.text in self.blocks:  # `let unit=basic`
            self._note(name.span, "block", self.blocks[name.text])
        elif name.text in self.registry.layers:
            self._note(name.span, "layer")
        else:
            self._note(name.span, "word")


def _is_flag(word: str, component: Component) -> bool:
    parameter = component.parameters.get(word)
    return parameter is not None and bool in parameter.options


def _is_word(word: str, component: Component) -> bool:
    return any(word in parameter.choices for parameter in component.parameters.values())


Same = Callable[[Occurrence], bool]


def same(one: Occurrence) -> Same:
    """Tells the other occurrences of what a word means, in any text."""
    key = one.home and _key(one.home)
    return lambda other: other.home is not None and other.kind == one.kind and _key(other.home) == key


def _key(span: Span) -> tuple[str, int]:
    # A file that two others use is read by paths that may be written differently.
    return os.path.normpath(span.source.name), span.start

"""The names in sight of a statement: variables, blocks, labels, and the sizes of the body's input."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from typing import ClassVar, Final, NamedTuple

from netdsl.checker.value import Value
from netdsl.components import Component, Parameter
from netdsl.components.traits import Declared
from netdsl.core.diagnostics import Label
from netdsl.core.records import record
from netdsl.core.sizes import UNKNOWN, Shape, Unknown, format_shape
from netdsl.core.source import Span
from netdsl.core.text import text
from netdsl.language.syntax import Body, Hole, Name, Number, Short

MISSING: Final = object()
LITERALS: Final[Mapping[str, object]] = {"true": True, "false": False, "none": None}


class Word(str):
    """A bare name that is not a variable: a flag, an enumerated value, a layer; with its place."""

    __slots__ = ("span",)

    span: Span | None

    def __new__(cls, text: str, span: Span | None = None) -> Word:
        """The word as a text."""
        word = super().__new__(cls, text)
        word.span = span
        return word


def as_name(item: object) -> Name | None:
    """An item as a name: `relu`, and `f1`, which only looks like a short."""
    if isinstance(item, Short) and not isinstance(item.value, Hole):
        return Name(item.span.text, item.span)
    return item if isinstance(item, Name) else None


def as_short(value: object) -> Short | None:
    """A name as the short that it looks like: `k5`."""
    found = _SHORT.fullmatch(value.text) if isinstance(value, Name) else None
    if found is None or not isinstance(value, Name):
        return None
    return Short(found[1], Number(int(found[2]), value.span), value.span)


_SHORT = re.compile(r"([A-Za-z])([0-9]{1,9})")


class Labelled(NamedTuple):
    """An output, or an input, that a label names: what the module that keeps it calls it, and where it is labelled."""

    key: str
    value: Value
    span: Span
    statement: Span

    @property
    def shape(self) -> Shape | None:
        """One sample's shape, where it is known."""
        return self.value.shape

    @property
    def is_of_statement(self) -> bool:
        """Whether a statement has the label, and not an input the name."""
        return self.span.end == self.statement.end

    @property
    def label(self) -> Label:
        """Where it is made, and what it is: for a message about what takes it."""
        found = format_shape(self.shape or ())
        return Label(self.statement, text("`{name}` is {found}", name=self.span.text, found=found))


INPUT_SIZES = ("in", "features")
"""The names that always mean sizes of a body's input: the first and the last."""

_INPUT_SIZE = r"\b(in|features)\b"  # a text: most files need no pattern of it


@record(eq=False)
class Scope:
    """The names of one body. Names of outer bodies are in sight too, but a block's body sees only those of its file.

    `input` is the shape for `in` and `features`. `places` has the places where `let` defines variables. `hidden` has
    the places of labels of inner bodies, which are out of sight here. `siblings` has the labels of the bodies before
    this one in the same statement. `within` is the label of the statement that this body belongs to.
    """

    parent: Scope | None = None
    input: Shape | None = None
    variables: dict[str, object] = field(default_factory=dict)
    places: dict[str, Span] = field(default_factory=dict)
    blocks: dict[str, Block] = field(default_factory=dict)
    labels: dict[str, Labelled] = field(default_factory=dict)
    hidden: dict[str, Span] = field(default_factory=dict)
    siblings: Mapping[str, Labelled] = field(default_factory=dict)
    within: Name | None = None
    is_block: bool = False
    depth: int = 0

    def inner(self, input: Shape | None) -> Scope:
        """The scope of a body inside this one."""
        return Scope(self, input, depth=self.depth + 1)

    def repeated(self, input: Shape | None) -> Scope:
        """The scope of a `repeat`'s body: its labels belong to this scope."""
        return Scope(self, input, labels=self.labels, siblings=self.siblings, depth=self.depth + 1)

    def lookup(self, name: str) -> object:
        """The value of a variable, or `MISSING`."""
        if name in LITERALS:
            return LITERALS[name]
        # These mean the input of the nearest body, never that of an outer one.
        if name in INPUT_SIZES:
            # A sample without dimensions has neither.
            return UNKNOWN if not self.input else self.input[0 if name == "in" else -1]
        scope: Scope | None = self
        while scope:
            if name in scope.variables:
                return scope.variables[name]
            scope = scope.parent
        return MISSING

    def block(self, name: str) -> Block | None:
        """The block of a name."""
        scope: Scope | None = self
        while scope:
            if name in scope.blocks:
                return scope.blocks[name]
            scope = scope.parent
        return None

    def labelled(self, name: str) -> Labelled | None:
        """The output that a label names: in this body, a sibling before it or one around it, up to the block's."""
        scope: Scope | None = self
        while scope:
            found = scope.labels.get(name) or scope.siblings.get(name)
            if found:
                return found
            scope = None if scope.is_block else scope.parent
        return None

    def around(self, label: str) -> Span | None:
        """Where a statement has a label in whose body this one stands."""
        scope: Scope | None = self
        while scope and not scope.is_block:
            if scope.within is not None and scope.within.text == label:
                return scope.within.span
            scope = scope.parent
        return None

    def caption(self, span: Span) -> str:
        """What `in` or `features` is where a text is worked out with it; nothing where it is not."""
        found = re.search(_INPUT_SIZE, span.text)
        size = self.lookup(found[1]) if found else None
        if found is None or isinstance(size, Unknown):
            return ""
        if self.parent is None and not self.is_block:
            return text("`{name}` is the net's input: {size}", name=found[1], size=size)
        return text("`{name}` is {size} here", name=found[1], size=size)

    def hide(self, label: Name) -> None:
        """Notes a label in the outer bodies, up to the block's, where it is out of sight."""
        scope = self
        while scope.parent and not scope.is_block:
            scope = scope.parent
            scope.hidden.setdefault(label.text, label.span)

    def label_names(self) -> set[str]:
        """Every label in sight, for suggestions."""
        outer = self.parent.label_names() if self.parent and not self.is_block else set()
        return outer | self.labels.keys() | self.siblings.keys()

    def names(self) -> set[str]:
        """Every variable and block in sight, for suggestions."""
        outer = self.parent.names() if self.parent else set()
        return outer | self.variables.keys() | self.blocks.keys()

    def variable_names(self) -> set[str]:
        """Every variable in sight, for suggestions where a block cannot stand."""
        outer = self.parent.variable_names() if self.parent else set()
        return outer | self.variables.keys()


@record(frozen=True, kw_only=True, eq=False)
class Block(Component):
    """A definition: `block basic out stride=1 { … }`. Its parameters are what it declares.

    If the block is a plugin's layer, `traits` are those of the layer.
    """

    kind: ClassVar[str] = "block"

    declared: Mapping[str, Parameter]
    body: Body
    scope: Scope
    defined: Name
    traits: Declared = frozenset()

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """The parameters in the order of the definition."""
        return self.declared

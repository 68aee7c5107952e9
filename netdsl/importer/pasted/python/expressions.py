"""The expressions of a text, worked out as far as nets need them."""

from __future__ import annotations

import ast
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import replace

from torch import nn

from netdsl.core.errors import UnsupportedModule
from netdsl.core.text import text
from netdsl.importer.pasted.python.arithmetic import BUILTINS, OPERATORS, is_small
from netdsl.importer.pasted.python.functions import NUMBERS
from netdsl.importer.pasted.python.places import NotWorkedOut, Places
from netdsl.importer.pasted.python.shaping import GroupedChannels
from netdsl.importer.pasted.python.sizes import AllSizes, AxisSize
from netdsl.importer.pasted.python.tracing import LastState, TracedValue, joined, multiplied
from netdsl.importer.pasted.python.values import (
    BoundName,
    Indexed,
    Instance,
    ParentMembers,
    Scope,
    TorchName,
    UserClass,
    UserFunction,
)

MOST_STEPS = 200_000
"""So many expressions are worked out, for a text may loop for ever."""

LIST_METHODS = ("append", "extend", "insert", "items", "keys", "values", "get", "copy", "pop", "index")
TEXT_METHODS = ("startswith", "endswith", "lower", "upper")
PART_METHODS = ("add_module", "register_module", "append", "items", "keys", "values", "children", "modules")
"""What containers, and classes that extend them, are asked for and given."""


class ReadExpressions(Places, ABC):
    """Works out expressions; calls and assignments are for those who extend it."""

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self.steps = 0

    @abstractmethod
    def _call(self, node: ast.Call, scope: Mapping[str, object]) -> object: ...

    @abstractmethod
    def _assign(self, target: ast.expr, value: object, scope: Scope) -> None: ...

    def _value(self, node: ast.expr, scope: Mapping[str, object]) -> object:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise UnsupportedModule(text("`{file}` takes too long to follow", file=self.file))
        match node:
            case ast.Constant(value):
                return value
            case ast.Name(name):
                return scope[name] if name in scope else BUILTINS.get(name, NotWorkedOut())
            case ast.Tuple(parts):
                return tuple(self._listed(parts, scope))
            case ast.List(parts):
                return list(self._listed(parts, scope))
            case ast.Dict(keys, values) if all(keys):
                return {
                    self._value(key, scope): self._value(value, scope)
                    for key, value in zip(keys, values, strict=True)
                    if key
                }
            case ast.ListComp(element, [generator]):
                return list(self._comprehended(element, generator, scope))
            case ast.JoinedStr(parts):
                return "".join(str(self._value(part, scope)) for part in parts)
            case ast.FormattedValue(value):
                return self._value(value, scope)
            case ast.BinOp(left, op, right):
                return self._binary(node, self._value(left, scope), op, self._value(right, scope))
            case ast.UnaryOp(op, operand):
                return self._calculated(node, op, self._value(operand, scope))
            case ast.BoolOp(op, values):
                truths = (self._truth(value, scope) for value in values)
                return all(truths) if isinstance(op, ast.And) else any(truths)
            case ast.Compare(left, operators, others):
                compared = [self._value(one, scope) for one in (left, *others)]
                pairs = zip(operators, compared, compared[1:], strict=False)
                found = [self._calculated(node, op, one, other) for op, one, other in pairs]
                return next((one for one in found if isinstance(one, NotWorkedOut)), all(found))
            case ast.IfExp(test, body, orelse):
                return self._value(body if self._truth(test, scope) else orelse, scope)
            case ast.Subscript(value, index):
                return self._subscript(node, self._value(value, scope), self._value(index, scope))
            case ast.Slice(lower, upper, step):
                return slice(*(None if one is None else self._value(one, scope) for one in (lower, upper, step)))
            case ast.Attribute(owner, name):
                return self._attribute(self._value(owner, scope), name)
            case ast.Call():
                return self._call(node, scope)
        return NotWorkedOut()

    def _listed(self, parts: list[ast.expr], scope: Mapping[str, object]) -> Iterator[object]:
        for part in parts:
            if isinstance(part, ast.Starred):
                yield from self._items(part.value, scope)
            else:
                yield self._value(part, scope)

    def _comprehended(
        self, element: ast.expr, generator: ast.comprehension, scope: Mapping[str, object]
    ) -> Iterator[object]:
        for item in self._items(generator.iter, scope):
            inner = dict(scope)
            self._assign(generator.target, item, inner)
            if all(self._truth(test, inner) for test in generator.ifs):
                yield self._value(element, inner)

    def _items(self, node: ast.expr, scope: Mapping[str, object]) -> list[object]:
        found = self._value(node, scope)
        if isinstance(found, nn.Sequential | nn.ModuleList):
            return list(found)
        if isinstance(found, Instance) and found.made.container is not None:
            return list(found.parts if found.made.container is nn.ModuleDict else found.parts.values())
        if isinstance(found, range):
            self._count((found,), node)
        return list(found) if isinstance(found, Iterable) else self._fail(node)

    def _count(self, values: Sequence[object], node: ast.expr) -> None:
        """Takes long lists for as many steps as they have items: `[0] * 10**9` would fill the memory."""
        length = 1
        for value in values:
            length *= value if isinstance(value, int) else len(value) if isinstance(value, Sized) else 1
        self.steps += length
        if self.steps > MOST_STEPS:
            self._fail(node)

    def _truth(self, node: ast.expr, scope: Mapping[str, object]) -> bool:
        found = self._value(node, scope)
        if isinstance(found, NotWorkedOut):
            self._fail_unknown(node)
        if isinstance(found, TracedValue):
            self._fail(node)
        return bool(found)

    def _binary(self, node: ast.BinOp, left: object, op: ast.operator, right: object) -> object:
        if isinstance(left, TracedValue) and isinstance(right, TracedValue) and isinstance(op, ast.Add):
            return self._flows(node, lambda: joined(left, right))
        if isinstance(left, TracedValue) and isinstance(right, TracedValue) and isinstance(op, ast.Mult):
            product = self._flows(node, lambda: multiplied(left, right))
            return product if product is not None else self._fail(node)
        return self._calculated(node, op, left, right)

    def _calculated(self, node: ast.expr, op: ast.AST, *values: object) -> object:
        is_asked = isinstance(op, ast.Is | ast.IsNot)
        if type(op) not in OPERATORS or (any(isinstance(value, TracedValue) for value in values) and not is_asked):
            self._fail(node)
        match op, values:
            case ast.FloorDiv(), [AxisSize() as size, int() as divisor] if divisor > 0:
                return replace(size, divisor=size.divisor * divisor)
        if any(isinstance(value, NotWorkedOut) for value in values) and not is_asked:
            return NotWorkedOut()
        if isinstance(op, ast.Mult) and any(isinstance(value, str | list | tuple) for value in values):
            self._count(values, node)
        if isinstance(op, ast.Pow | ast.LShift) and not is_small(op, *values):
            self._fail(node)
        # `"%d" % 3` names a layer; a width would make it as long as one likes.
        if isinstance(op, ast.Mod) and isinstance(values[0], str) and re.search(r"%(?![ds%])", values[0]):
            self._fail(node)
        try:
            return OPERATORS[type(op)](*values)
        except (TypeError, ValueError, ZeroDivisionError, OverflowError):
            self._fail(node)

    def _subscript(self, node: ast.expr, value: object, index: object) -> object:
        if isinstance(value, AllSizes):
            return value.at(index)
        if isinstance(value, NotWorkedOut | TorchName) or isinstance(index, NotWorkedOut):
            return NotWorkedOut()
        if isinstance(value, TracedValue | LastState):
            taken = value.taken(index)
            return taken if taken is not None else self._fail(node)
        if not isinstance(value, Indexed):
            self._fail(node)
        try:
            return value[index]
        except (TypeError, KeyError, IndexError):
            self._fail(node)

    def _attribute(self, owner: object, name: str) -> object:
        match owner:
            case TorchName(path):
                return NUMBERS.get(f"{path}.{name}", TorchName(f"{path}.{name}"))
            case Instance(made, attributes):
                if name in attributes:
                    return attributes[name]
                member = made.find(name)
                if isinstance(member, UserFunction) and not member.is_static:
                    return UserFunction(member.node, member.scope, owner, member.home)
                if name == "__class__":
                    return made
                if name == "training":
                    return False  # the net is the one that is used, not the one that is trained
                if member is None and name in PART_METHODS:
                    return BoundName(owner, name)
                return NotWorkedOut() if member is None else member
            case ParentMembers(instance, home):
                member = home.inherited(name)
                if isinstance(member, UserFunction):
                    return UserFunction(member.node, member.scope, instance, member.home)
                return BoundName(instance, name)
            case UserClass():
                member = owner.find(name)
                return NotWorkedOut() if member is None else member
            case TracedValue() if name == "shape":
                return AllSizes(owner)
            case TracedValue() | LastState() | GroupedChannels():
                return BoundName(owner, name)
            case nn.Sequential() | nn.ModuleList() | nn.ModuleDict():
                return BoundName(owner, name)
            case nn.Linear() | nn.Conv2d() if name in ("in_features", "out_features", "in_channels", "out_channels"):
                return getattr(owner, name)
            case list() | dict() if name in LIST_METHODS:
                return getattr(owner, name)
            case str() if name in TEXT_METHODS:
                return getattr(owner, name)
        return NotWorkedOut()

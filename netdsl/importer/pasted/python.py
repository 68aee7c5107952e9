"""A net that stands as Python in a text. The text is read, and never run: a small part of Python is followed by hand.

What is followed is what nets are made of: constructors of torch.nn, numbers, lists, loops over them, functions and
classes of the text itself and of torchvision, and `forward`, where each call is noted. Anything else has no value, and
is an error, with its line, only where the net needs one.
"""

from __future__ import annotations

import ast
import operator
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from typing import NoReturn, TypeVar

import torch
from torch import nn

from netdsl.core.errors import UnsupportedModule
from netdsl.core.text import text
from netdsl.importer.pasted.libraries import library_path, library_source
from netdsl.importer.pasted.tracing import (
    NUMBERS,
    BatchSize,
    LastState,
    TracedValue,
    apply_function,
    concatenated,
    joined,
    multiplied,
    recurrent,
    sequential,
    torch_class,
)
from netdsl.importer.pasted.values import (
    BoundName,
    Indexed,
    Instance,
    NotWorkedOut,
    ParentMembers,
    PartialCall,
    Scope,
    TorchName,
    UserClass,
    UserFunction,
)

Made = TypeVar("Made")

MOST_STEPS = 200_000
"""So many expressions are worked out, for a text may loop for ever."""

OPERATORS: Mapping[type[ast.AST], Callable[..., object]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.USub: operator.neg,
    ast.Not: operator.not_,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda one, others: one in others,
    ast.NotIn: lambda one, others: one not in others,
}

BUILTINS: Mapping[str, Callable[..., object]] = {
    "all": all, "any": any, "bool": bool, "dict": dict, "enumerate": enumerate, "float": float, "int": int,
    "getattr": getattr, "isinstance": isinstance, "len": len, "list": list,
    "max": max, "min": min, "range": range, "reversed": reversed, "round": round, "setattr": setattr, "str": str,
    "sum": sum, "tuple": tuple, "zip": zip,
}  # fmt: skip

USUAL = {"torch": "torch", "nn": "torch.nn", "F": "torch.nn.functional"}
"""What people call torch and its parts, in pieces of programs whose imports stand elsewhere."""

LIST_METHODS = ("append", "extend", "insert", "items", "keys", "values", "get", "copy", "pop", "index")
TEXT_METHODS = ("startswith", "endswith", "lower", "upper")
PART_METHODS = ("add_module", "register_module", "append", "items", "keys", "values", "children", "modules")
"""What containers, and classes that extend them, are asked for and given."""

LARGEST = 2**62
"""Sizes are smaller; a power of powers would fill the memory."""

LONGEST = 60


HOME = "__package__"
"""The name in a scope that holds the package of a library's file; the scope of the text has none."""


class _Returned(Exception):
    def __init__(self, value: object) -> None:
        self.value = value


def read_nets(program: str, file: str) -> dict[str, Callable[[], nn.Module]]:
    """The nets of a text by name, each made when it is called: classes with a `forward`, and modules that have a name.

    Those that are parts of others come before them.

    Raises:
        UnsupportedModule: the text is not Python.
    """
    try:
        tree = ast.parse(program)
    except SyntaxError as error:
        message = text(
            "`{file}`, line {line}: this is not Python: {reason}", file=file, line=error.lineno or 1, reason=error.msg
        )
        raise UnsupportedModule(message) from error
    except (ValueError, RecursionError) as error:
        raise UnsupportedModule(text("`{file}` is not Python: {reason}", file=file, reason=str(error))) from error
    reader = _Reader(file)
    scope: Scope = {name: TorchName(path) for name, path in USUAL.items()}
    # Without memory for weights, which are never looked at.
    with torch.device("meta"):
        for statement in tree.body:
            # A piece of a program may be no more than the call that makes the net.
            match statement:
                case ast.Expr(ast.Call(ast.Attribute(ast.Name("nn"), "Sequential")) as made):
                    named = ast.Assign([ast.Name("net", ast.Store())], made)
                    reader.run_alone(ast.copy_location(named, statement), scope)
                case _:
                    reader.run_alone(statement, scope)
    found = {}
    for name, value in scope.items():
        is_net = value.is_module if isinstance(value, UserClass) else isinstance(value, nn.Module | Instance)
        if is_net or (isinstance(value, NotWorkedOut) and value.reason is not None):
            found[name] = reader.maker(value)
    return found


class _Reader:
    """Follows statements and works out expressions."""

    def __init__(self, file: str) -> None:
        self.file, self.steps = file, 0
        self.libraries: dict[str, Scope] = {}

    def maker(self, value: object) -> Callable[[], nn.Module]:
        """What makes the module of a class, or of an object."""

        def make() -> nn.Module:
            if isinstance(value, NotWorkedOut) and value.reason is not None:
                raise value.reason
            with torch.device("meta"):
                made = self._construct(value, [], {}, None) if isinstance(value, UserClass) else value
                net = self._as_module(made, None)
                self._require_one_place(net)
                return net

        return make

    def _require_one_place(self, net: nn.Module) -> None:
        """Refuses weights that stand in two bodies: a module is used again in its own body alone."""
        seen: dict[int, str] = {}
        for path, module in net.named_modules(remove_duplicate=False):
            if next(module.parameters(recurse=False), None) is not None and seen.setdefault(id(module), path) != path:
                message = text(
                    "`{file}`: the weights of `{name}` are used in two bodies, and a module belongs to one",
                    file=self.file, name=path.rpartition(".")[2],
                )  # fmt: skip
                raise UnsupportedModule(message)

    def run_alone(self, statement: ast.stmt, scope: Scope) -> None:
        """Follows a statement of the text itself; one that cannot be followed matters only where a net needs it."""
        reason = None
        try:
            self._run(statement, scope)
        except UnsupportedModule as error:
            reason = error
        match statement:
            case ast.Assign([ast.Name(name)], ast.Call(function)) if isinstance(
                scope.get(name, NotWorkedOut()), NotWorkedOut
            ):
                # Without this `net = Net(…)` would be passed over, and another net be taken for it.
                if isinstance(self._value(function, scope), UserClass | UserFunction | TorchName):
                    scope[name] = NotWorkedOut(reason)
            case _ if reason is not None:
                stored = (
                    one.id
                    for one in ast.walk(statement)
                    if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
                )
                scope.update({name: NotWorkedOut() for name in stored if name not in scope})

    def _run(self, statement: ast.stmt, scope: Scope) -> None:
        match statement:
            case ast.Import(names):
                for one in names:
                    path = one.name if one.asname else one.name.partition(".")[0]
                    scope[one.asname or path] = TorchName(path)
            case ast.ImportFrom(module, names, level):
                package = str(scope[HOME]) if HOME in scope else None
                home = library_path(module or "", level or 0, package)
                for one in names:
                    scope[one.asname or one.name] = TorchName(f"{home}.{one.name}")
            case ast.FunctionDef(name):
                scope[name] = UserFunction(statement, scope)
            case ast.ClassDef(name, bases, _, body):
                members: Scope = {}
                made = UserClass(name, members, [self._followed(self._value(base, scope)) for base in bases])
                for member in body:
                    if isinstance(member, ast.FunctionDef):  # it sees the names of the text, not those of its class
                        members[member.name] = UserFunction(member, scope, home=made)
                    else:
                        self.run_alone(member, members)
                scope[name] = made
            case ast.Assign(targets, value):
                found = self._value(value, scope)
                for target in targets:
                    self._assign(target, found, scope)
            case ast.AnnAssign(target, _, ast.expr() as value):
                self._assign(target, self._value(value, scope), scope)
            case ast.AugAssign(target, op, value):
                loaded = ast.copy_location(ast.BinOp(_loaded(target), op, value), statement)
                self._assign(target, self._value(loaded, scope), scope)
            case ast.Expr(value):
                self._value(value, scope)
            case ast.Return(value):
                raise _Returned(None if value is None else self._value(value, scope))
            case ast.If(test, body, orelse):
                self._run_all(body if self._truth(test, scope) else orelse, scope)
            case ast.For(target, iterated, body):
                for item in self._items(iterated, scope):
                    self._assign(target, item, scope)
                    self._run_all(body, scope)
            case ast.With(_, body):
                self._run_all(body, scope)
            case ast.Pass() | ast.Assert() | ast.AnnAssign() | ast.Global() | ast.Delete():
                pass
            case _:
                self._fail(statement)

    def _run_all(self, statements: list[ast.stmt], scope: Scope) -> None:
        for statement in statements:
            self._run(statement, scope)

    def _assign(self, target: ast.expr, value: object, scope: Scope) -> None:
        match target:
            case ast.Name(name):
                scope[name] = value
            case ast.Attribute(owner, name):
                instance = self._value(owner, scope)
                if isinstance(instance, Instance):
                    instance.attributes[name] = value
            case ast.Tuple(parts) | ast.List(parts) if isinstance(value, tuple | list) and len(value) == len(parts):
                for part, one in zip(parts, value, strict=True):
                    self._assign(part, one, scope)
            case _:
                self._fail(target)

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
        if any(isinstance(value, NotWorkedOut) for value in values) and not is_asked:
            return NotWorkedOut()
        if isinstance(op, ast.Mult) and any(isinstance(value, str | list | tuple) for value in values):
            self._count(values, node)
        if isinstance(op, ast.Pow | ast.LShift) and not _is_small(op, *values):
            self._fail(node)
        # `"%d" % 3` names a layer; a width would make it as long as one likes.
        if isinstance(op, ast.Mod) and isinstance(values[0], str) and re.search(r"%(?![ds%])", values[0]):
            self._fail(node)
        try:
            return OPERATORS[type(op)](*values)
        except (TypeError, ValueError, ZeroDivisionError, OverflowError):
            self._fail(node)

    def _subscript(self, node: ast.expr, value: object, index: object) -> object:
        if isinstance(value, BatchSize):  # `x.shape[0]`
            return BatchSize() if index == 0 else NotWorkedOut()
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
            case TracedValue() | LastState():
                return BatchSize() if name == "shape" else BoundName(owner, name)
            case nn.Sequential() | nn.ModuleList() | nn.ModuleDict():
                return BoundName(owner, name)
            case nn.Linear() | nn.Conv2d() if name in ("in_features", "out_features", "in_channels", "out_channels"):
                return getattr(owner, name)
            case list() | dict() if name in LIST_METHODS:
                return getattr(owner, name)
            case str() if name in TEXT_METHODS:
                return getattr(owner, name)
        return NotWorkedOut()

    def _call(self, node: ast.Call, scope: Mapping[str, object]) -> object:
        function = self._value(node.func, scope)
        arguments = list(self._listed(node.args, scope))
        named: Scope = {}
        for keyword in node.keywords:
            value = self._value(keyword.value, scope)
            named.update(value if keyword.arg is None and isinstance(value, dict) else {keyword.arg or "": value})
        return self._call_value(function, arguments, named, node)

    def _call_value(self, function: object, arguments: list[object], named: Scope, node: ast.Call) -> object:
        match function:
            case PartialCall(inner, first, given):
                return self._call_value(inner, [*first, *arguments], {**given, **named}, node)
            case UserFunction():
                return self._apply(function, arguments, named, node)
            case UserClass():
                return self._construct(function, arguments, named, node)
            case nn.Module() | Instance() if (
                len(arguments) == 1 and isinstance(arguments[0], TracedValue) and not named
            ):
                return self._pass(function, arguments[0], node)
            case nn.Module() if arguments and any(isinstance(one, TracedValue) for one in arguments):
                self._fail(node)
            case Instance(made) if isinstance(forward := made.find("forward"), UserFunction):
                # With several values, or a list of them, it is no module of one input; what it does is noted here.
                return self._apply(
                    UserFunction(forward.node, forward.scope, function, forward.home), arguments, named, node
                )
            case ParentMembers():
                return function
            case BoundName():
                return self._call_method(function, arguments, named, node)
            case TorchName(path):
                return self._call_torch(path, arguments, named, node)
            case NotWorkedOut():
                if any(isinstance(one, TracedValue) for one in (*arguments, *named.values())):
                    self._fail(node)
                # Loops over `self.modules()` set weights, of which nothing is taken over.
                is_all = isinstance(node.func, ast.Attribute) and node.func.attr in ("modules", "parameters")
                return [] if is_all else NotWorkedOut()
        match function, arguments:
            case _ if function is isinstance and len(arguments) == 2 and not isinstance(arguments[0], NotWorkedOut):
                return _is_instance(arguments[0], arguments[1])
            case _ if function is setattr and len(arguments) == 3 and isinstance(arguments[0], Instance):
                arguments[0].attributes[str(arguments[1])] = arguments[2]
                return None
            case _ if function is getattr and len(arguments) == 2:
                return self._attribute(arguments[0], str(arguments[1]))
        sized = [one for one in arguments if isinstance(one, range | list | tuple | str)]
        # A list keeps what has no value, so that a net that needs it is refused there.
        keeps = isinstance(getattr(function, "__self__", None), list | dict)
        if function in (bool, str) and any(isinstance(one, TracedValue) for one in arguments):
            self._fail(node)
        if callable(function) and (keeps or not any(isinstance(one, NotWorkedOut) for one in arguments)):
            for one in sized:
                self._count((one,), node)
            try:
                return function(*arguments, **named)
            except (TypeError, ValueError, OverflowError, MemoryError):
                self._fail(node)
        return NotWorkedOut()

    def _pass(
        self, module: nn.Module | Instance, x: TracedValue, node: ast.Call
    ) -> TracedValue | tuple[object, object]:
        """The value that a module makes of another, by the attribute or the name that it goes by."""
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if isinstance(module, nn.RNNBase):
            outputs = recurrent(x, module, name)
            return outputs if outputs is not None else self._fail(node)
        return x.then(self._as_module(module, node), name)

    def _call_method(self, method: BoundName, arguments: list[object], named: Scope, node: ast.Call) -> object:
        owner, name = method.owner, method.name
        if isinstance(owner, Instance):
            return self._call_container(owner, name, arguments, node)
        if isinstance(owner, nn.Module):
            if name in ("append", "add_module") and isinstance(owner, nn.Sequential | nn.ModuleList):
                *key, module = arguments
                owner.add_module(str(key[0]) if key else str(len(owner)), self._as_module(module, node))
                return owner
            if name in ("children", "modules"):
                return list(owner.children())
            if name in ("items", "keys", "values") and isinstance(owner, nn.ModuleDict):
                return list(getattr(owner, name)())
            return NotWorkedOut()
        if isinstance(owner, LastState):
            taken = owner.squeezed() if (name, arguments) == ("squeeze", [0]) else None
            return taken if taken is not None else self._fail(node)
        if name == "size":
            return BatchSize() if arguments in ([], [0]) else NotWorkedOut()
        made = self._flows(node, lambda: apply_function(name, owner, arguments, named))
        return made if made is not None else self._fail(node)

    def _call_container(self, owner: Instance, name: str, arguments: list[object], node: ast.Call) -> object:
        """What torch's own class does for an object whose class extends it."""
        match name, arguments:
            case "__init__", [dict() as parts]:
                owner.attributes.update(parts)
            case "__init__" | "extend", parts:
                listed = parts[0] if len(parts) == 1 and isinstance(parts[0], list | tuple) else parts
                first = len(owner.parts)
                owner.attributes.update({str(first + place): part for place, part in enumerate(listed)})
            case "append", [part]:
                owner.attributes[str(len(owner.parts))] = part
            case "add_module" | "register_module", [key, part]:
                owner.attributes[str(key)] = part
            case "items" | "keys" | "values", []:
                return list(getattr(owner.parts, name)())
            case "forward", [TracedValue() as x] if owner.made.container is nn.Sequential:
                for key, part in owner.parts.items():
                    x = x.then(self._as_module(part, node), key)
                return x
            case "children" | "modules", []:
                return []  # loops over them set weights, of which nothing is taken over
            case _ if any(isinstance(one, TracedValue) for one in arguments):
                self._fail(node)
        return None

    def _followed(self, value: object) -> object:
        """What a name of torchvision stands for, where its source says it in a way that can be followed."""
        if not isinstance(value, TorchName):
            return value
        module, _, name = value.path.rpartition(".")
        source = library_source(module)
        if source is None:
            return value
        if module not in self.libraries:
            scope = self.libraries[module] = {HOME: source.package}
            for statement in ast.parse(source.text).body:
                self.run_alone(statement, scope)
        found = self.libraries[module].get(name, value)
        return value if isinstance(found, NotWorkedOut) else self._followed(found)

    def _call_torch(self, path: str, arguments: list[object], named: Scope, node: ast.Call) -> object:
        cls, name = torch_class(path), path.rpartition(".")[2]
        if cls is not None:
            return self._make(cls, arguments, named, node)
        match path, arguments:
            case "collections.OrderedDict", _:
                return dict(*arguments)
            case "typing.cast", [_, value]:
                return value
            case "torch.jit.is_scripting" | "torch.jit.is_tracing", []:
                return False
            case "torchvision.utils._log_api_usage_once", _:
                return None
            case "functools.partial", [function, *first]:
                return PartialCall(function, first, named)
        found = self._followed(TorchName(path))
        if not isinstance(found, TorchName):
            return self._call_value(found, arguments, named, node)
        match arguments:
            case [list() | tuple() as joins, *rest] if path in ("torch.cat", "torch.concat", "torch.concatenate"):
                dim = rest[0] if rest else named.get("dim", named.get("axis", 0))
                values = [one for one in joins if isinstance(one, TracedValue)]
                if len(values) == len(joins) and isinstance(dim, int):
                    return self._flows(node, lambda: concatenated(values, dim))
            case [TracedValue() as x, TracedValue() as other] if path.startswith("torch") and name == "add":
                return self._flows(node, lambda: joined(x, other))
            case [TracedValue() as x, *rest] if path.startswith("torch"):
                made = self._flows(node, lambda: apply_function(name, x, rest, named))
                return made if made is not None else self._fail(node)
        if any(isinstance(one, TracedValue) for one in (*arguments, *named.values())):
            self._fail(node)
        return NotWorkedOut()

    def _make(self, cls: type[nn.Module], arguments: list[object], named: Scope, node: ast.Call) -> nn.Module:
        """A module of torch.nn."""
        if cls is nn.Sequential and len(arguments) == 1 and isinstance(arguments[0], dict):
            parts = {key: self._as_module(one, node) for key, one in arguments[0].items()}
            built = nn.Sequential()
            for key, part in parts.items():
                built.add_module(str(key), part)
            return built
        if cls is nn.ModuleDict:
            return nn.ModuleDict({key: self._as_module(one, node) for key, one in self._pairs(arguments, node)})
        if cls is nn.ModuleList:
            given = arguments[0] if arguments else ()
            if not isinstance(given, Iterable):
                self._fail(node)
            return nn.ModuleList(self._as_module(one, node) for one in given)
        if cls is nn.Sequential:
            # A module that stands twice is used twice.
            return sequential([TracedValue(None, self._as_module(one, node)) for one in arguments])
        if any(isinstance(one, NotWorkedOut) for one in (*arguments, *named.values())):
            self._fail_unknown(node)
        if any(isinstance(one, TracedValue | TorchName | Instance) for one in (*arguments, *named.values())):
            self._fail(node)
        try:
            return cls(*arguments, **named)
        except Exception as error:  # torch refuses in any way
            message = text("`{file}`, line {line}: torch refuses `{code}`: {reason}", file=self.file, line=node.lineno,
                           code=_shown(node), reason=" ".join(str(error).split()))  # fmt: skip
            raise UnsupportedModule(message) from error

    def _pairs(self, arguments: list[object], node: ast.Call) -> list[tuple[str, object]]:
        """The names and the values that `nn.ModuleDict` is given, as a dictionary or as pairs."""
        given = arguments[0] if arguments else {}
        pairs = list(given.items()) if isinstance(given, dict) else given
        if not isinstance(pairs, list) or not all(isinstance(one, list | tuple) and len(one) == 2 for one in pairs):
            self._fail(node)
        return [(str(key), part) for key, part in pairs]

    def _construct(self, made: UserClass, arguments: list[object], named: Scope, node: ast.Call | None) -> Instance:
        instance = Instance(made)
        begin = made.find("__init__")
        if isinstance(begin, UserFunction):
            self._apply(UserFunction(begin.node, begin.scope, instance, begin.home), arguments, named, node)
        elif made.container is not None and node is not None:
            self._call_container(instance, "__init__", arguments, node)
        return instance

    def _apply(self, function: UserFunction, arguments: list[object], named: Scope, node: ast.Call | None) -> object:
        """What a function of the text returns."""
        scope = dict(function.scope)
        given = function.node.args
        parameters = [one.arg for one in (*given.posonlyargs, *given.args)]
        if function.owner is not None and parameters:
            arguments = [function.owner, *arguments]
            scope["super"] = ParentMembers(function.owner, function.home or function.owner.made)
        defaults = dict(zip(parameters[::-1], given.defaults[::-1], strict=False))
        defaults.update(
            {one.arg: default for one, default in zip(given.kwonlyargs, given.kw_defaults, strict=True) if default}
        )
        scope.update({name: self._value(default, function.scope) for name, default in defaults.items()})
        scope.update(zip(parameters, arguments, strict=False))
        if given.vararg:
            scope[given.vararg.arg] = tuple(arguments[len(parameters) :])
        known = {*parameters, *(one.arg for one in given.kwonlyargs)}
        scope.update({name: value for name, value in named.items() if name in known})
        if given.kwarg:
            scope[given.kwarg.arg] = {name: value for name, value in named.items() if name not in known}
        missing = [name for name in parameters if name not in scope]
        if missing:
            name = missing[0]
            message = text("`{file}`: `{function}` needs a value of `{parameter}`: give it a default", file=self.file,
                           function=function.node.name, parameter=name)  # fmt: skip
            raise UnsupportedModule(message)
        try:
            self._run_all(function.node.body, scope)
        except _Returned as returned:
            return returned.value
        except RecursionError:
            self._fail(node or function.node)
        except UnsupportedModule:
            # A line of torchvision's says nothing to the reader of the text.
            if HOME in function.scope and node is not None:
                self._fail(node)
            raise
        return None

    def _as_module(self, value: object, node: ast.expr | None) -> nn.Module:
        """A module as it is, and an object of the text as the modules that its `forward` calls."""
        if isinstance(value, nn.Module):
            return value
        if not isinstance(value, Instance):
            self._fail(node) if node is not None else None
            raise UnsupportedModule(text("`{file}` holds no net that can be read", file=self.file))
        forward = value.made.find("forward")
        if isinstance(forward, UserFunction):
            start = TracedValue()
            called = node if isinstance(node, ast.Call) else None
            end = self._apply(UserFunction(forward.node, forward.scope, value, forward.home), [start], {}, called)
            if not isinstance(end, TracedValue):
                message = text(
                    "`{file}`, line {line}: `forward` of `{name}` does not return one value made of its input",
                    file=self.file, line=forward.node.lineno, name=value.made.name,
                )  # fmt: skip
                raise UnsupportedModule(message)
            return self._flows(forward.node, lambda: sequential(end.way()[1:]))
        if value.made.container is not None:
            given = {name: self._as_module(one, node) for name, one in value.parts.items()}
            if value.made.container is nn.ModuleList:
                return nn.ModuleList(given.values())
            return nn.ModuleDict(given) if value.made.container is nn.ModuleDict else nn.Sequential(OrderedDict(given))
        # Without a `forward` of its own, as where it extends a class that calls `self.net`.
        if len(value.parts) == 1:
            return self._as_module(next(iter(value.parts.values())), node)
        raise UnsupportedModule(text("`{file}`: `{name}` has no `forward`", file=self.file, name=value.made.name))

    def _flows(self, node: ast.AST, make: Callable[[], Made]) -> Made:
        try:
            return make()
        except (TypeError, ValueError):
            self._fail(node)

    def _fail(self, node: ast.AST) -> NoReturn:
        raise UnsupportedModule(
            text("`{file}`, line {line}: `{code}` has no counterpart in the language", **self._place(node))
        )

    def _fail_unknown(self, node: ast.AST) -> NoReturn:
        raise UnsupportedModule(
            text("`{file}`, line {line}: `{code}` cannot be worked out from this text alone", **self._place(node))
        )

    def _place(self, node: ast.AST) -> Mapping[str, object]:
        return {"file": self.file, "line": getattr(node, "lineno", 1), "code": _shown(node)}


def _is_instance(value: object, kind: object) -> bool:
    """`isinstance`, as far as nets ask it: of tensors, lists, numbers, and classes of torch and of the text."""
    match kind:
        case tuple():
            return any(_is_instance(value, one) for one in kind)
        case type():
            return isinstance(value, kind)
        case UserClass():
            return isinstance(value, Instance) and value.made is kind
        case TorchName(path):
            if path.endswith(".Tensor"):
                return isinstance(value, TracedValue)
            if path.endswith(".Sequence"):
                return isinstance(value, list | tuple)
            made = torch_class(path)
            return made is not None and isinstance(value, made)
    return False


def _is_small(op: ast.AST, one: object, other: object) -> bool:
    """Whether a power, or a shift, is a size that a net may have."""
    if not isinstance(one, int | float) or not isinstance(other, int | float) or not -64 <= other <= 64:
        return False
    bits = abs(one).bit_length() if isinstance(one, int) else 1
    return bool(abs(bits * other if isinstance(op, ast.Pow) else bits + other) < LARGEST.bit_length())


def _loaded(target: ast.expr) -> ast.expr:
    """A target of `+=` as an expression."""
    return ast.parse(ast.unparse(target), mode="eval").body


def _shown(node: ast.AST) -> str:
    code = ast.unparse(node).partition("\n")[0]
    return code if len(code) <= LONGEST else f"{code[: LONGEST - 1]}…"

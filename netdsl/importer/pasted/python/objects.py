"""The objects of a text: modules of torch.nn, and those of its own classes, whose methods are followed."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections import OrderedDict
from collections.abc import Iterable

from torch import nn

from netdsl.core.errors import UnsupportedModule
from netdsl.core.text import text
from netdsl.importer.pasted.python.expressions import ReadExpressions
from netdsl.importer.pasted.python.libraries import HOME
from netdsl.importer.pasted.python.places import NotWorkedOut, shown
from netdsl.importer.pasted.python.tracing import TracedValue, of_class, sequential
from netdsl.importer.pasted.python.values import (
    Instance,
    ParentMembers,
    Scope,
    TorchName,
    UserClass,
    UserFunction,
)


class ReturnedValue(Exception):
    """Carries what a function returns out of its statements."""

    def __init__(self, value: object) -> None:
        self.value = value


class Objects(ReadExpressions):
    """Makes objects and calls functions of the text; statements are for those who extend it."""

    @abstractmethod
    def _run_all(self, statements: list[ast.stmt], scope: Scope) -> None: ...

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
                           code=shown(node), reason=" ".join(str(error).split()))  # fmt: skip
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
        except ReturnedValue as returned:
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
            return self._flows(forward.node, lambda: sequential(end.way()[1:], value.made.name))
        if value.made.container is not None:
            given = {name: self._as_module(one, node) for name, one in value.parts.items()}
            if value.made.container is nn.ModuleList:
                return nn.ModuleList(given.values())
            if value.made.container is nn.ModuleDict:
                return nn.ModuleDict(given)
            return of_class(value.made.name, nn.Sequential)(OrderedDict(given))
        # Without a `forward` of its own, as where it extends a class that calls `self.net`.
        if len(value.parts) == 1:
            return self._as_module(next(iter(value.parts.values())), node)
        raise UnsupportedModule(text("`{file}`: `{name}` has no `forward`", file=self.file, name=value.made.name))

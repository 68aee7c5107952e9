"""The calls of a text: of its own functions, of torch's, of modules, and of methods."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Mapping

from torch import nn

from netdsl.importer.pasted.python.arithmetic import is_instance
from netdsl.importer.pasted.python.functions import apply_function, torch_class
from netdsl.importer.pasted.python.libraries import HOME, library_source
from netdsl.importer.pasted.python.objects import Objects
from netdsl.importer.pasted.python.places import NotWorkedOut
from netdsl.importer.pasted.python.shaping import GroupedChannels
from netdsl.importer.pasted.python.sizes import AllSizes
from netdsl.importer.pasted.python.tracing import (
    LastState,
    TracedValue,
    concatenated,
    joined,
    recurrent,
)
from netdsl.importer.pasted.python.values import (
    BoundName,
    Instance,
    ParentMembers,
    PartialCall,
    Scope,
    TorchName,
    UserClass,
    UserFunction,
)


class Calls(Objects):
    """Works out calls."""

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self.libraries: dict[str, Scope] = {}

    @abstractmethod
    def run_alone(self, statement: ast.stmt, scope: Scope) -> None:
        """Follows a statement that other text may do without."""

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
            case nn.Module() if not all(isinstance(one, NotWorkedOut) for one in arguments):
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
                return is_instance(arguments[0], arguments[1])
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
        if isinstance(owner, GroupedChannels):
            changed = owner.then(name, arguments)
            return changed if changed is not None else self._fail(node)
        if name == "size":
            return AllSizes(owner).at(arguments[0]) if arguments else AllSizes(owner)
        made = self._flows(node, lambda: apply_function(name, owner, arguments, named))
        return made if made is not None else self._fail(node)

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
            case [GroupedChannels() as grouped, *rest] if path.startswith("torch"):
                return self._call_method(BoundName(grouped, name), rest, named, node)
            case [TracedValue() as x, *rest] if path.startswith("torch"):
                made = self._flows(node, lambda: apply_function(name, x, rest, named))
                return made if made is not None else self._fail(node)
        if any(isinstance(one, TracedValue) for one in (*arguments, *named.values())):
            self._fail(node)
        return NotWorkedOut()

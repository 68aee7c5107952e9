"""What the expressions of a text stand for, besides numbers, lists and modules of torch."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from torch import nn

from netdsl.importer.pasted.python.shaping import GroupedChannels
from netdsl.importer.pasted.python.tracing import LastState, TracedValue

CONTAINERS: Mapping[str, type[nn.Module]] = {
    f"torch.nn.{made.__name__}": made for made in (nn.Sequential, nn.ModuleList, nn.ModuleDict)
}
"""The classes of torch whose objects hold modules."""

Scope = dict[str, object]
"""The names in sight, and what they stand for."""


@runtime_checkable
class Indexed(Protocol):
    """What `value[index]` may be asked of."""

    def __getitem__(self, index: object, /) -> object: ...


@dataclass(frozen=True)
class TorchName:
    """A name of torch, by its whole path: `torch.nn.Conv2d`."""

    path: str


@dataclass(eq=False)
class Instance:
    """An object of a class of the text."""

    made: UserClass
    attributes: Scope = field(default_factory=dict)

    @property
    def parts(self) -> Scope:
        """Its modules, by the attributes that hold them."""
        return {name: one for name, one in self.attributes.items() if isinstance(one, nn.Module | Instance)}


@dataclass(eq=False)
class UserFunction:
    """A function of the text; `owner` is the object that it is a method of, `home` the class that defines it."""

    node: ast.FunctionDef
    scope: Scope
    owner: Instance | None = None
    home: UserClass | None = None

    @property
    def is_static(self) -> bool:
        """Whether it is a method that is not given its object."""
        return any(isinstance(one, ast.Name) and one.id == "staticmethod" for one in self.node.decorator_list)


@dataclass(eq=False)
class UserClass:
    """A class of the text, with what its body and its bases define."""

    name: str
    members: Scope
    bases: list[object]

    def find(self, name: str) -> object:
        """A member of the class, or of a class of the text that it extends; None where there is none."""
        return self.members[name] if name in self.members else self.inherited(name)

    def inherited(self, name: str) -> object:
        """A member of a class of the text that it extends; None where there is none."""
        found = (base.find(name) for base in self.bases if isinstance(base, UserClass))
        return next((one for one in found if one is not None), None)

    @property
    def container(self) -> type[nn.Module] | None:
        """The class of torch that it extends, where its parts are that class's members."""
        found = (
            base.container if isinstance(base, UserClass) else CONTAINERS.get(getattr(base, "path", ""))
            for base in self.bases
        )
        return next((one for one in found if one is not None), None)

    @property
    def is_module(self) -> bool:
        """Whether it is a net or a part of one."""
        extends = (base.is_module if isinstance(base, UserClass) else True for base in self.bases)
        return any(extends) and isinstance(self.find("forward") or self.find("__init__"), UserFunction)


@dataclass(frozen=True)
class PartialCall:
    """A function that has some of its arguments already."""

    function: object
    first: list[object]
    named: Scope


@dataclass(frozen=True)
class ParentMembers:
    """`super()` in a method: the object, and the class whose bases are meant."""

    instance: Instance
    home: UserClass


@dataclass(frozen=True)
class BoundName:
    """A method of a value of `forward`, or of a container, that waits to be called."""

    owner: Instance | nn.Module | TracedValue | LastState | GroupedChannels
    name: str

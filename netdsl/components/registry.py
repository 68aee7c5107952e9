"""The names of the language and what else plugins bring, as one table; `plugins` fills it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from netdsl.components.component import Component
from netdsl.components.experiment import Transform
from netdsl.components.layer import Layer
from netdsl.core.text import text

C = TypeVar("C", bound=Component)

OWN = "netdsl"
"""The name of netdsl's own plugin."""


class Plugin(NamedTuple):
    """A plugin that was imported.

    Args:
        name: what its entry point is called; of a file, its name without the `.py`.
        version: of the package.
        package: the package or the file that it comes from.
        seconds: how long it took to import.
        heavy: the slow packages that importing it imported, such as `torch`.
    """

    name: str
    version: str
    package: str
    seconds: float = 0.0
    heavy: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"`{self.name}` {self.version}".rstrip()

    @property
    def repair(self) -> str:
        """What to do about it where it does not work."""
        if self.package.endswith(".py"):
            return text("repair `{package}`, or leave `--plugin` out", package=self.package)
        return text(
            "upgrade it (`pip install -U {package}`), repair it, or go without it (`pip uninstall {package}`)",
            package=self.package,
        )


class Problem(NamedTuple):
    """Something wrong with a plugin, and what to do about it."""

    plugin: str
    message: str
    advice: str

    def __str__(self) -> str:
        return text("{problem}; {advice}", problem=self.message, advice=self.advice)


class PluginWarning(UserWarning):
    """Something is wrong with a plugin; what it would have done is left out."""


class Implementation(NamedTuple):
    """A function that a plugin wants to have called, and those of its hook's parameters that it takes."""

    plugin: Plugin
    function: Callable[..., Any]
    takes: tuple[str, ...] = ()


class TorchLookup:
    """The classes of torch and torchvision that a text may name by their own names; none, where torch is left out."""

    def layer(self, name: str) -> Layer | None:  # noqa: ARG002  # whoever knows layers looks at it
        """The layer that `nn.Hardshrink` means; None where torch has none of that name."""
        return None

    def layer_names(self) -> Collection[str]:
        """The names that `layer` knows."""
        return ()

    def transform(self, name: str) -> Transform | None:  # noqa: ARG002  # as above
        """The transform that `v2.GaussianBlur` means; None where torchvision has none of that name."""
        return None

    def transform_names(self) -> Collection[str]:
        """The names that `transform` knows."""
        return ()


class Registry(NamedTuple):
    """What the plugins bring.

    Args:
        components: the names of the language, by kind of component.
        origins: the plugin that each comes from.
        problems: what went wrong while they were gathered.
        plugins: those that are in use, netdsl's own first.
        disputed: names that several plugins bring, so that none of them counts, and those plugins.
        lints: rules over a checked program, beside netdsl's own.
        callbacks: what plugins want to have called when a run starts, ends an epoch, and ends, by hook.
        torch: the classes of torch and torchvision that a text may name.
        failing: the problems of plugins in files, which somebody asks for, so that an unknown name may be theirs.
    """

    components: Mapping[type[Component], Mapping[str, Component]]
    origins: Mapping[tuple[type[Component], str], str] = MappingProxyType({})
    problems: tuple[Problem, ...] = ()
    plugins: tuple[Plugin, ...] = ()
    disputed: Mapping[tuple[type[Component], str], tuple[str, ...]] = MappingProxyType({})
    lints: tuple[Implementation, ...] = ()
    callbacks: Mapping[str, tuple[Implementation, ...]] = MappingProxyType({})
    torch: TorchLookup = TorchLookup()
    failing: tuple[Problem, ...] = ()

    def of(self, kind: type[C]) -> Mapping[str, C]:
        """Every component of a kind, by name."""
        return self.components.get(kind, {})  # type: ignore[return-value]  # gathered by kind

    @property
    def layers(self) -> Mapping[str, Layer]:
        """Every layer, by name."""
        return self.of(Layer)

"""Modules with bodies, and the container that carries labelled outputs to the modules below that ask for them.

A labelled output travels down the calls, never through the modules' own state: `module(x, skips)`. So a net with skips
can be copied, compiled, exported and run in several threads like any other.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

Skips = dict[str, Tensor]
"""Labelled outputs from above, by label."""


class Composite(nn.Module):
    """A module that may be handed labelled outputs besides its input."""

    takes_skips = True


def feed(module: nn.Module, x: Tensor, skips: Skips | None) -> Tensor:
    """Calls a module, with the labelled outputs where it can take them."""
    # an attribute and not the class: a module that is wrapped, to be compiled or checkpointed, still has it
    output: Tensor = module(x, skips) if getattr(module, "takes_skips", False) else module(x)
    return output


class Skipping(Composite, nn.Sequential):
    """An `nn.Sequential` that keeps some outputs under labels, for `Concat` and `Add` further down, however nested.

    `keeps` maps a child's name to its output's label; `shares` are the labels that the bodies behind it are given too.
    The `state_dict` is that of the plain `nn.Sequential`.
    """

    keeps: dict[str, str]
    shares: tuple[str, ...]

    def __init__(
        self,
        *modules: Any,
        keeps: Mapping[str, str] | None = None,
        shares: Sequence[str] = (),
    ) -> None:
        super().__init__(*modules)
        self.keeps = dict(keeps or {})
        self.shares = tuple(shares)

    def forward(self, x: Tensor, skips: Skips | None = None) -> Tensor:
        """Runs the children in order; labels of the surroundings are seen, its own stay inside unless shared."""
        seen = dict(skips or {})
        for name, module in self._modules.items():
            assert module is not None
            x = feed(module, x, seen)
            if name in self.keeps:
                seen[self.keeps[name]] = x
        if skips is not None:
            # The composite around it made this for its own bodies.
            skips.update({label: seen[label] for label in self.shares})
        return x

    # A slice by nn.Sequential would pass no `keeps`, and the labels would be lost.
    def __getitem__(self, index: slice | int) -> Any:
        if isinstance(index, slice):
            part = OrderedDict(list(self._modules.items())[index])
            return Skipping(part, keeps=self.keeps, shares=self.shares)
        return super().__getitem__(index)


class Residual(Composite):
    """The input, or its shortcut, added to the body's output: body(x) + x.

    Source: He et al., "Deep Residual Learning for Image Recognition", 2015.
    """

    def __init__(self, body: nn.Module, shortcut: nn.Module | None = None) -> None:
        super().__init__()
        self.body = body
        self.shortcut = shortcut

    def forward(self, x: Tensor, skips: Skips | None = None) -> Tensor:
        """Adds the two ways through."""
        seen = dict(skips or {})
        output = feed(self.body, x, seen)
        return output + (x if self.shortcut is None else feed(self.shortcut, x, seen))


class ScaledResidual(Residual):
    """The input, or its shortcut, and the body's output times a factor: factor · body(x) + x.

    Source: Szegedy et al., "Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning", 2016.
    """

    def __init__(self, body: nn.Module, shortcut: nn.Module | None = None, factor: float = 1.0) -> None:
        super().__init__(body, shortcut)
        self.factor = factor

    def forward(self, x: Tensor, skips: Skips | None = None) -> Tensor:
        """Adds the two ways through."""
        seen = dict(skips or {})
        output = self.factor * feed(self.body, x, seen)
        return output + (x if self.shortcut is None else feed(self.shortcut, x, seen))


class Scale(Composite):
    """The input multiplied by the body's output, which is broadcast: x · body(x).

    Source: Hu et al., "Squeeze-and-Excitation Networks", 2017.
    """

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: Tensor, skips: Skips | None = None) -> Tensor:
        """Scales a batch."""
        return x * feed(self.body, x, skips)


class Branches(Composite, nn.ModuleList):
    """Several bodies side by side, named `0`, `1`, …, and the labels that join their outputs."""

    def __init__(self, *branches: nn.Module, takes: Sequence[str] = ()) -> None:
        super().__init__(branches)
        self.takes = tuple(takes)

    def outputs(self, x: Tensor, skips: Skips | None) -> list[Tensor]:
        """What each body makes of the input (without bodies the input itself), then the labelled outputs."""
        seen = dict(skips or {})
        own = [feed(branch, x, seen) for branch in self] or [x]
        return [*own, *((skips or {})[label] for label in self.takes)]


class Concat(Branches):
    """The outputs of all bodies, and labelled ones, side by side along `dim` (1: the channels)."""

    def __init__(self, *branches: nn.Module, dim: int = 1, takes: Sequence[str] = ()) -> None:
        super().__init__(*branches, takes=takes)
        self.dim = dim

    def forward(self, x: Tensor, skips: Skips | None = None) -> Tensor:
        """Joins the outputs."""
        return torch.cat(self.outputs(x, skips), self.dim)


class Add(Branches):
    """The sum of the outputs of all bodies, and of labelled ones; all have one shape."""

    def forward(self, x: Tensor, skips: Skips | None = None) -> Tensor:
        """Adds the outputs, from the first to the last."""
        first, *others = self.outputs(x, skips)
        for other in others:
            # No `+=`: it would overwrite an output that may still be needed elsewhere.
            first = first + other
        return first


class Mul(Branches):
    """The product of the outputs of all bodies, and of labelled ones, number by number; all have one shape."""

    def forward(self, x: Tensor, skips: Skips | None = None) -> Tensor:
        """Multiplies the outputs, from the first to the last."""
        first, *others = self.outputs(x, skips)
        for other in others:
            # No `*=`: it would overwrite an output that may still be needed elsewhere.
            first = first * other
        return first


class Split(Branches):
    """The channels in equal parts, one for each body, and the outputs concatenated."""

    def forward(self, x: Tensor, skips: Skips | None = None) -> Tensor:
        """Feeds each body its part."""
        parts, seen = x.chunk(len(self), dim=1), dict(skips or {})
        return torch.cat([feed(branch, part, seen) for branch, part in zip(self, parts, strict=True)], dim=1)

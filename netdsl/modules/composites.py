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

from netdsl.core.text import text

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
    """An `nn.Sequential` that keeps some outputs under labels, for modules further down, however nested.

    The `state_dict` is that of the plain `nn.Sequential`.

    Args:
        modules: the children, as `nn.Sequential` takes them.
        keeps: a step's name, and the label that its output is kept under; an empty name stands for the input.
        starts: a step's name, and the label of the output that it receives instead of the output before it.
        steps: a step's name, and the child that it runs; left out, each child is a step of its own name. A child that
            several steps run has one set of weights.
        outputs: the labels of the outputs that are returned instead of the last child's; of several, a tuple.
        shares: the labels whose outputs the bodies behind it are given too, where it is the body of a composite.
    """

    # A label is an attribute of the module: what begins with `_` takes none of them away.
    keeps: dict[str, str]
    _starts: dict[str, str]
    _steps: dict[str, str]
    _outputs: tuple[str, ...]
    _shares: tuple[str, ...]

    def __init__(
        self,
        *modules: Any,
        keeps: Mapping[str, str] | None = None,
        starts: Mapping[str, str] | None = None,
        steps: Mapping[str, str] | None = None,
        outputs: Sequence[str] = (),
        shares: Sequence[str] = (),
    ) -> None:
        super().__init__(*modules)
        self.keeps = dict(keeps or {})
        self._starts = dict(starts or {})
        self._steps = dict(steps or {})
        self._outputs = tuple(outputs)
        self._shares = tuple(shares)

    def forward(self, x: Tensor, skips: Skips | None = None) -> Tensor:
        """Runs the children in order; labels of the surroundings are seen, its own stay inside unless shared."""
        seen = dict(skips or {})
        output: Tensor = self._run(x, seen)
        if skips is not None:
            # The composite around it made this for its own bodies.
            skips.update({label: seen[label] for label in self._shares})
        return output

    def _run(self, x: Tensor, seen: dict[str, Tensor]) -> Any:
        if "" in self.keeps:
            self._keep(self.keeps[""], x, seen)
        # By name: what wraps a child, as torch's converters do, puts another module into its place.
        for step, name in (self._steps or {name: name for name in self._modules}).items():
            module = self._modules[name]
            assert module is not None
            if step in self._starts:
                x = self._go_on(self._starts[step], seen)
            x = feed(module, x, seen)
            if step in self.keeps:
                self._keep(self.keeps[step], x, seen)
        outputs = tuple(seen[label] for label in self._outputs)
        return outputs if len(outputs) > 1 else outputs[0] if outputs else x

    def _keep(self, label: str, x: Tensor, seen: dict[str, Tensor]) -> None:
        seen[label] = x

    def _go_on(self, label: str, seen: dict[str, Tensor]) -> Tensor:
        return seen[label]

    # A slice by nn.Sequential would pass no `keeps`, and the labels would be lost.
    def __getitem__(self, index: slice | int) -> Any:
        if isinstance(index, slice):
            part = OrderedDict(list(self._modules.items())[index])
            # Uses of a child behind the last one belong to what is left out.
            names = list(self._steps)
            end = max((names.index(child) for child in part), default=-1) + 1 if names else 0
            steps = {step: self._steps[step] for step in names[:end] if self._steps[step] in part}
            return Skipping(part, keeps=self.keeps, starts=self._starts, steps=steps, shares=self._shares)
        return super().__getitem__(index)


def run_order(container: Skipping) -> list[str]:
    """The names of the children in the order in which they run; one that runs twice stands there twice."""
    return list(container._steps.values() or container._modules)


def ways(container: Skipping) -> object:
    """Where each value goes, in a form that tells two containers apart which have the same children."""
    steps = container._steps or {name: name for name in container._modules}
    of_steps = [(child, container._starts.get(step), container.keeps.get(step)) for step, child in steps.items()]
    return of_steps, container.keeps.get(""), container._outputs, container._shares


class MultiInput(Skipping):
    """The `nn.Sequential` of a net with named inputs: it is called with a tensor for each, in the order of `inputs`.

    The first is what the first child receives, unless `starts` says otherwise; each is kept under its name.
    """

    _inputs: tuple[str, ...]

    def __init__(self, *modules: Any, inputs: Sequence[str], **wiring: Any) -> None:
        super().__init__(*modules, **wiring)
        self._inputs = tuple(inputs)

    def forward(self, *inputs: Tensor) -> Any:  # type: ignore[override]  # the net itself is in no other module
        """Runs the children in order."""
        if len(inputs) != len(self._inputs):
            raise TypeError(
                text(
                    "the net takes {count} tensors ({names}), but received {given}",
                    count=len(self._inputs),
                    names=", ".join(self._inputs),
                    given=len(inputs),
                )
            )
        return self._run(inputs[0], dict(zip(self._inputs, inputs, strict=True)))


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

"""One sample on its way through a net: what each statement makes of it, and what the answer depends on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from netdsl.components.traits import Trait
from netdsl.core.errors import DataError
from netdsl.core.sizes import format_shape
from netdsl.core.suggestions import nearest
from netdsl.core.text import text
from netdsl.inside.attention import note_attention
from netdsl.program import Network, Node


class Stage(NamedTuple):
    """What a statement makes of the sample.

    Args:
        output: its output, without the axis of the batch.
        axis: that of the output's units: the channels, or the features.
        attention: of each module in it that attends, by its path, heads × places × places seen: shares that add up
            to 1.
        weights: its own, by their names.
    """

    node: Node
    output: Tensor
    axis: int
    attention: Mapping[str, Tensor]
    weights: Mapping[str, Tensor]

    @property
    def title(self) -> str:
        """The statement and its line."""
        written = " ".join(self.node.written.split())
        return text("line {line}: {statement}", line=self.node.span.position.line, statement=written)

    @property
    def dead(self) -> float:
        """The share of its units that are 0 throughout."""
        others = [axis for axis in range(self.output.dim()) if axis != self.axis % self.output.dim()]
        largest = self.output.abs().amax(others) if others else self.output.abs()
        return float((largest == 0).double().mean())


class FedInput(NamedTuple):
    """What one input of the net receives.

    Args:
        name: what it is called.
        x: the sample as it reaches the net.
        saliency: of each number of the sample how much the largest number of the output, of several the last one,
            changes with it: the absolute value of the gradient, of channels the largest; None where the sample has
            whole numbers.
    """

    name: str
    x: Tensor
    saliency: Tensor | None


@dataclass(frozen=True, eq=False)
class SampleFlow:
    """A sample, and what each statement of the net makes of it, in the order of the text.

    Args:
        name: what the sample is called.
        inputs: the sample, in as many parts as the net has inputs.
    """

    network: Network
    name: str
    inputs: tuple[FedInput, ...]
    stages: tuple[Stage, ...]

    @property
    def x(self) -> Tensor:
        """What the first input receives."""
        return self.inputs[0].x

    @property
    def saliency(self) -> Tensor | None:
        """That of the first input."""
        return self.inputs[0].saliency

    def choose(self, layer: str) -> tuple[Stage, ...]:
        """The stages that a name means: a module's path and all that is in it, or the word that statements begin with.

        Raises:
            DataError: there is none.
        """
        found = tuple(one for one in self.stages if f"{one.node.path}.".startswith(f"{layer}."))
        found = found or tuple(one for one in self.stages if one.node.name == layer)
        if found:
            return found
        known = {name for one in self.stages for name in (one.node.path, one.node.name)}
        near = nearest(layer, known)
        raise DataError(
            text("no layer is called `{layer}`", layer=layer),
            text("did you mean `{near}`?", near=near)
            if near
            else text("name a path of the table, such as `0`, or a layer, such as `conv`"),
        )


def follow(module: nn.Module, network: Network, x: Tensor | Sequence[Tensor], name: str) -> SampleFlow:
    """Runs a batch of one through a net in evaluation mode, forward and back; `x` has one tensor for each input.

    Raises:
        DataError: the net cannot take it.
    """
    outputs: defaultdict[str, list[Tensor]] = defaultdict(list)
    attention: dict[str, Tensor] = {}
    module.eval()
    fed = [x] if isinstance(x, Tensor) else list(x)
    given = [one.detach().clone().requires_grad_(one.is_floating_point()) for one in fed]
    modules = dict(module.named_modules())
    with ExitStack() as stack, torch.enable_grad():
        for path, one in modules.items():
            stack.callback(one.register_forward_hook(partial(_note, outputs, path)).remove)
            if isinstance(one, nn.MultiheadAttention):
                hook = partial(note_attention, attention, path)
                stack.callback(one.register_forward_hook(hook, with_kwargs=True).remove)
        try:
            # A clone, which a first layer that works in place may overwrite.
            output = module(*(one.clone() for one in given))
        except (RuntimeError, ValueError, IndexError) as error:
            raise _refused(network, fed, error) from error
    saliencies = _saliencies(output if isinstance(output, Tensor) else output[-1], given)
    stages = tuple(
        Stage(
            node,
            # A module that is used again is called several times, in the order of the text.
            outputs[node.path].pop(0),
            axis,
            {path: one for path, one in attention.items() if f"{path}.".startswith(f"{node.path}.")},
            {name: one.detach().cpu() for name, one in modules[node.path].named_parameters(recurse=not node.children)},
        )
        for node, axis in feature_axes(network)
        if outputs[node.path]
    )
    names = [one.name or name for one in network.all_inputs]
    shown = zip(names, fed, saliencies, strict=True)
    return SampleFlow(
        network, name, tuple(FedInput(called, one[0].detach().cpu(), size) for called, one, size in shown), stages
    )


def feature_axes(network: Network) -> Iterator[tuple[Node, int]]:
    """Every statement, and which axis of its output holds the units: the last one from a linear layer on."""
    axis = 0
    for node in network.walk():
        if Trait.LINEAR in node.traits:
            axis = -1
        elif Trait.CONVOLUTION in node.traits:
            axis = 0
        if node.layer is not None or node.block is not None:
            yield node, axis


def _note(outputs: Mapping[str, list[Tensor]], path: str, _module: nn.Module, _inputs: object, output: object) -> None:
    if isinstance(output, Tensor) and output.dim() > 1:
        # A copy: the next layer may work in place.
        outputs[path].append(output[0].detach().clone().cpu())


def _saliencies(output: Tensor, given: Sequence[Tensor]) -> list[Tensor | None]:
    reached = [one for one in given if one.requires_grad]
    if not (reached and output.requires_grad):
        return [None] * len(given)
    gradients = iter(torch.autograd.grad(output.max(), reached, allow_unused=True))
    return [_size(one, next(gradients)) if one.requires_grad else None for one in given]


def _size(given: Tensor, gradient: Tensor | None) -> Tensor:
    size = torch.zeros_like(given[0]) if gradient is None else gradient[0].abs()
    return (size.amax(0) if size.dim() == 3 else size).cpu()


def _refused(network: Network, fed: Sequence[Tensor], error: Exception) -> DataError:
    cause = " ".join(str(error).split())
    shapes = ", ".join(format_shape(one.shape[1:]) for one in fed)
    return DataError(
        text("the net cannot take {shape}: {cause}", shape=shapes, cause=cause),
        text("sizes that fit: {fits}", fits=network.fits) if network.fits else None,
    )

"""Two nets side by side whose weights have other names: what is the same layer in both.

Layers are matched in their order, those of the same kind and shapes are the same. From the first that differs on
nothing is matched: what follows would be the same by chance alone. Of that one the names are matched too, so that a
report can tell its shapes. Parameters that belong to no layer of torch, such as the class token of a vision
transformer, are matched in an order of their own: where a net declares them says nothing of where it uses them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

COUNTER = "num_batches_tracked"
"""The count of batches of a normalisation, which files that are older than it lack."""

OF_LAYERS = ("weight", "bias", "in_proj_", "q_proj_", "k_proj_", "v_proj_", "running_", COUNTER)
"""How the names of tensors begin that layers of torch have."""


class WeightedLayer(NamedTuple):
    """A module that has tensors of its own.

    Args:
        path: its name.
        kind: the class of torch that it is; None where names and shapes are all that is known.
        shapes: those of its own tensors, by their names in it.
        is_layer: whether it is a layer of torch, and no module of somebody's with parameters.
    """

    path: str
    kind: type[nn.Module] | None
    shapes: Mapping[str, torch.Size]
    is_layer: bool

    def name(self, own: str) -> str:
        """The name of a tensor in the net."""
        return f"{self.path}.{own}" if self.path else own

    def may_be(self, other: WeightedLayer) -> bool:
        """Whether both may be one layer, as far as their kinds say."""
        if self.kind is None or other.kind is None:
            return self._compared.keys() == other._compared.keys()
        return self.kind is other.kind

    def is_like(self, other: WeightedLayer) -> bool:
        """Whether both have the same tensors, but for axes of one number."""
        return self._compared == other._compared

    @property
    def _compared(self) -> dict[str, list[int]]:
        return {own: _without_ones(shape) for own, shape in self.shapes.items() if own != COUNTER}


def layers_of(module: nn.Module) -> list[WeightedLayer]:
    """The modules of a net that have tensors of their own, in its order."""
    found = []
    for path, layer in module.named_modules():
        # Of a class that extends torch's, the torch's is what matters; every module is a `Module`.
        kind = next(one for one in type(layer).__mro__ if one.__module__.startswith("torch.nn."))
        own = dict[str, Tensor](layer.named_parameters(recurse=False))
        if is_layer := kind is not nn.Module:
            own.update(layer.named_buffers(recurse=False))
        if own:
            found.append(WeightedLayer(path, kind, {name: one.shape for name, one in own.items()}, is_layer))
    return found


def layers_in(weights: Mapping[str, Tensor]) -> list[WeightedLayer]:
    """The layers that a file of weights is of, in its order: tensors of one path belong together."""
    modules: dict[str, dict[str, Tensor]] = {}
    for name, tensor in weights.items():
        path, _, own = name.rpartition(".")
        modules.setdefault(path, {})[own] = tensor
    found = []
    for path, tensors in modules.items():
        is_layer = any(own.startswith(OF_LAYERS) for own in tensors)
        # What is no parameter, such as a table of indices, is whole numbers.
        shapes = {own: one.shape for own, one in tensors.items() if is_layer or one.is_floating_point()}
        found.append(WeightedLayer(path, None, shapes, is_layer))
    return found


def match_tensors(ours: Sequence[WeightedLayer], theirs: Sequence[WeightedLayer]) -> dict[str, str]:
    """The names of our tensors, and for each the name of theirs that is the same."""
    found: dict[str, str] = {}
    for here, there in zip(_in_layers(ours), _in_layers(theirs), strict=False):
        if not here.may_be(there):
            break
        found.update({here.name(own): there.name(own) for own in here.shapes if own in there.shapes})
        if not here.is_like(there):
            break
    if not found:  # nets without one layer in common
        return found
    for (mine, shape), (foreign, other) in zip(_outside_layers(ours), _outside_layers(theirs), strict=False):
        found[mine] = foreign
        if not may_reshape(other, shape):
            break
    return found


def _in_layers(net: Sequence[WeightedLayer]) -> list[WeightedLayer]:
    return [one for one in net if one.is_layer]


def _outside_layers(net: Sequence[WeightedLayer]) -> list[tuple[str, torch.Size]]:
    return [(one.name(own), shape) for one in net if not one.is_layer for own, shape in one.shapes.items()]


def may_reshape(given: Sequence[int], wanted: Sequence[int]) -> bool:
    """Whether two shapes are the same but for axes of one number: a class token may be 768 or 1x1x768."""
    return _without_ones(given) == _without_ones(wanted)


def fit_axes(tensor: Tensor, shape: torch.Size) -> Tensor:
    """A tensor in a shape that is the same but for axes of one number; in any other it stays as it is."""
    return tensor.reshape(shape) if may_reshape(tensor.shape, shape) else tensor


def _without_ones(shape: Sequence[int]) -> list[int]:
    return [size for size in shape if size != 1]

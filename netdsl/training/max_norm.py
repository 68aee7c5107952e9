"""`maxnorm=` of an `optimizer` line: the weights of the inputs of a unit never have a larger L2 norm than a bound.

Sources: Hinton et al., "Improving neural networks by preventing co-adaptation of feature detectors", 2012; Srivastava
et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", 2014, section 5.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvTransposeNd
from torch.nn.utils.parametrizations import _SpectralNorm, _WeightNorm
from torch.nn.utils.parametrize import ParametrizationList

from netdsl.components import Trait
from netdsl.core.errors import TrainingError
from netdsl.core.text import text
from netdsl.program import Experiment
from netdsl.training.parameter_groups import MAX_NORM, settings_of_weights


class BoundedWeight(NamedTuple):
    """A weight with the bound of its units: slices along a dimension, of each of several parts of dimension 0."""

    weight: Tensor
    bound: float
    dim: int = 0
    parts: int = 1

    def shorten(self) -> None:
        """Shortens each unit that is longer than the bound."""
        # A process of a sharded net has whole rows of each weight.
        local: Tensor = self.weight.to_local() if hasattr(self.weight, "to_local") else self.weight
        for part in local.chunk(self.parts) if self.parts > 1 else (local,):
            part.renorm_(2, self.dim, self.bound)


class MaxNorm(NamedTuple):
    """All weights of a net that have a bound."""

    weights: tuple[BoundedWeight, ...]

    @torch.no_grad()
    def __call__(self) -> None:
        """Shortens what a step has made longer than its bound."""
        for weight in self.weights:
            weight.shorten()


def build_max_norm(module: nn.Module, experiment: Experiment, *, is_sharded: bool) -> MaxNorm | None:
    """The bounds that the `optimizer` line sets; None where it sets none.

    Raises:
        TrainingError: a weight cannot be kept below its bound.
    """
    use = experiment.optimizer
    if use is None or (use.settings.maxnorm is None and not any(MAX_NORM in one.arguments for one in use.layers)):
        return None
    places = experiment.network.places()
    rescaling = tuple(f"{path}." for path, node in places if node.traits & {Trait.NORMALISES, Trait.RESCALES})
    found: list[BoundedWeight] = []
    for name, settings in settings_of_weights(module, experiment):
        bound = settings.get(MAX_NORM, use.settings.maxnorm)
        if bound is not None and not name.startswith(rescaling):
            found += _bound(name, module, float(bound), is_sharded=is_sharded)
    return MaxNorm(tuple(found))


def _bound(name: str, module: nn.Module, bound: float, *, is_sharded: bool) -> Iterator[BoundedWeight]:
    path, _, own = name.rpartition(".")
    layer, weight = module.get_submodule(path), module.get_parameter(name)
    if isinstance(layer, ParametrizationList):
        yield from _bound_parametrized(layer, own, module.get_submodule(path.rpartition(".parametrizations")[0]), bound)
    elif "weight" in own and weight.dim() > 1:
        if not isinstance(layer, _ConvTransposeNd):
            yield BoundedWeight(weight, bound)
        elif is_sharded:
            raise TrainingError(
                text("`maxnorm` needs the whole kernels of the transposed convolution `{path}`", path=path),
                "leave `shard=fsdp` or `maxnorm` out",
            )
        else:  # torch has the kernels of a transposed convolution by the channels that come in, group by group
            yield BoundedWeight(weight, bound, dim=1, parts=layer.groups)


def _bound_parametrized(
    weights: ParametrizationList, own: str, layer: nn.Module, bound: float
) -> Iterator[BoundedWeight]:
    """The weight that `weightnorm` or `spectralnorm` makes of others."""
    kind = weights[0]
    if isinstance(kind, _WeightNorm) and not isinstance(layer, _ConvTransposeNd):
        if own == "original0":  # the lengths; the other part is the directions
            yield BoundedWeight(weights.get_parameter(own), bound)
    elif not isinstance(kind, _SpectralNorm) or bound < 1:  # `spectralnorm` leaves no unit longer than 1
        raise TrainingError(
            text("`maxnorm={bound}` cannot bound weights that a parametrization makes", bound=bound),
            "name the layers that it should bound: `head.maxnorm=3`",
        )

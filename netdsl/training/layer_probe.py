"""A look inside the net in the middle of a training, at gradients and dead units, which the run does not notice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor, nn

from netdsl.components.traits import Trait
from netdsl.data import Batch
from netdsl.program import Network
from netdsl.training.learner import Learner

MOST_SAMPLES = 256


@dataclass(frozen=True)
class Probed:
    """What a look inside the net has found.

    Args:
        samples: how many samples it was made with.
        gradients: of each parameter that is trained.
        units: of each activation by its path, whether each unit gave 0 for all of the samples.
    """

    samples: int = 0
    gradients: Mapping[str, Tensor] = field(default_factory=dict)
    units: Mapping[str, Tensor] = field(default_factory=dict)


@dataclass(kw_only=True)
class LayerProbe:
    """Runs some training samples forward and back, in evaluation mode, and takes no step.

    Args:
        batch: gives the samples.
    """

    learner: Learner
    network: Network
    batch: Callable[[], Batch]

    def look(self) -> Probed:
        """What there is to see; nothing in a net of which each process has only a part."""
        learner = self.learner
        if learner.is_sharded:
            return Probed()
        batch = self.batch()
        x, y = batch.x[:MOST_SAMPLES], batch.y[:MOST_SAMPLES]
        parameters = {name: one for name, one in learner.module.named_parameters() if one.requires_grad}
        units: dict[str, Tensor] = {}
        with _unnoticed(learner), self._watch(units):
            with learner.autocast:
                output = learner.module(x)
            loss = learner.loss(output.float(), y)
            # Not `backward`, which would leave the gradients where the next step would add its own to them.
            gradients = torch.autograd.grad(loss, list(parameters.values()), allow_unused=True)
        found = {name: grad for name, grad in zip(parameters, gradients, strict=True) if grad is not None}
        return Probed(len(y), found, units)

    @contextmanager
    def _watch(self, units: dict[str, Tensor]) -> Iterator[None]:
        """Notes which units of each activation give 0 for every sample."""
        modules = dict(self.learner.module.named_modules())
        features = 1  # the axis of the features: the first of a sample, or after a linear layer its last
        with ExitStack() as stack:
            for node in self.network.walk():
                if Trait.LINEAR in node.traits:
                    features = -1
                elif Trait.CONVOLUTION in node.traits:
                    features = 1
                elif Trait.ACTIVATION in node.traits and node.path in modules:
                    note = partial(_note_units, units, node.path, features)
                    stack.callback(modules[node.path].register_forward_hook(note).remove)
            yield


@contextmanager
def _unnoticed(learner: Learner) -> Iterator[None]:
    """A context in which the net computes gradients, in evaluation mode, with random numbers that are not the run's."""
    place, module = learner.device, learner.module
    modes = [(one, one.training) for one in module.modules()]
    module.eval()
    try:
        with ExitStack() as stack:
            stack.enter_context(torch.random.fork_rng([] if place.type == "cpu" else [place], device_type=place.type))
            if place.type == "cuda" and any(isinstance(one, nn.RNNBase) for one in module.modules()):
                # cuDNN computes no gradients of a recurrent net in evaluation mode; torch itself does.
                stack.enter_context(torch.backends.cudnn.flags(enabled=False))
            yield
    finally:
        for one, mode in modes:
            one.training = mode


def _note_units(
    units: dict[str, Tensor], path: str, features: int, _module: nn.Module, _inputs: tuple[Tensor, ...], output: object
) -> None:
    if not isinstance(output, Tensor) or output.dim() < 2 or not len(output):
        return
    axis = features % output.dim()
    others = [one for one in range(output.dim()) if one != axis]
    dead = output.detach().abs().amax(others) == 0
    # A module that stands in several places is dead only where it is in all of them.
    units[path] = units[path] & dead if path in units and units[path].shape == dead.shape else dead

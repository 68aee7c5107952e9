"""All that training changes: weights, optimizer, schedule, average, random numbers, and the position in the data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol, cast

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.optim.swa_utils import AveragedModel

from netdsl.components.settings import TrainSettings
from netdsl.data.inputs import Samples
from netdsl.modules.carried_state import copy_states, restore_states
from netdsl.training.distributed import fsdp
from netdsl.training.distributed.process_group import Team
from netdsl.training.machine.lanes import Lanes
from netdsl.training.max_norm import MaxNorm
from netdsl.training.schedules import Steps


class Stateful(Protocol):
    """What torch's modules, optimizers, schedules and scalers have in common."""

    def state_dict(self) -> dict[str, Any]:
        """The state, as plain values and tensors."""

    def load_state_dict(self, state_dict: dict[str, Any], /) -> object:
        """Restores the state."""


@dataclass(kw_only=True)
class Learner:
    """What the loop works on.

    Args:
        module: the net itself, whose weights are saved.
        model: what the loop calls: the net, its replica in a team, or either of them compiled.
        loss: `loss(output, target)`, a scalar.
        scaler: scales the loss under fp16, so that small gradients do not become 0; otherwise it does nothing.
        average: the moving average of the weights, where `ema` asks for one.
        autocast: the context of a forward pass.
        frozen: the layers that are not trained.
        max_norm: keeps the weights of the inputs of each unit short, where the `optimizer` line asks for it.
        steps: the number of optimizer steps of the whole training.
        epoch, batch, step: the position: epochs finished, batches of this epoch used, optimizer steps taken.
    """

    module: nn.Sequential
    model: Callable[[Samples], Tensor]
    loss: Callable[[Tensor, Tensor], Tensor]
    optimizer: Optimizer
    schedule: LRScheduler | None
    scaler: torch.amp.GradScaler
    average: AveragedModel | None
    autocast: AbstractContextManager[None]
    frozen: tuple[nn.Module, ...]
    max_norm: MaxNorm | None
    settings: TrainSettings
    team: Team
    device: torch.device
    steps: Steps
    epoch: int = 0
    batch: int = 0
    step: int = 0

    def train(self) -> None:
        """Puts the net into training mode; frozen layers stay in evaluation mode, so that their statistics stay too."""
        self.module.train()
        for layer in self.frozen:
            layer.eval()

    @property
    def is_finished(self) -> bool:
        """Whether every step is taken and the epoch of the last one has been tested."""
        return self.step >= self.steps and self.batch == 0

    @property
    def weights(self) -> nn.Sequential:
        """The net to test and to keep: the average where there is one."""
        return cast("nn.Sequential", self.average.module) if self.average else self.module

    @property
    def rate(self) -> float:
        """The learning rate of the next step, of the layers that have none of their own."""
        return float(self.optimizer.param_groups[0]["lr"])

    @property
    def is_sharded(self) -> bool:
        """Whether each process has only a part of the weights."""
        return self.settings.shard == "fsdp" and not self.team.alone

    def without_exchange(self) -> AbstractContextManager[None]:
        """A context in which a replica keeps its gradients to itself; FSDP has none and exchanges them each time."""
        no_sync: Callable[[], AbstractContextManager[None]] = getattr(self.model, "no_sync", nullcontext)
        # A label is an attribute too, and may be this one.
        return nullcontext() if isinstance(no_sync, nn.Module) else no_sync()

    def undisturbed(self) -> AbstractContextManager[None]:
        """A context for the steps of an epoch, in which nothing is in the way of lanes, where the model has some."""
        return self.model.undisturbed() if isinstance(self.model, Lanes) else nullcontext()

    def state_dict(self) -> dict[str, Any]:
        """The whole state, as plain values and tensors; every process of a team must call it."""
        random = self.team.gather(_random_state(self.device))
        state = fsdp.gather_state(self.module, self.optimizer) if self.is_sharded else {}
        state |= {name: part.state_dict() for name, part in self._parts()}
        if states := copy_states(self.module):
            state["carried"] = self.team.gather(states)
        return state | {"position": [self.epoch, self.batch, self.step], "random": random}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores the whole state, bit for bit."""
        if self.is_sharded:
            fsdp.load_state(self.module, self.optimizer, state)
        for name, part in self._parts():
            part.load_state_dict(state[name])
        if not self.is_sharded:
            _restore_strides(self.optimizer)
        if self.team.rank < len(carried := state.get("carried", ())):
            restore_states(self.module, carried[self.team.rank])
        self.epoch, self.batch, self.step = state["position"]
        # Last, for loading the other parts may draw random numbers.
        if self.team.rank < len(state["random"]):
            _restore_random_state(self.device, state["random"][self.team.rank])

    def copy_weights(self) -> dict[str, Tensor]:
        """A copy of the weights to keep; every process of a team must call it."""
        if self.is_sharded:
            return fsdp.gather_weights(self.module)
        return {name: value.clone() for name, value in self.weights.state_dict().items()}

    def _parts(self) -> Iterator[tuple[str, Stateful]]:
        if not self.is_sharded:
            yield from (("model", self.module), ("optimizer", self.optimizer))
        parts = {"schedule": self.schedule, "scaler": self.scaler, "average": self.average}
        yield from ((name, part) for name, part in parts.items() if part is not None)


def _restore_strides(optimizer: Optimizer) -> None:
    # A checkpoint holds tensors in row-major order. The state of a channels-last weight must lie in memory as the
    # weight does: otherwise the optimizer takes the same sums in another order, and resuming ends in other bits.
    for parameter, state in optimizer.state.items():
        for name, value in state.items():
            if isinstance(value, Tensor) and value.shape == parameter.shape:
                state[name] = torch.empty_like(parameter).copy_(value)


def _random_state(device: torch.device) -> dict[str, Tensor]:
    state = {"cpu": torch.get_rng_state()}
    if device.type != "cpu":
        state[device.type] = torch.get_device_module(device).get_rng_state()
    return state


def _restore_random_state(device: torch.device, state: dict[str, Tensor]) -> None:
    torch.set_rng_state(state["cpu"])
    if device.type in state and device.type != "cpu":
        torch.get_device_module(device).set_rng_state(state[device.type])

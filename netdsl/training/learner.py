"""Everything that learning changes: weights, optimizer, schedule, average, random numbers, the position in the data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.optim.swa_utils import AveragedModel

from netdsl.components.settings import TrainSettings
from netdsl.training.distributed import fsdp
from netdsl.training.distributed.process_group import Team
from netdsl.training.schedules import Steps


@dataclass(kw_only=True)
class Learner:
    """What the loop works on.

    Args:
        module: the net itself, which is saved.
        model: what is called: the net, or the net compiled.
        loss: `loss(output, target)`, a scalar.
        scaler: keeps small gradients alive under fp16; otherwise it does nothing.
        average: the moving average of the weights, where `ema` asks for one.
        autocast: the context of a forward pass.
        frozen: the layers that are not trained.
        steps: how many optimizer steps there will be in all.
        epoch, batch, step: the position: epochs finished, batches of this epoch used, optimizer steps taken.
    """

    module: nn.Sequential
    model: Callable[[Tensor], Tensor]
    loss: Callable[[Tensor, Tensor], Tensor]
    optimizer: Optimizer
    schedule: LRScheduler | None
    scaler: torch.amp.GradScaler
    average: AveragedModel | None
    autocast: AbstractContextManager[None]
    frozen: tuple[nn.Module, ...]
    settings: TrainSettings
    team: Team
    device: torch.device
    steps: Steps
    epoch: int = 0
    batch: int = 0
    step: int = 0

    def train(self) -> None:
        """Puts the net in training mode, but for the layers that are frozen."""
        self.module.train()
        for layer in self.frozen:
            layer.eval()

    @property
    def finished(self) -> bool:
        """Whether every step is taken and the epoch they ended in is over."""
        return self.step >= self.steps and self.batch == 0

    @property
    def weights(self) -> nn.Sequential:
        """The net to evaluate and to keep: the average where there is one."""
        return cast("nn.Sequential", self.average.module) if self.average else self.module

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""
        return float(self.optimizer.param_groups[0]["lr"])

    def state_dict(self) -> dict[str, Any]:
        """All of it, as plain values and tensors; in a team every process must ask for it."""
        random = self.team.gather(_random_state(self.device))
        state = fsdp.state(self.module, self.optimizer) if self.sharded else {}
        state |= {name: part.state_dict() for name, part in self._parts()}
        return state | {"position": [self.epoch, self.batch, self.step], "random": random}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Puts it all back, bit for bit."""
        if self.sharded:
            fsdp.load(self.module, self.optimizer, state)
        for name, part in self._parts():
            part.load_state_dict(state[name])
        if not self.sharded:
            _restore_strides(self.optimizer)
        self.epoch, self.batch, self.step = state["position"]
        if self.team.rank < len(state["random"]):
            _restore_random_state(self.device, state["random"][self.team.rank])

    def gradients_kept(self) -> AbstractContextManager[None]:
        """A context in which the gradients of a process stay with it; nothing where the team has parts of a net."""
        kept: Callable[[], AbstractContextManager[None]] = getattr(self.model, "no_sync", nullcontext)
        return kept()

    def copied_weights(self) -> dict[str, Tensor]:
        """A copy of the weights to keep; in a team every process must ask for it."""
        if self.sharded:
            return fsdp.weights(self.module)
        return {name: value.clone() for name, value in self.weights.state_dict().items()}

    @property
    def sharded(self) -> bool:
        """Whether each process has but a part of the weights."""
        return self.settings.shard == "fsdp" and not self.team.alone

    def _parts(self) -> Iterator[tuple[str, Any]]:
        if not self.sharded:
            yield from (("model", self.module), ("optimizer", self.optimizer))
        parts = {"schedule": self.schedule, "scaler": self.scaler, "average": self.average}
        yield from ((name, part) for name, part in parts.items() if part is not None)


def _restore_strides(optimizer: Optimizer) -> None:
    # A checkpoint holds tensors in row-major order; those that belong to a channels-last weight must lie as it does,
    # or the same sums are taken in another order.
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

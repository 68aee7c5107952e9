"""Several processes that train one net: what they add up, what they agree on, and how the net is shared among them.

torch starts the processes (`torchrun`, or `netdsl run --nproc 2`) and keeps their gradients equal; each is served its
share of the same global batches, and the first of them speaks, logs and saves for all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from netdsl.core.errors import ReportedElsewhere, TrainingError
from netdsl.data import DataError
from netdsl.data.random_stream import seed_of
from netdsl.training.distributed.sync_batchnorm import synchronize_batchnorm

Value = TypeVar("Value")


@dataclass(frozen=True)
class Team:
    """The processes of a run, seen from one of them.

    Args:
        rank: which it is; the first leads.
        world: how many there are.
        local: which it is on its own machine.
        local_world: how many there are on its own machine.
        restarts: how often this process was started anew after one of the team died.
        launch: what the launcher calls the job, which stays when it starts the team anew; empty without a launcher.
        named: whether somebody has chosen that name, so that no other job has it.
    """

    rank: int = 0
    world: int = 1
    local: int = 0
    local_world: int = 1
    restarts: int = 0
    launch: str = ""
    named: bool = False

    @property
    def alone(self) -> bool:
        """Whether there is no other process."""
        return self.world == 1

    @property
    def is_rank0(self) -> bool:
        """Whether it speaks, logs and saves for all."""
        return self.rank == 0

    def sum(self, values: Sequence[float]) -> list[float]:
        """The sums over all processes."""
        return self._reduced(values, dist.ReduceOp.SUM)

    def max(self, values: Sequence[float]) -> list[float]:
        """The highest values over all processes."""
        return self._reduced(values, dist.ReduceOp.MAX)

    def sum_tensor(self, value: Tensor) -> Tensor:
        """The sum of a tensor over all processes, where it lies."""
        if not self.alone:
            dist.all_reduce(value)
        return value

    def broadcast(self, value: Value) -> Value:
        """What the leader has."""
        if self.alone:
            return value
        box = [value]
        dist.broadcast_object_list(box, src=0)
        return box[0]

    def on_rank0(self, action: Callable[[], Value]) -> Value:
        """What the leader's action comes to, for all; what stops the leader stops all, and is said once."""
        if self.alone:
            return action()
        found: Value | ReportedElsewhere | None = None
        error: TrainingError | DataError | OSError | None = None
        if self.is_rank0:
            try:
                found = action()
            except (TrainingError, DataError, OSError) as stopped:
                error, found = stopped, ReportedElsewhere(str(stopped), getattr(stopped, "help", None))
        agreed = self.broadcast(found)
        if error or isinstance(agreed, ReportedElsewhere):
            raise error or cast("ReportedElsewhere", agreed)
        return cast("Value", agreed)

    def on_all_ranks(self, action: Callable[[], Value]) -> Value:
        """What an action comes to in each process; what stops one of them stops all, and is said once."""
        if self.alone:
            return action()
        error: TrainingError | DataError | None = None
        try:
            found = action()
        except (TrainingError, DataError) as stopped:
            error = stopped
        first = next((rank for rank, stopped in enumerate(self.gather(error)) if stopped), None)
        if error and first == self.rank:
            raise error
        if first is not None:
            raise ReportedElsewhere(f"process {first} cannot go on")
        return found

    def gather(self, value: Value) -> list[Value]:
        """What each has, in the order of the ranks."""
        if self.alone:
            return [value]
        found: list[Any] = [None] * self.world
        dist.all_gather_object(found, value)
        return found

    def replicate(self, module: nn.Sequential, device: torch.device) -> nn.Module:
        """The net as it is called: its gradients are the means over all processes."""
        if self.alone:
            return module
        return DistributedDataParallel(
            synchronize_batchnorm(module, device), [device] if device.type == "cuda" else None
        )

    def seed_apart(self, seed: int) -> None:
        """Gives each process random numbers of its own, for dropout; alone it keeps those of the seed."""
        if not self.alone:
            torch.manual_seed(seed_of(seed, self.rank))

    def _reduced(self, values: Sequence[float], how: Any) -> list[float]:
        if self.alone:
            return list(values)
        tensor = torch.tensor(values, dtype=torch.float64)
        dist.all_reduce(tensor, how)
        return cast("list[float]", tensor.tolist())


ALONE = Team()

"""Several processes that train one net: what they add up, what they tell each other, and how they share the net.

torch's launcher starts them (`torchrun`, or `netdsl run --nproc 2`). Each is served its share of the same global
batches, and they average their gradients, so that all have the same weights. The first of them, rank 0, prints, logs
and saves for all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from netdsl.core.errors import ReportedElsewhere, TrainingError
from netdsl.core.text import text
from netdsl.data import DataError
from netdsl.data.random_stream import seed_of
from netdsl.training.distributed.sync_batchnorm import synchronize_batchnorm

Value = TypeVar("Value")


@dataclass(frozen=True)
class Team:
    """The processes of a run, seen from one of them.

    Args:
        rank: the number of this process.
        world: how many processes there are.
        local: the number of this process on its own machine.
        local_world: how many processes there are on its machine.
        restarts: how often this process was started anew after one of the team had died.
        launch: the launcher's name for the job, which stays when it starts the team anew; empty without a launcher.
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
        """Whether this process prints, logs and saves for all."""
        return self.rank == 0

    def sum(self, values: Sequence[float]) -> list[float]:
        """The sums over all processes. Like every method below, all of them must call it."""
        return self._reduce(values, dist.ReduceOp.SUM)

    def max(self, values: Sequence[float]) -> list[float]:
        """The highest values over all processes."""
        return self._reduce(values, dist.ReduceOp.MAX)

    def sum_tensor(self, value: Tensor) -> Tensor:
        """The sum of a tensor over all processes, on its device and in its place."""
        if not self.alone:
            dist.all_reduce(value)
        return value

    def broadcast(self, value: Value) -> Value:
        """The value of the first process."""
        if self.alone:
            return value
        box = [value]
        dist.broadcast_object_list(box, src=0)
        return box[0]

    def gather(self, value: Value) -> list[Value]:
        """The values of all processes, in the order of their ranks."""
        if self.alone:
            return [value]
        found: list[Value] = [value] * self.world
        dist.all_gather_object(found, value)
        return found

    def on_rank0(self, action: Callable[[], Value]) -> Value:
        """Runs an action on the first process; all get its result. Its error stops all, and is reported once.

        Without the second part, the other processes would wait for the first one for ever.
        """
        if self.alone:
            return action()
        found: Value | ReportedElsewhere | None = None
        error: TrainingError | DataError | OSError | None = None
        if self.is_rank0:
            try:
                found = action()
            except (TrainingError, DataError, OSError) as stopped:
                error, found = stopped, ReportedElsewhere(str(stopped), getattr(stopped, "help", None))
        result = self.broadcast(found)
        if error or isinstance(result, ReportedElsewhere):
            raise error or cast("ReportedElsewhere", result)
        return cast("Value", result)

    def on_all_ranks(self, action: Callable[[], Value]) -> Value:
        """Runs an action on each process, which gets its own result. An error of one stops all; it is reported once."""
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
            raise ReportedElsewhere(text("process {rank} cannot go on", rank=first))
        return found

    def replicate(self, module: nn.Sequential, device: torch.device) -> nn.Module:
        """The net as the loop calls it; its gradients are the means over all processes."""
        if self.alone:
            return module
        devices = [device] if device.type == "cuda" else None
        return DistributedDataParallel(synchronize_batchnorm(module, device), devices)

    def seed_apart(self, seed: int) -> None:
        """Gives each process random numbers of its own, for dropout; a process alone keeps those of the seed."""
        if not self.alone:
            torch.manual_seed(seed_of(seed, self.rank))

    def _reduce(self, values: Sequence[float], operation: dist.ReduceOp.RedOpType) -> list[float]:
        if self.alone:
            return list(values)
        tensor = torch.tensor(values, dtype=torch.float64)  # on the CPU: numbers of Python, which no GPU has computed
        dist.all_reduce(tensor, operation)
        return cast("list[float]", tensor.tolist())


ALONE = Team()

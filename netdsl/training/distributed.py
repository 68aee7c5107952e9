"""Several processes that train one net: who they are, what they add up, and how the net is shared among them.

torch starts the processes (`torchrun`, or `netdsl run --nproc 2`) and keeps their gradients equal; each is served its
share of the same global batches, and the first of them speaks, logs and saves for all.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any, TypeVar, cast

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.distributed_c10d import PrefixStore, Store
from torch.distributed.rendezvous import rendezvous
from torch.nn.parallel import DistributedDataParallel

from netdsl.data import DataError
from netdsl.data.randomness import seed_of
from netdsl.training.errors import TrainingError

Value = TypeVar("Value")
NAMELESS = "none"
"""What torch calls a job that nobody named."""

PATIENCE, GLANCE = 600.0, 0.02
"""Seconds that the first process waits for the others, and between two looks."""

BACKENDS = {"cpu": "gloo", "cuda": "cpu:gloo,cuda:nccl"}


@dataclass(frozen=True)
class Team:
    """The processes of a run, seen from one of them.

    Args:
        rank: which it is; the first leads.
        world: how many there are.
        local: which it is on its own machine.
        restarts: how often this process was started anew after one of the team died.
        launch: what the launcher calls the job, which stays when it starts the team anew.
    """

    rank: int = 0
    world: int = 1
    local: int = 0
    restarts: int = 0
    launch: str = NAMELESS

    @property
    def alone(self) -> bool:
        """Whether there is no other process."""
        return self.world == 1

    @property
    def leads(self) -> bool:
        """Whether it speaks, logs and saves for all."""
        return self.rank == 0

    def sum(self, values: Sequence[float]) -> list[float]:
        """The sums over all processes."""
        return self._reduced(values, dist.ReduceOp.SUM)

    def highest(self, values: Sequence[float]) -> list[float]:
        """The highest values over all processes."""
        return self._reduced(values, dist.ReduceOp.MAX)

    def total(self, value: Tensor) -> Tensor:
        """The sum of a tensor over all processes, where it lies."""
        if not self.alone:
            dist.all_reduce(value)
        return value

    def agree(self, value: Value) -> Value:
        """What the leader has."""
        if self.alone:
            return value
        box = [value]
        dist.broadcast_object_list(box, src=0)
        return box[0]

    def led(self, action: Callable[[], Value]) -> Value:
        """What the leader's action comes to, for all; what stops the leader stops all."""
        if self.alone:
            return action()
        found: Value | TrainingError | DataError | None = None
        if self.leads:
            try:
                found = action()
            except (TrainingError, DataError) as error:
                found = error
        agreed = self.agree(found)
        if isinstance(agreed, TrainingError | DataError):
            raise agreed
        return cast("Value", agreed)

    def gather(self, value: Value) -> list[Value]:
        """What each has, in the order of the ranks."""
        if self.alone:
            return [value]
        found: list[Any] = [None] * self.world
        dist.all_gather_object(found, value)
        return found

    def share(self, module: nn.Module, device: torch.device) -> nn.Module:
        """The net as it is called: its gradients are the means over all processes."""
        if self.alone:
            return module
        if device.type == "cuda":
            module = nn.SyncBatchNorm.convert_sync_batchnorm(module)  # type: ignore[no-untyped-call]
        return DistributedDataParallel(module, [device] if device.type == "cuda" else None)

    def diverge(self, seed: int) -> None:
        """Gives each process random numbers of its own, for dropout; alone it keeps those of the seed."""
        if not self.alone:
            torch.manual_seed(seed_of(seed, self.rank))

    def restarted(self, launch: str) -> bool:
        """Whether the team was started anew: some process knows it, or the job has the name of one seen before."""
        return self.highest([self.restarts])[0] > 0 or self.launch == launch != NAMELESS

    def _reduced(self, values: Sequence[float], how: Any) -> list[float]:
        if self.alone:
            return list(values)
        tensor = torch.tensor(values, dtype=torch.float64)
        dist.all_reduce(tensor, how)
        return cast("list[float]", tensor.tolist())


ALONE = Team()


def expected_team() -> Team:
    """The team that the environment speaks of, which torch's launcher sets."""
    names = {"rank": "RANK", "world": "WORLD_SIZE", "local": "LOCAL_RANK", "restarts": "TORCHELASTIC_RESTART_COUNT"}
    numbers = {name: int(os.environ[variable]) for name, variable in names.items() if variable in os.environ}
    return Team(**numbers, launch=os.environ.get("TORCHELASTIC_RUN_ID", NAMELESS))


@contextmanager
def joined(team: Team, device: torch.device) -> Iterator[None]:
    """Meets the other processes, and leaves them at the end."""
    if team.alone:
        yield
        return
    store, _, _ = next(iter(rendezvous("env://")))
    backend = BACKENDS.get(device.type, "gloo")
    dist.init_process_group(backend, store=_cleared(store, team), rank=team.rank, world_size=team.world)
    try:
        yield
    finally:
        dist.destroy_process_group()


def _cleared(store: Store, team: Team) -> Store:
    """A part of the store that nobody has used before.

    torch's launcher keeps the store when it starts a team anew, with the addresses of those who died in it; a process
    that reads one of them waits for ever. So the first process gives out a new name, to those alone who ask it now.
    """
    if team.leads:
        name = _welcome(store, team)
    else:
        asked = uuid.uuid4().hex
        store.set(f"hello/{team.rank}", asked)
        name = store.get(f"welcome/{asked}").decode()
        store.set(f"heard/{name}/{team.rank}", "")
    return PrefixStore(name, store)


def _welcome(store: Store, team: Team) -> str:
    name = uuid.uuid4().hex
    missing = set(range(1, team.world))
    deadline = monotonic() + PATIENCE
    while missing:
        for rank in missing:
            if store.check([f"hello/{rank}"]):
                store.set(f"welcome/{store.get(f'hello/{rank}').decode()}", name)
        missing = {rank for rank in missing if not store.check([f"heard/{name}/{rank}"])}
        if monotonic() > deadline:
            raise TrainingError(f"process {min(missing)} of {team.world} has not come", "look at what it says itself")
        sleep(GLANCE)
    return name

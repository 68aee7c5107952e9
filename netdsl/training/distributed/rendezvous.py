"""How the processes of a team find each other, and how they part."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep

import torch
import torch.distributed as dist
from torch.distributed.distributed_c10d import PrefixStore, Store
from torch.distributed.rendezvous import rendezvous

from netdsl.core.errors import PeerLost, TrainingError
from netdsl.training.distributed.process_group import Team

PATIENCE, GLANCE = 600.0, 0.02
"""Seconds that the first process waits for the others, and between two looks."""

BACKENDS = {"cpu": "gloo", "cuda": "cpu:gloo,cuda:nccl"}
VARIABLES = {
    "rank": "RANK",
    "world": "WORLD_SIZE",
    "local": "LOCAL_RANK",
    "local_world": "LOCAL_WORLD_SIZE",
    "restarts": "TORCHELASTIC_RESTART_COUNT",
}
NAMELESS = "none"
"""What torch calls a job that nobody named."""

ANEW = "with torchrun's `--max-restarts=3` all start anew, from the last checkpoint"
START = "start the processes with `netdsl run FILE --nproc 2`, or with torchrun"


def expected_team() -> Team:
    """The team that the environment speaks of, which torch's launcher sets."""
    numbers = {name: _number(variable) for name, variable in VARIABLES.items() if variable in os.environ}
    if numbers.get("world", 1) < 1 or numbers.get("rank", 0) >= numbers.get("world", 1):
        raise TrainingError(f"`RANK={numbers.get('rank', 0)}` is none of `WORLD_SIZE={numbers.get('world', 1)}`", START)
    name = os.environ.get("TORCHELASTIC_RUN_ID", "")
    named = name not in ("", NAMELESS)
    return Team(**numbers, launch=name if named or not name else f"{socket.gethostname()}:{os.getppid()}", named=named)


@contextmanager
def join(team: Team, device: torch.device) -> Iterator[None]:
    """Meets the other processes, and leaves them at the end; a collective that fails is another process that died."""
    if team.alone:
        yield
        return
    _meet(team, device)
    try:
        yield
    except RuntimeError as error:
        if isinstance(error, dist.DistError) or "gloo" in str(error).lower():
            raise PeerLost(f"process {team.rank} has lost another one of the team", ANEW) from error
        raise
    finally:
        dist.destroy_process_group()


def _meet(team: Team, device: torch.device) -> None:
    place = f"{os.environ.get('MASTER_ADDR', '?')}:{os.environ.get('MASTER_PORT', '?')}"
    try:
        store, _, _ = next(iter(rendezvous("env://")))
        backend = BACKENDS.get(device.type, "gloo")
        dist.init_process_group(backend, store=_cleared(store, team), rank=team.rank, world_size=team.world)
    except (ValueError, RuntimeError) as error:
        message = f"process {team.rank} of {team.world} meets nobody at {place}: {_why(error)}"
        raise TrainingError(message, START) from error


def _why(error: Exception) -> str:
    """A cause in a phrase: torch's own are pages long."""
    text = str(error)
    if "EADDRINUSE" in text or "address already in use" in text:
        return "another program uses that port; choose one with `--rdzv-endpoint=HOST:PORT` or `--master-port`"
    if "environment variable" in text:
        return f"{text[text.index('environment variable') :].split(',')[0]} is not set"
    return text.splitlines()[0]


def _number(variable: str) -> int:
    try:
        return int(os.environ[variable])
    except ValueError as error:
        raise TrainingError(f"`{variable}={os.environ[variable]}` is no whole number", START) from error


def _cleared(store: Store, team: Team) -> Store:
    """A part of the store that nobody has used before.

    torch's launcher keeps the store when it starts a team anew, with the addresses of those who died in it; a process
    that reads one of them waits for ever. So the first process gives out a new name, to those alone who ask it now.
    """
    if team.is_rank0:
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

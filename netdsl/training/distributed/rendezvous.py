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
from netdsl.core.text import text
from netdsl.training.distributed.process_group import Team

PATIENCE, PAUSE = 600.0, 0.02
"""Seconds that the first process waits for the others, and seconds between two looks."""

BACKENDS = {"cpu": "gloo", "cuda": "cpu:gloo,cuda:nccl"}
"""gloo beside NCCL: objects and single numbers travel between CPUs without a wait for the GPU."""

VARIABLES = {
    "rank": "RANK",
    "world": "WORLD_SIZE",
    "local": "LOCAL_RANK",
    "local_world": "LOCAL_WORLD_SIZE",
    "restarts": "TORCHELASTIC_RESTART_COUNT",
}
NAMELESS = "none"
"""torch's name for a job that nobody has named."""

RESTART = "with `--max-restarts=3`, torchrun starts all processes anew, and they go on from the last checkpoint"
START = "start the processes with `netdsl run FILE --nproc 2`, or with torchrun"


def expected_team() -> Team:
    """The team that torch's launcher describes in the environment."""
    numbers = {name: _read_number(variable) for name, variable in VARIABLES.items() if variable in os.environ}
    rank, world = numbers.get("rank", 0), numbers.get("world", 1)
    if world < 1 or rank >= world:
        raise TrainingError(text("`RANK={rank}` is none of `WORLD_SIZE={world}`", rank=rank, world=world), START)
    name = os.environ.get("TORCHELASTIC_RUN_ID", "")
    named = name not in ("", NAMELESS)
    return Team(**numbers, launch=name if named or not name else f"{socket.gethostname()}:{os.getppid()}", named=named)


@contextmanager
def join(team: Team, device: torch.device) -> Iterator[None]:
    """Meets the other processes, and leaves them at the end.

    Raises:
        TrainingError: they cannot be reached.
        PeerLost: another process has died, which a collective that fails tells.
    """
    if team.alone:
        yield
        return
    _meet(team, device)
    try:
        yield
    except RuntimeError as error:
        # gloo raises a plain RuntimeError, which only its words tell from others.
        if isinstance(error, dist.DistError) or "gloo" in str(error).lower():
            raise PeerLost(
                text("process {rank} has lost another process of the team", rank=team.rank), RESTART
            ) from error
        raise
    finally:
        dist.destroy_process_group()


def _meet(team: Team, device: torch.device) -> None:
    try:
        store, _, _ = next(iter(rendezvous("env://")))
        backend = BACKENDS.get(device.type, "gloo")
        dist.init_process_group(backend, store=_make_fresh(store, team), rank=team.rank, world_size=team.world)
    except (ValueError, RuntimeError) as error:
        raise TrainingError(
            text(
                "process {rank} of {world} meets nobody at {host}:{port}: {cause}",
                rank=team.rank,
                world=team.world,
                host=os.environ.get("MASTER_ADDR", "?"),
                port=os.environ.get("MASTER_PORT", "?"),
                cause=_find_cause(error),
            ),
            START,
        ) from error


def _find_cause(error: Exception) -> str:
    """The cause in a phrase; torch's own messages are pages long."""
    message = str(error)
    if "EADDRINUSE" in message or "address already in use" in message:
        return text("another program uses that port; choose one with `--rdzv-endpoint=HOST:PORT` or `--master-port`")
    if "environment variable" in message:
        variable = message.split("environment variable", 1)[1].split()[0]
        return text("the environment variable `{variable}` is not set", variable=variable)
    return message.splitlines()[0]


def _read_number(variable: str) -> int:
    try:
        return int(os.environ[variable])
    except ValueError as error:
        value = os.environ[variable]
        message = text("`{variable}={value}` is not a whole number", variable=variable, value=value)
        raise TrainingError(message, START) from error


def _make_fresh(store: Store, team: Team) -> Store:
    """A part of the store that nobody has used before.

    torch's launcher keeps the store when it starts a team anew, and with it the addresses of processes that have died.
    A process that reads one of them waits for ever. So the first process gives a new name to those that ask for it now.
    """
    if team.is_rank0:
        name = _give_name(store, team)
    else:
        request = uuid.uuid4().hex
        store.set(f"hello/{team.rank}", request)
        name = store.get(f"welcome/{request}").decode()
        store.set(f"heard/{name}/{team.rank}", "")
    return PrefixStore(name, store)


def _give_name(store: Store, team: Team) -> str:
    name = uuid.uuid4().hex
    missing = set(range(1, team.world))
    deadline = monotonic() + PATIENCE
    while missing:
        for rank in missing:
            # Answered again and again: the request may be one of a process that has died, and a new one may follow.
            if store.check([f"hello/{rank}"]):
                store.set(f"welcome/{store.get(f'hello/{rank}').decode()}", name)
        missing = {rank for rank in missing if not store.check([f"heard/{name}/{rank}"])}
        if monotonic() > deadline:
            raise TrainingError(
                text("process {rank} of {world} has not come", rank=min(missing), world=team.world),
                "read what that process says itself",
            )
        sleep(PAUSE)
    return name

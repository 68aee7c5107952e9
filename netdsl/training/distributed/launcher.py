"""`netdsl run --nproc 2`: the command in several processes, started, watched and started anew by torch's launcher."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import tempfile
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

VERDICT = "NETDSL_VERDICT"
"""The environment variable that names the file where a process writes why starting anew would be in vain."""

RESTARTS = 3


def launch(arguments: Sequence[str], processes: int, run: Path) -> int:
    """Runs `python -m netdsl ARGUMENTS` in so many processes, whose folder is `run`; the exit status of the whole.

    A process that dies is no reason to give up: all are started anew, and go on from the last checkpoint.
    """
    with tempfile.TemporaryDirectory(prefix="netdsl-") as folder:
        verdict = Path(folder) / "verdict.json"
        os.environ[VERDICT] = str(verdict)
        os.environ.setdefault("OMP_NUM_THREADS", str(max(1, _cores() // processes)))
        status, message = _run(arguments, processes)
        if message and (run / "run.json").exists():
            message += f"; go on with `netdsl run --resume {run} --nproc {processes}`"
        if verdict.exists():
            said: dict[str, Any] = json.loads(verdict.read_text("utf-8"))
            status, message = said["status"], said["message"]
    if message:
        print(message, file=sys.stderr)
    return status


def launched() -> bool:
    """Whether `launch` has started this process, and says what there is to say."""
    return VERDICT in os.environ


def report_to_parent(message: str, status: int) -> bool:
    """Leaves the verdict for the launcher, if there is one: whether somebody else will say it."""
    path = os.environ.get(VERDICT)
    if path is None:
        return False
    Path(path).write_text(json.dumps({"message": message, "status": status}), "utf-8")
    return True


def already_failed() -> bool:
    """Whether a verdict has been left, so that there is nothing to start for."""
    path = os.environ.get(VERDICT)
    return path is not None and Path(path).exists()


def _run(arguments: Sequence[str], processes: int) -> tuple[int, str]:
    """The exit status, and why it is not 0."""
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    logging.disable()  # what matters is said by the processes
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=processes,
        run_id=uuid.uuid4().hex,
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        max_restarts=RESTARTS,
    )
    try:
        elastic_launch(config, sys.executable)("-u", "-m", "netdsl", *arguments)
    except ChildFailedError as failed:
        rank, failure = failed.get_first_failure()
        how = f"was ended by {signal.Signals(-failure.exitcode).name}" if failure.exitcode < 0 else "failed"
        return 1, f"error: process {rank} {how}, and starting all anew {RESTARTS} times did not help"
    except SignalException as stopped:
        return 128 + int(stopped.sigval), f"stopped by {signal.Signals(stopped.sigval).name}"
    return 0, ""


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

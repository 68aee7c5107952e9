"""`netdsl run --nproc 2`: the command in several processes, which torch's launcher starts, watches and restarts."""

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
from typing import TypedDict

from netdsl.core.text import text

VERDICT = "NETDSL_VERDICT"
"""The environment variable with the path of a file in which a process reports an error that a restart cannot cure."""

RESTARTS = 3


class FailureReport(TypedDict):
    """What a process reports to the launcher, which says it in the end."""

    message: str
    status: int


def launch(arguments: Sequence[str], processes: int, run: Path) -> int:
    """Runs `python -P -m netdsl ARGUMENTS` in so many processes; `run` is the run's folder. Returns the exit status.

    Where a process dies, all are started anew, and go on from the last checkpoint.
    """
    with tempfile.TemporaryDirectory(prefix="netdsl-") as folder:
        report = Path(folder) / "verdict.json"
        os.environ[VERDICT] = str(report)
        # torch would take all the cores in each process, and the processes would take them from each other.
        os.environ.setdefault("OMP_NUM_THREADS", str(max(1, _count_cores() // processes)))
        status, message = _run(arguments, processes)
        if message and (run / "run.json").exists():
            message = text(
                "{message}; go on with `netdsl run --resume {run} --nproc {processes}`",
                message=message,
                run=run,
                processes=processes,
            )
        if report.exists():
            reported: FailureReport = json.loads(report.read_text("utf-8"))
            status, message = reported["status"], reported["message"]
    if message:
        print(message, file=sys.stderr)
    return status


def launched() -> bool:
    """Whether `launch` has started this process, and reports its errors."""
    return VERDICT in os.environ


def report_to_parent(message: str, status: int) -> bool:
    """Leaves an error for the launcher, which then restarts nothing; False where there is no launcher."""
    path = os.environ.get(VERDICT)
    if path is None:
        return False
    report: FailureReport = {"message": message, "status": status}
    Path(path).write_text(json.dumps(report), "utf-8")
    return True


def already_failed() -> bool:
    """Whether a process has reported an error before this one was started, so that this one need not begin."""
    path = os.environ.get(VERDICT)
    return path is not None and Path(path).exists()


def _run(arguments: Sequence[str], processes: int) -> tuple[int, str]:
    """The exit status, and why it is not 0."""
    # Imported here, for it takes a second, and every command of netdsl asks whether it was launched.
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    logging.disable()  # the launcher would log pages; the processes themselves say what matters
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
        # `-P`, for with `-m` alone Python imports from the current folder first, where anybody's `torch.py` may lie.
        elastic_launch(config, sys.executable)("-u", "-P", "-m", "netdsl", *arguments)
    except ChildFailedError as failed:
        rank, failure = failed.get_first_failure()
        if failure.exitcode >= 0:
            template = "error: process {rank} failed, and starting all anew {restarts} times did not help"
            return 1, text(template, rank=rank, restarts=RESTARTS)
        template = "error: process {rank} was ended by {signal}, and starting all anew {restarts} times did not help"
        name = signal.Signals(-failure.exitcode).name
        return 1, text(template, rank=rank, signal=name, restarts=RESTARTS)
    except SignalException as stopped:
        return 128 + int(stopped.sigval), text("stopped by {signal}", signal=signal.Signals(stopped.sigval).name)
    return 0, ""


def _count_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

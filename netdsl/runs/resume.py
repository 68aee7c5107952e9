"""Where a run begins: in a new folder, or where an earlier one was left."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from netdsl.program import Experiment
from netdsl.runs.about import RunAbout, read_about
from netdsl.runs.checkpoint import load
from netdsl.runs.folder import (
    RunFolder,
    create_folder,
    explain_unwritable_folder,
    open_folder,
    require_free,
    runs_of,
)
from netdsl.training.distributed.process_group import Team


@dataclass(frozen=True)
class Beginning:
    """Where a run begins.

    Args:
        out: the folder that a new run should have; None: one is named after the file and the time.
        resumed: the run to go on with; None for a new one.
        state: the state of the checkpoint to go on from; None where there is none yet.
        init: the weights to begin with, of a file or a run: what the user gives now, or gave the resumed run.
    """

    out: Path | None = None
    resumed: RunFolder | None = None
    state: Mapping[str, Any] | None = None
    init: str | None = None

    @property
    def step(self) -> int:
        """How many steps have been taken."""
        return int(self.state["position"][-1]) if self.state else 0

    @property
    def epochs(self) -> int:
        """How many epochs are over."""
        return int(self.state["position"][0]) if self.state else 0


def find_beginning(
    name: str, team: Team, *, out: Path | None, resume: Path | None, init: str | None, restarted: bool
) -> Beginning:
    """Finds out where a run begins; nothing is written. A team that was restarted goes on with the run it had begun."""
    left = _find_left_run(name, out, resume, team, restarted=restarted) or resume
    if left is None:
        if out:
            require_free(out)
        return Beginning(out=out, init=init)
    folder, chosen = open_folder(left)
    checkpoint = load(chosen, folder.net) if chosen else folder.checkpoints.latest(folder.net)
    if checkpoint:
        return Beginning(resumed=folder, state=checkpoint.state)
    # No step was saved, so the whole beginning is done again, its first weights included.
    return Beginning(resumed=folder, init=folder.about.get("init"))


def begin_folder(beginning: Beginning, experiment: Experiment, about: RunAbout) -> RunFolder:
    """Makes the folder of a new run, or takes the one of a resumed run back to the step that it goes on from."""
    folder = beginning.resumed
    if folder is None:
        return create_folder(experiment.source.name, beginning.out, experiment.source.text, about)
    with explain_unwritable_folder(folder.path):
        folder.checkpoints.rewind(beginning.step)
        folder.describe(speed=about["speed"], data=about["data"], status="running")
    return folder


def _find_left_run(name: str, out: Path | None, resume: Path | None, team: Team, *, restarted: bool) -> Path | None:
    """The folder that this launch has begun: the launcher's name for the job stands in its `run.json`."""
    if not restarted and not team.named:
        return None
    if resume:
        return open_folder(resume)[0].path if restarted else None
    for folder in [out] if out else runs_of(name):
        with suppress(OSError, ValueError):
            if read_about(folder).get("launch") == team.launch:
                return folder
    return None

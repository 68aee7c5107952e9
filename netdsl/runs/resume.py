"""Where a run begins: in a new folder, or where it was left."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from netdsl.program import Experiment
from netdsl.training.machine.device import device_name
from netdsl.training.distributed.process_group import Team
from netdsl.runs.checkpoint import load
from netdsl.runs.folder import RunFolder, create_folder, open_folder, runs_of


@dataclass(frozen=True)
class Place:
    """Where the user wants a run: in a folder (None: one is made), or where another one was left."""

    out: Path | None = None
    resume: Path | None = None


@dataclass(frozen=True)
class Beginning:
    """A run's folder; whether it was there before, and the state of the checkpoint to go on from."""

    folder: RunFolder
    resumed: bool = False
    state: dict[str, Any] | None = None

    @property
    def step(self) -> int:
        """How many steps have been taken."""
        return int(self.state["position"][-1]) if self.state else 0


def begin(
    experiment: Experiment, device: torch.device, place: Place, team: Team, restarted: bool, about: Mapping[str, Any]
) -> Beginning:
    """Opens the folder of a run; a team that was started anew finds the one that it had begun."""
    name = experiment.source.name
    if resumed := _left_by(team, name, place, restarted) or place.resume:
        return _go_on(resumed)
    known = {"name": name, "device": device_name(device), "seed": experiment.train.seed, "launch": team.launch}
    return Beginning(create_folder(name, place.out, experiment.source.text, {**known, **about}))


def _go_on(path: Path) -> Beginning:
    folder, chosen = open_folder(path)
    checkpoint = load(chosen, folder.net) if chosen else folder.checkpoints.latest(folder.net)
    beginning = Beginning(folder, resumed=True, state=checkpoint.state if checkpoint else None)
    folder.checkpoints.rewind(beginning.step)
    return beginning


def _left_by(team: Team, name: str, place: Place, restarted: bool) -> Path | None:
    """The folder that this launch had begun: it is told by the launcher's name for the job."""
    if not restarted and not team.named:
        return None
    if place.resume:
        return open_folder(place.resume)[0].path if restarted else None
    for folder in [place.out] if place.out else runs_of(name):
        with suppress(OSError, ValueError):
            about = json.loads((folder / "run.json").read_text("utf-8"))
            if about.get("launch") == team.launch:
                return folder
    return None

"""The folder of a run: everything one needs to see what was done, to use it, and to go on with it."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from netdsl import __version__
from netdsl.core.errors import TrainingError
from netdsl.core.files import reason, write_atomically
from netdsl.runs.checkpoint import Checkpoints
from netdsl.runs.files import remove_partial, safetensors_bytes, write_json

RUNS = Path("runs")


@dataclass(frozen=True)
class RunFolder:
    """A run's files: `run.net`, `run.json`, `metrics.jsonl`, `tensorboard/`, `checkpoints/`, `model.safetensors`."""

    path: Path

    @property
    def about(self) -> dict[str, Any]:
        """What `run.json` says: versions, device, arguments, and how the run ended."""
        about: dict[str, Any] = json.loads((self.path / "run.json").read_text("utf-8"))
        return about

    @property
    def net(self) -> str:
        """The text that was run, as it was written, so that its lines are those of its author's file."""
        return (self.path / "run.net").read_text("utf-8")

    @property
    def checkpoints(self) -> Checkpoints:
        """The last checkpoints."""
        return Checkpoints(self.path / "checkpoints")

    @property
    def weights(self) -> Path:
        """The weights that the run ended with."""
        return self.path / "model.safetensors"

    def weights_of(self, epoch: int) -> Path:
        """The weights of an epoch, which lie there while it is one of the best."""
        return self.path / "checkpoints" / f"epoch-{epoch:04}.safetensors"

    def keep_epochs(self, epochs: Collection[int]) -> None:
        """Removes the weights of every other epoch."""
        kept = {self.weights_of(epoch) for epoch in epochs}
        for path in set((self.path / "checkpoints").glob("epoch-*.safetensors")) - kept:
            path.unlink(missing_ok=True)

    def describe(self, **about: Any) -> None:
        """Adds to `run.json`."""
        known = self.about if (self.path / "run.json").exists() else {}
        write_json(self.path / "run.json", known | about)

    def save_weights(self, path: Path, weights: Mapping[str, Tensor], about: Mapping[str, Any]) -> None:
        """Writes weights, row-major, under the keys of the net's `state_dict`, with its text in the header."""
        path.parent.mkdir(exist_ok=True)
        metadata = {"format": "pt", "net": self.net, "about": json.dumps(about)}
        write_atomically(path, safetensors_bytes(weights, metadata))


def create_folder(name: str, out: Path | None, net: str, about: Mapping[str, Any]) -> RunFolder:
    """A new run's folder: `out`, or `runs/<name>/<time>`."""
    path = out or default_folder(name)
    if (path / "run.json").exists():
        raise TrainingError(f"`{path}` holds a run already", f"choose another folder, or write `--resume {path}`")
    folder = RunFolder(path)
    with writing(path):
        path.mkdir(parents=True, exist_ok=True)
        write_atomically(path / "run.net", net.encode())
        folder.describe(**_surroundings(), **about)
    return folder


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Says which folder it is that cannot be written to."""
    try:
        yield
    except OSError as error:
        advice = "make room, or choose another folder with `--out`"
        raise TrainingError(f"cannot write to `{path}`: {reason(error)}", advice) from error


def open_folder(path: Path) -> tuple[RunFolder, Path | None]:
    """The run at a path, and the checkpoint where the path names one of its checkpoints."""
    checkpoint = path if path.suffix == ".safetensors" else None
    root = path.parent.parent if checkpoint else path
    if not (root / "run.json").is_file():
        raise TrainingError(f"`{path}` is no run: it has no `run.json`", "give the folder that `netdsl run` made")
    for folder in (root, root / "checkpoints"):
        remove_partial(folder)
    return RunFolder(root), checkpoint


def default_folder(name: str) -> Path:
    """`runs/digits/2026-11-22_08-38-08` for `examples/digits.net`."""
    return _unused(_home(name) / datetime.now().strftime("%Y-%m-%d_%H-%M-%S"))


def runs_of(name: str) -> list[Path]:
    """The folders that runs of a file were given, the newest first."""
    return sorted(_home(name).glob("*"), reverse=True)


def _home(name: str) -> Path:
    return RUNS / (Path(name).stem.strip("<>") or "net")


def _unused(path: Path) -> Path:
    candidate, number = path, 1
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{path.name}_{number}")
    return candidate


def _surroundings() -> dict[str, Any]:
    return {
        "versions": {"netdsl": __version__, "torch": torch.__version__, "python": platform.python_version()},
        "platform": platform.platform(),
        "command": sys.argv,
        "started": datetime.now().astimezone().isoformat(timespec="seconds"),
    }

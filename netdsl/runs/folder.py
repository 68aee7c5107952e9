"""The folder of a run: all that one needs to see what was done, to use it, and to go on with it."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Unpack

import torch
from torch import Tensor

from netdsl import __version__
from netdsl.core.errors import TrainingError
from netdsl.core.files import is_full, reason, require_regular, write_atomically
from netdsl.core.text import text
from netdsl.runs.about import CARRIED, RunAbout, read_about
from netdsl.runs.checkpoint import Checkpoints
from netdsl.runs.files import remove_partial, safetensors_bytes, write_json
from netdsl.runs.source import describe_carried

RUNS = Path("runs")


@dataclass(frozen=True)
class RunFolder:
    """A run's files: `run.net`, `run.json`, `metrics.jsonl`, `tensorboard/`, `checkpoints/`, `model.safetensors`."""

    path: Path

    @property
    def about(self) -> RunAbout:
        """What `run.json` says: versions, device, arguments, and how the run ended."""
        return read_about(self.path)

    @property
    def net(self) -> str:
        """The text that was run, as it was written, so that its lines are those of its author's file."""
        return require_regular(self.path / "run.net").read_text("utf-8")

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

    def describe(self, **about: Unpack[RunAbout]) -> None:
        """Adds to `run.json`."""
        known = self.about if (self.path / "run.json").exists() else {}
        write_json(self.path / "run.json", {**known, **about})

    def save_weights(self, path: Path, weights: Mapping[str, Tensor], about: Mapping[str, float]) -> None:
        """Writes weights, row-major, under the keys of the net's `state_dict`, with its text and data in the header."""
        path.parent.mkdir(exist_ok=True)
        metadata = {"format": "pt", "net": self.net, "about": json.dumps(about), CARRIED: describe_carried(self.about)}
        write_atomically(path, safetensors_bytes(weights, metadata))


def create_folder(name: str, out: Path | None, net: str, about: RunAbout) -> RunFolder:
    """Makes a new run's folder: `out`, or `runs/<name>/<time>`. Where it cannot be written, nothing stays."""
    with explain_unwritable_folder(out or RUNS):
        path = _make(name, out)
        require_free(path)
        folder = RunFolder(path)
        try:
            write_atomically(path / "run.net", net.encode())
            # `run.json` last, in one step: a folder that has it is a run, and can be resumed.
            surroundings: RunAbout = {**_surroundings(), **about}
            folder.describe(**surroundings)
        except OSError:
            with suppress(OSError):
                (path / "run.net").unlink(missing_ok=True)
                path.rmdir()  # unless there is something else in it
            raise
    return folder


def require_free(path: Path) -> None:
    """Refuses a folder that holds a run already."""
    if (path / "run.json").exists():
        raise TrainingError(
            text("`{folder}` holds a run already", folder=path),
            text("choose another folder, or write `--resume {folder}`", folder=path),
        )


@contextmanager
def explain_unwritable_folder(path: Path) -> Iterator[None]:
    """Turns an error of the disk into one that says which folder cannot be written to.

    Raises:
        TrainingError: in the place of an OSError.
    """
    try:
        yield
    except OSError as error:
        raise TrainingError(
            text("cannot write to `{folder}`: {reason}", folder=path, reason=reason(error)),
            "make room, or choose another folder with `--out`"
            if is_full(error)
            else "choose another folder with `--out`, or make this one writable",
        ) from error


def open_folder(path: Path) -> tuple[RunFolder, Path | None]:
    """The run at a path, and the checkpoint where the path names one of its checkpoints."""
    checkpoint = path if path.suffix == ".safetensors" else None
    root = path.parent.parent if checkpoint else path
    if not (root / "run.json").is_file():
        raise TrainingError(
            text("`{folder}` is no run: it has no `run.json`", folder=path), "give the folder that `netdsl run` made"
        )
    for folder in (root, root / "checkpoints"):
        remove_partial(folder)
    return RunFolder(root), checkpoint


def default_folder(name: str) -> Path:
    """`runs/digits/2026-11-22_08-38-08` for `examples/digits.net`."""
    return _unused(_home(name) / datetime.now().strftime("%Y-%m-%d_%H-%M-%S"))


def runs_of(name: str) -> list[Path]:
    """The folders that runs of a file were given, the newest first."""
    return sorted(_home(name).glob("*"), reverse=True)


def _make(name: str, out: Path | None) -> Path:
    if out:
        out.mkdir(parents=True, exist_ok=True)
        return out
    while True:
        path = default_folder(name)
        with suppress(FileExistsError):  # another run that began in the same second has just taken it
            path.mkdir(parents=True)
            return path


def _home(name: str) -> Path:
    return RUNS / (Path(name).stem.strip("<>") or "net")


def _unused(path: Path) -> Path:
    candidate, number = path, 1
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{path.name}_{number}")
    return candidate


def _surroundings() -> RunAbout:
    return {
        "versions": {"netdsl": __version__, "torch": torch.__version__, "python": platform.python_version()},
        "platform": platform.platform(),
        "command": sys.argv,
        "started": datetime.now().astimezone().isoformat(timespec="seconds"),
    }

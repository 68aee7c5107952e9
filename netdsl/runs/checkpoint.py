"""Checkpoints: the whole state of a run in one safetensors file, which is written in one step and checked when read.

Any reader of safetensors sees the tensors (`model/0.weight`); everything else is JSON in the file's header, beside the
net's text and a SHA-256 over all of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor

from netdsl.core.errors import TrainingError, in_a_line
from netdsl.core.files import reason, require_regular, write_atomically
from netdsl.core.text import Text, text
from netdsl.runs.about import CARRIED
from netdsl.runs.files import remove_partial, safetensors_bytes

FORMAT = "netdsl-checkpoint-1"
KEPT = 2
"""How many checkpoints stay: the one before the last is there should the last be damaged."""

DIGITS = 8


@dataclass(frozen=True)
class Checkpoint:
    """What a file of this format holds: the text of the net, the state, and what `describe_carried` says of the run."""

    net: str
    state: Mapping[str, object]
    run: str = "{}"


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Writes a checkpoint in one step; its tensors may be on any device. `OSError` where the disk refuses."""
    tensors: dict[str, Tensor] = {}
    body = json.dumps(_pack(checkpoint.state, tensors, ""))
    metadata = {"format": FORMAT, "net": checkpoint.net, "state": body, CARRIED: checkpoint.run}
    metadata["checksum"] = _checksum(metadata, tensors)
    write_atomically(path, safetensors_bytes(tensors, metadata))


def load(path: Path, net: str | None = None) -> Checkpoint:
    """Reads a checkpoint; with `net` one of that net.

    Raises:
        TrainingError: the file is damaged, is no checkpoint of netdsl, or is of another net; the message names it.
    """
    try:
        content = require_regular(path).read_bytes()
    except OSError as error:
        raise TrainingError(
            text("cannot read the checkpoint `{path}`: {reason}", path=path, reason=reason(error))
        ) from error
    metadata = _metadata(content, path)
    try:
        tensors = safetensors.torch.load(content)
        whole = metadata["checksum"] == _checksum(metadata, tensors)
    except (safetensors.SafetensorError, KeyError, TypeError, ValueError, RuntimeError):
        whole = False
    if not whole:
        raise TrainingError(
            text("the checkpoint `{path}` is damaged: its checksum does not match its content", path=path)
        )
    if net not in (None, metadata["net"]):
        raise TrainingError(text("the checkpoint `{path}` is of another net than `run.net` beside it", path=path))
    try:
        state = _unpack(json.loads(metadata["state"]), tensors)
    # A file made by hand may have the right checksum over anything.
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise TrainingError(
            text("the checkpoint `{path}` holds no state of a run: {reason}", path=path, reason=in_a_line(error))
        ) from error
    if not isinstance(state, dict):
        raise TrainingError(text("the checkpoint `{path}` holds no state of a run", path=path))
    return Checkpoint(metadata["net"], state, metadata.get(CARRIED, "{}"))


class Checkpoints:
    """The last checkpoints of a run: `step-00000300.safetensors` and the one before it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, step: int) -> Path:
        """Where the checkpoint of a step lies."""
        return self.folder / f"step-{step:0{DIGITS}}.safetensors"

    def steps(self) -> list[int]:
        """The steps that have a checkpoint, in order."""
        names = (path.stem.removeprefix("step-") for path in self.folder.glob("step-*.safetensors"))
        return sorted(int(name) for name in names if name.isdecimal() and len(name) >= DIGITS)

    def save(self, step: int, checkpoint: Checkpoint) -> None:
        """Writes the checkpoint of a step, and then removes the oldest."""
        self.folder.mkdir(exist_ok=True)
        save(self.path(step), checkpoint)
        for old in self.steps()[:-KEPT]:
            self.path(old).unlink(missing_ok=True)

    def latest(self, net: str | None = None) -> Checkpoint | None:
        """The newest checkpoint; None where there is none yet.

        Raises:
            TrainingError: `load` refuses it; the help names the one before it.
        """
        steps = self.steps()
        if not steps:
            return None
        try:
            return load(self.path(steps[-1]), net)
        except TrainingError as error:
            error.help = self._offer(steps[:-1], net)
            raise

    def rewind(self, step: int) -> None:
        """Removes the checkpoints after a step: a run that resumes there writes them again."""
        remove_partial(self.folder)
        for later in self.steps():
            if later > step:
                self.path(later).unlink()

    def _offer(self, steps: list[int], net: str | None) -> Text:
        for step in reversed(steps):
            try:
                load(self.path(step), net)
            except TrainingError:
                continue
            return text("the one before it is whole: write `--resume {path}`", path=self.path(step))
        return text(
            "there is no other; remove `{folder}`, and `--resume` starts this run from its beginning",
            folder=self.folder,
        )


def _metadata(content: bytes, path: Path) -> dict[str, str]:
    length = int.from_bytes(content[:8], "little")
    try:
        metadata = json.loads(content[8 : 8 + length])["__metadata__"]
        if metadata["format"] == FORMAT:
            return dict(metadata)
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise TrainingError(text("`{path}` is not a checkpoint of netdsl, or its beginning is damaged", path=path))


def _checksum(metadata: Mapping[str, str], tensors: Mapping[str, Tensor]) -> str:
    told = [metadata[name] for name in ("format", "net", "state", CARRIED) if name in metadata or name != CARRIED]
    digest = hashlib.sha256(json.dumps(told).encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(json.dumps([name, str(tensor.dtype), list(tensor.shape)]).encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _pack(value: object, tensors: dict[str, Tensor], name: str) -> object:
    if isinstance(value, Tensor):
        # A copy in row-major order: the file knows no other, and a tensor that shares its memory could not be written.
        tensors[name] = value.detach().cpu().clone(memory_format=torch.contiguous_format)
        return {"tensor": name}
    if isinstance(value, Mapping):
        return {"dict": [[key, _pack(item, tensors, f"{name}/{key}".lstrip("/"))] for key, item in value.items()]}
    if isinstance(value, list | tuple):
        items = [_pack(item, tensors, f"{name}/{index}") for index, item in enumerate(value)]
        return {"tuple" if isinstance(value, tuple) else "list": items}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(text("`{name}` is {kind}, which a checkpoint cannot hold", name=name, kind=type(value).__name__))


def _unpack(value: object, tensors: Mapping[str, Tensor]) -> object:
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "tensor":
        return tensors[content]
    if kind == "dict":
        return {key: _unpack(item, tensors) for key, item in content}
    items = [_unpack(item, tensors) for item in content]
    return tuple(items) if kind == "tuple" else items

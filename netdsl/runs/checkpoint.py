"""Checkpoints: the whole state of a run in one safetensors file, whole or absent, and proved so before it is used.

Tensors lie in the file as any safetensors reader sees them (`model/0.weight`); everything else is JSON in its header,
beside the net's text and a SHA-256 over all of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from netdsl.core.files import write_atomically
from netdsl.core.errors import TrainingError
from netdsl.runs.files import remove_partial, safetensors_bytes

FORMAT = "netdsl-checkpoint-1"
KEPT = 2
DIGITS = 8


@dataclass(frozen=True)
class Checkpoint:
    """What a file of this format holds: the text of the net, and the state."""

    net: str
    state: dict[str, Any]


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Writes a checkpoint atomically. Tensors may be anywhere; `OSError` where the disk refuses."""
    tensors: dict[str, Tensor] = {}
    body = json.dumps(_pack(checkpoint.state, tensors, ""))
    metadata = {"format": FORMAT, "net": checkpoint.net, "state": body}
    metadata["checksum"] = _checksum(metadata, tensors)
    write_atomically(path, safetensors_bytes(tensors, metadata))


def load(path: Path, net: str | None = None) -> Checkpoint:
    """Reads a checkpoint, of a certain net if one is given.

    Raises:
        TrainingError: it is torn, is none of ours, or is of another net; it is named.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TrainingError(f"cannot read the checkpoint `{path}`: {error.strerror}") from error
    metadata = _metadata(content, path)
    try:
        tensors = safetensors.torch.load(content)
        whole = metadata["checksum"] == _checksum(metadata, tensors)
    except (safetensors.SafetensorError, KeyError):
        whole = False
    if not whole:
        raise TrainingError(f"the checkpoint `{path}` is damaged: its checksum does not match its content")
    if net not in (None, metadata["net"]):
        raise TrainingError(f"the checkpoint `{path}` is of another net than `run.net` beside it")
    return Checkpoint(metadata["net"], _unpack(json.loads(metadata["state"]), tensors))


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
        """Writes the checkpoint of a step; the oldest goes when the new one is safe."""
        self.folder.mkdir(exist_ok=True)
        save(self.path(step), checkpoint)
        for old in self.steps()[:-KEPT]:
            self.path(old).unlink(missing_ok=True)

    def latest(self, net: str | None = None) -> Checkpoint | None:
        """The newest checkpoint, None where there is none yet; one that `load` refuses has the one before offered."""
        steps = self.steps()
        if not steps:
            return None
        try:
            return load(self.path(steps[-1]), net)
        except TrainingError as error:
            error.help = self._offer(steps[:-1], net)
            raise

    def rewind(self, step: int) -> None:
        """Forgets what came after a step: a run that resumes there writes it again."""
        remove_partial(self.folder)
        for later in self.steps():
            if later > step:
                self.path(later).unlink()

    def _offer(self, steps: list[int], net: str | None) -> str:
        for step in reversed(steps):
            try:
                load(self.path(step), net)
            except TrainingError:
                continue
            return f"the one before it is whole: write `--resume {self.path(step)}`"
        return f"there is no other; remove `{self.folder}` and `--resume` starts this run from its beginning"


def _metadata(content: bytes, path: Path) -> dict[str, str]:
    length = int.from_bytes(content[:8], "little")
    try:
        metadata = json.loads(content[8 : 8 + length])["__metadata__"]
        if metadata["format"] == FORMAT:
            return dict(metadata)
    except (ValueError, KeyError, TypeError):
        pass
    raise TrainingError(f"`{path}` is not a checkpoint of netdsl, or its beginning is damaged")


def _checksum(metadata: Mapping[str, str], tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256(json.dumps([metadata["format"], metadata["net"], metadata["state"]]).encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(json.dumps([name, str(tensor.dtype), list(tensor.shape)]).encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _pack(value: Any, tensors: dict[str, Tensor], name: str) -> Any:
    if isinstance(value, Tensor):
        tensors[name] = value.detach().cpu().clone(memory_format=torch.contiguous_format)
        return {"tensor": name}
    if isinstance(value, Mapping):
        return {"dict": [[key, _pack(item, tensors, f"{name}/{key}".lstrip("/"))] for key, item in value.items()]}
    if isinstance(value, list | tuple):
        items = [_pack(item, tensors, f"{name}/{index}") for index, item in enumerate(value)]
        return {"tuple" if isinstance(value, tuple) else "list": items}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"`{name}` is {type(value).__name__}, which a checkpoint cannot hold")


def _unpack(value: Any, tensors: Mapping[str, Tensor]) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "tensor":
        return tensors[content]
    if kind == "dict":
        return {key: _unpack(item, tensors) for key, item in content}
    items = [_unpack(item, tensors) for item in content]
    return tuple(items) if kind == "tuple" else items

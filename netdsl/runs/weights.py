"""Weights of another run or file: what fits by name and shape is taken over, and the rest is reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from netdsl.core.errors import TrainingError
from netdsl.core.files import reason
from netdsl.core.text import text

WRAPPERS = ("module.", "_orig_mod.", "model/")
"""What DDP, `torch.compile` and checkpoints of netdsl put before the names of a net's own weights."""


@dataclass(frozen=True)
class Transfer:
    """What became of each tensor.

    Args:
        taken: the names that were taken over.
        differing: those whose shapes differ, with both shapes.
        missing: those that only the net has.
        unused: those that only the file has.
    """

    taken: tuple[str, ...]
    differing: tuple[str, ...]
    missing: tuple[str, ...]
    unused: tuple[str, ...]

    def __str__(self) -> str:
        total = len(self.taken) + len(self.differing) + len(self.missing)
        parts = [text("{taken} of {total} tensors are taken over", taken=len(self.taken), total=total)]
        if self.differing:
            parts.append(text("of another shape: {names}", names=_few(self.differing)))
        if self.missing:
            parts.append(text("not in the file: {names}", names=_few(self.missing)))
        if self.unused:
            parts.append(text("not in the net: {names}", names=_few(self.unused)))
        return "; ".join(parts)


def transfer(found: Mapping[str, Tensor], module: nn.Module, source: str | Path) -> Transfer:
    """Copies the weights that fit into a net, and reports the rest; messages call the file `source`.

    Raises:
        TrainingError: none of them fits.
    """
    own = module.state_dict()
    taken = [name for name in own if name in found and found[name].shape == own[name].shape]
    differing = [name for name in own if name in found and name not in taken]
    report = Transfer(
        tuple(taken),
        tuple(f"{name}: {_shape(own[name])} here, {_shape(found[name])} there" for name in differing),
        tuple(name for name in own if name not in found),
        tuple(name for name in found if name not in own),
    )
    if not taken:
        raise TrainingError(
            text("nothing in `{source}` fits this net: {report}", source=source, report=report),
            "names and shapes must be equal",
        )
    module.load_state_dict({name: found[name] for name in taken}, strict=False)
    return report


def read_weights(source: Path) -> dict[str, Tensor]:
    """The weights in a run's folder, a safetensors file, or a file that `torch.save` wrote; no code in it is run."""
    path = source / "model.safetensors" if source.is_dir() else source
    try:
        if path.suffix == ".safetensors":
            found: Mapping[str, Tensor] = safetensors.torch.load_file(path)
        else:
            # A pickle may run any code; `weights_only` refuses all but tensors and plain values.
            found = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise TrainingError(
            text("cannot read the weights `{path}`: {reason}", path=path, reason=reason(error))
        ) from error
    except (safetensors.SafetensorError, UnpicklingError, RuntimeError, EOFError) as error:
        raise TrainingError(text("`{path}` holds no weights that can be read safely", path=path)) from error
    checkpoint = any(name.startswith("model/") for name in found)
    return {
        _unwrapped(name): value
        for name, value in found.items()
        if isinstance(value, Tensor) and (name.startswith("model/") or not checkpoint)
    }


def _unwrapped(name: str) -> str:
    for wrapper in WRAPPERS:
        name = name.removeprefix(wrapper)
    return name


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "scalar"


def _few(names: tuple[str, ...], most: int = 4) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:most])
    return shown if len(names) <= most else text("{shown} and {more} more", shown=shown, more=len(names) - most)

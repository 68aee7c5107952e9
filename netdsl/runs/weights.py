"""Weights of another run or file: what fits by name and shape is taken over, and the rest is reported."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from netdsl.core.errors import TrainingError
from netdsl.core.files import reason, require_regular
from netdsl.core.text import Text, text
from netdsl.runs.about import RunAbout
from netdsl.runs.folder import RunFolder
from netdsl.runs.layer_walk import fit_axes, layers_in, layers_of, match_tensors, may_reshape

WRAPPERS = ("module.", "_orig_mod.", "model/")
"""What DDP, `torch.compile` and checkpoints of netdsl put before the names of a net's own weights."""


WhichEpoch = int | Literal["best", "last"]
"""An epoch by its number, the best, or the last weights that there are."""


@dataclass(frozen=True)
class FoundWeights:
    """A file of weights; `which` says which of a run's weights they are, and is None for any other file."""

    path: Path
    which: Text | None = None


@dataclass(frozen=True)
class Transfer:
    """What became of each tensor.

    Args:
        taken: the names that were taken over.
        differing: those whose shapes differ, with both shapes.
        missing: those that only the net has.
        unused: those that only the file has.
        kept: those that were to stay as they begin.
        in_order: whether the names differ, so that the layers were taken in their order.
    """

    taken: tuple[str, ...]
    differing: tuple[str, ...]
    missing: tuple[str, ...]
    unused: tuple[str, ...]
    kept: tuple[str, ...] = ()
    in_order: bool = False

    def __str__(self) -> str:
        total = len(self.taken) + len(self.differing) + len(self.missing) + len(self.kept)
        parts = [text("{taken} of {total} tensors are taken over", taken=len(self.taken), total=total)]
        if self.in_order:
            parts.append(text("layer by layer, because their names differ"))
        if self.differing:
            parts.append(text("of another shape: {names}", names=_few(self.differing)))
        if self.kept:
            parts.append(text("kept by `except=`: {names}", names=_few(self.kept)))
        if self.missing:
            parts.append(text("not in the file: {names}", names=_few(self.missing)))
        if self.unused:
            parts.append(text("not in the net: {names}", names=_few(self.unused)))
        return "; ".join(parts)


def transfer(
    found: Mapping[str, Tensor], module: nn.Module, source: str | Path, without: Collection[str] = ()
) -> Transfer:
    """Copies the weights that fit into a net, and reports the rest; messages call the file `source`.

    Tensors of one name are the same, or where that gives more, the layers in their order. The modules whose paths are
    in `without` keep their weights, with all that is in them.

    Raises:
        TrainingError: none of them fits.
    """
    own = module.state_dict()
    names = _match_names(found, module, own)
    kept = tuple(name for name in own if any(name.startswith(f"{path}.") for path in without))
    given = {mine: found[theirs] for mine, theirs in names.items() if mine not in kept}
    if in_order := any(mine != theirs for mine, theirs in names.items()):
        given = {name: fit_axes(tensor, own[name].shape) for name, tensor in given.items()}
    taken = [name for name in own if name in given and given[name].shape == own[name].shape]
    differing = [name for name in own if name in given and name not in taken]
    used = {*names.values()} if in_order else {*names.values(), *kept}
    report = Transfer(
        tuple(taken),
        tuple(
            text("{tensor}: {here} here, {there} there", tensor=name, here=_shape(own[name]), there=_shape(given[name]))
            for name in differing
        ),
        tuple(name for name in own if name not in given and name not in kept),
        tuple(name for name in found if name not in used),
        kept,
        in_order,
    )
    if not taken:
        raise TrainingError(
            text("nothing in `{source}` fits this net: {report}", source=source, report=report),
            "names and shapes must be equal, or both nets begin with the same layers",
        )
    module.load_state_dict({name: given[name] for name in taken}, strict=False)
    return report


def _match_names(found: Mapping[str, Tensor], module: nn.Module, own: Mapping[str, Tensor]) -> dict[str, str]:
    """The names of the net's tensors, and for each that of the file's that is the same."""
    by_name = {name: name for name in own if name in found}

    def count_fitting(names: Mapping[str, str]) -> int:
        return sum(may_reshape(found[theirs].shape, own[mine].shape) for mine, theirs in names.items())

    if len(by_name) == len(own):
        return by_name
    return max(by_name, match_tensors(layers_of(module), layers_in(found)), key=count_fitting)


def find_weights(source: Path, epoch: WhichEpoch = "best") -> FoundWeights:
    """The weights that a path stands for.

    Of a run these are the weights of the best epoch. Where they are not kept, they are the last. With `epoch`, they are
    those of that epoch, or the last. The last are those that the run ended with, or of a run that has not ended, those
    of the last checkpoint. A path of a file stands for the file.

    Raises:
        TrainingError: there are none.
    """
    folder = RunFolder(source)
    if not (source / "run.json").is_file():
        return FoundWeights(folder.weights if source.is_dir() else source, _name_step(source))
    about = folder.about
    result = about.get("result", {})
    best, last = int(result.get("best", {}).get("epoch", 0)), int(result.get("last", {}).get("epoch", 0))
    if isinstance(epoch, int):
        return _find_epoch(folder, epoch, last)
    if epoch == "best" and folder.weights_of(best).exists():
        return FoundWeights(folder.weights_of(best), _name_best(best, about))
    steps = folder.checkpoints.steps()
    # A run that goes on after its end has the weights of that end, until it ends again.
    if folder.weights.exists() and (about.get("status") == "finished" or not steps):
        return FoundWeights(folder.weights, text("epoch {epoch}, the last", epoch=last))
    if not steps:
        raise TrainingError(
            text("`{folder}` has no weights yet", folder=source),
            text("go on with `netdsl run --resume {folder}`", folder=source),
        )
    path = folder.checkpoints.path(steps[-1])
    return FoundWeights(path, _name_step(path))


def _find_epoch(folder: RunFolder, epoch: int, last: int) -> FoundWeights:
    path = folder.weights_of(epoch)
    if epoch == last and not path.exists():
        path = folder.weights  # of the last epoch the weights are kept in any case, once the run is over
    if not path.exists():
        raise TrainingError(
            text("the weights of epoch {epoch} are not kept", epoch=epoch), "`train keep=5` keeps the five best"
        )
    return FoundWeights(path, text("epoch {epoch}", epoch=epoch))


def _name_best(epoch: int, about: RunAbout) -> Text:
    return text("epoch {epoch}, the best by {criterion}", epoch=epoch, criterion=about.get("criterion", "loss"))


def _name_step(path: Path) -> Text | None:
    step = path.stem.removeprefix("step-")
    return text("step {step:,}", step=int(step)) if step.isdecimal() else None


def read_weights(path: Path) -> dict[str, Tensor]:
    """The weights in a safetensors file, or in a file that `torch.save` wrote; no code in it is run."""
    try:
        require_regular(path)
        if path.suffix == ".safetensors":
            found: Mapping[str, Tensor] = safetensors.torch.load_file(path)
        else:
            # A pickle may run any code; `weights_only` refuses all but tensors and plain values.
            found = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise TrainingError(
            text("cannot read the weights `{path}`: {reason}", path=path, reason=reason(error))
        ) from error
    except pickle.UnpicklingError as error:
        if not zipfile.is_zipfile(path):  # torch writes archives; anything else is no file of weights at all
            raise TrainingError(text("`{path}` holds no weights that can be read safely", path=path)) from error
        raise TrainingError(
            text(
                "`{path}` holds no weights that can be read safely: there are objects in it, as in a whole module that "
                "was saved, and to read these may run any code",
                path=path,
            ),
            text(
                "if you trust it, make a state dict of it: `module = torch.load({path!r}, weights_only=False)` and "
                '`torch.save(module.state_dict(), "weights.pth")`',
                path=str(path),
            ),
        ) from error
    except Exception as error:  # a damaged archive may fail in any way
        raise TrainingError(text("`{path}` holds no weights that can be read safely", path=path)) from error
    if not isinstance(found, Mapping) or not all(isinstance(name, str) for name in found):
        raise TrainingError(text("`{path}` holds no weights by their names", path=path))
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

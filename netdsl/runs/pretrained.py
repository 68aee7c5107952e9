"""Weights that torchvision's nets were trained to: had by torchvision, and brought under the names of a net of ours.

`torchvision:resnet18` names the best weights that there are, `torchvision:resnet18:IMAGENET1K_V1` certain ones.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from inspect import signature
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from netdsl.builtins.torchvision_weights import PREFIX, expected_images, part_source
from netdsl.core.errors import TrainingError, in_a_line
from netdsl.core.suggestions import nearest
from netdsl.core.text import Text, text
from netdsl.runs.layer_walk import WeightedLayer, fit_axes, layers_of, match_tensors, may_reshape

AUXILIARY = frozenset({"aux1", "aux2", "AuxLogits"})
"""The classifiers that GoogLeNet and Inception have in training alone."""


class PretrainedWeights(NamedTuple):
    """What was read: the words for them, the weights by torchvision's names, and the name of the model."""

    which: Text
    weights: dict[str, Tensor]
    model: str


def is_pretrained(source: str) -> bool:
    """Whether the words name weights of torchvision, and no file."""
    return source.startswith(PREFIX)


def read_pretrained(source: str) -> PretrainedWeights:
    """The weights that `torchvision:MODEL` or `torchvision:MODEL:WEIGHTS` names; torchvision downloads them once.

    Raises:
        TrainingError: torchvision has none of that name, or cannot get them.
    """
    model, name = part_source(source)
    entry = _find_entry(model, name)
    try:
        # No code of the file is run, and a download that was cut off or altered is refused.
        found = entry.get_state_dict(progress=False, check_hash=True, weights_only=True, map_location="cpu")
    except Exception as error:  # the network may fail in any way, and a damaged file as well
        raise _unobtainable(source, entry.url, error) from error
    return PretrainedWeights(_describe(f"{PREFIX}{model}:{entry.name}", entry.name), dict(found), model)


def rename(found: PretrainedWeights, module: nn.Module) -> dict[str, Tensor]:
    """The weights under the names of our net, layer by layer; what differs keeps its shape, for a report to tell."""
    # Some old files have names with a dot more than the models: `norm.1` for `norm1`.
    known = {name.replace(".", ""): tensor for name, tensor in found.weights.items()}
    own = {name: tensor.shape for name, tensor in module.state_dict().items()}
    renamed: dict[str, Tensor] = {}
    for mine, theirs in _match(found.model, module, own).items():
        # The count of batches is missing in files that are older than it.
        if (tensor := known.get(theirs.replace(".", ""))) is not None:
            renamed[mine] = fit_axes(tensor, own[mine])
    return renamed


def _match(model: str, module: nn.Module, own: Mapping[str, torch.Size]) -> dict[str, str]:
    """Our names with torchvision's; with its auxiliary heads or without, as more of our net is the same."""
    theirs = _make_model(model)
    shapes = {name: tensor.shape for name, tensor in theirs.state_dict().items()}
    ours, layers = layers_of(module), _sort_by_calls(layers_of(theirs), theirs, model)
    without_heads = [one for one in layers if one.path.partition(".")[0] not in AUXILIARY]
    matched = [match_tensors(ours, one) for one in (without_heads, layers)]
    return max(matched, key=lambda names: sum(may_reshape(shapes[names[one]], own[one]) for one in names))


def _make_model(name: str) -> nn.Module:
    """A model of torchvision for its names and shapes alone, without a value in its weights where that can be."""
    from torchvision import models

    none = [one for one in signature(models.get_model_builder(name)).parameters if one.startswith("weights")]
    make = partial(models.get_model, name, **dict.fromkeys(none))
    with warnings.catch_warnings(action="ignore"), torch.random.fork_rng(devices=()):
        try:
            with torch.device("meta"):
                module: nn.Module = make()
        except NotImplementedError:  # some compute their widths with tensors
            module = make()
    return module.to("meta")


def _sort_by_calls(layers: Sequence[WeightedLayer], module: nn.Module, model: str) -> list[WeightedLayer]:
    """The layers in the order in which an image meets them, which some nets do not declare them in.

    GoogLeNet declares its heads at the end, and Swin's windows are merged before what is declared before.
    """
    paths = {part: path for path, part in module.named_modules()}
    called: dict[str, int] = {}

    def note(part: nn.Module, _given: object) -> None:
        called.setdefault(paths[part], len(called))

    for part in paths:
        part.register_forward_pre_hook(note)
    images = expected_images(f"{PREFIX}{model}")
    side = images.crop if images else 224
    # Nothing is computed on this device; the heads are used in training alone.
    with suppress(Exception), torch.no_grad():  # detectors want boxes, and nets of videos want frames
        module.train()(torch.empty(2, 3, side, side, device="meta"))
    places, place = [], 0
    for one in layers:
        # What torch calls otherwise than as a module, as in its attention, stays behind what it was declared behind.
        place = called.get(one.path, place)
        places.append(place)
    return [layers[index] for index in sorted(range(len(layers)), key=places.__getitem__)]


def _find_entry(model: str, name: str) -> Any:
    from torchvision import models

    known = models.list_models()
    if model not in known:
        message = text("torchvision has no model `{model}`", model=model)
        near = nearest(model, known)
        raise TrainingError(message, text("did you mean `torchvision:{near}`?", near=near) if near else None)
    entries = models.get_model_weights(model)
    if not name:
        return entries.DEFAULT
    if name not in entries.__members__:
        raise TrainingError(
            text("torchvision has no weights `{name}` of `{model}`", name=name, model=model),
            text("it has {names}", names=", ".join(f"`{one}`" for one in entries.__members__)),
        )
    return entries[name]


def _describe(source: str, name: str) -> Text:
    """The name of the weights, and what they expect of an image: of another scale they make little."""
    images = expected_images(source)
    if images is None:
        return text("{weights}", weights=name)
    return text("{weights}, for `{normalize}`", weights=name, normalize=images.normalize)


def _unobtainable(source: str, url: str, error: Exception) -> TrainingError:
    file = Path(torch.hub.get_dir()) / "checkpoints" / url.rpartition("/")[2]
    if file.is_file():
        return TrainingError(
            text("`{file}` holds no weights that can be read safely: {reason}", file=file, reason=in_a_line(error)),
            text("delete it, so that it is downloaded again from {url}", url=url),
        )
    # torchvision writes the beginning of the hash into the name of each file, and checks it.
    digest = file.stem.rpartition("-")[2]
    return TrainingError(
        text("cannot download `{source}`: {reason}", source=source, reason=in_a_line(error)),
        text(
            "download {url} elsewhere, put it there and run again: {file} (its sha256 begins with {digest})",
            url=url,
            file=file,
            digest=digest,
        ),
    )

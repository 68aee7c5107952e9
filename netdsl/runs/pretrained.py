"""Weights that torchvision's nets were trained to: had by torchvision, and brought under the names of a net of ours.

`torchvision:resnet18` names the best weights that there are, `torchvision:resnet18:IMAGENET1K_V1` certain ones.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from netdsl.builtins.torchvision_weights import PREFIX, expected_images, part_source
from netdsl.core.errors import TrainingError, in_a_line
from netdsl.core.suggestions import nearest
from netdsl.core.text import Text, text

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
    """The weights under the names of our net.

    Both nets are walked in order, and layers of the same kind and shapes are the same. From the first that differs on
    nothing is taken over: what follows would be the same by chance alone. Of that one the weights are handed on too, so
    that a report can tell their shapes.
    """
    with warnings.catch_warnings(action="ignore"), torch.device("meta"):
        theirs = _model(found.model)
    # Some old files have names with a dot more than the models: `norm.1` for `norm1`.
    known = {name.replace(".", ""): tensor for name, tensor in found.weights.items()}
    renamed: dict[str, Tensor] = {}
    for here, there in zip(_layers(module), _layers(theirs), strict=False):
        if here.kind is not there.kind:
            break
        for own in here.shapes.keys() & there.shapes.keys():
            # The count of batches is missing in files that are older than it.
            if (tensor := known.get(_joined(there.path, own).replace(".", ""))) is not None:
                renamed[_joined(here.path, own)] = tensor
        if here.shapes != there.shapes:
            break
    return renamed


class WeightedLayer(NamedTuple):
    """A module that has weights of its own: its name, the class of torch that it is, and the shapes of its tensors."""

    path: str
    kind: type[nn.Module]
    shapes: Mapping[str, torch.Size]


def _layers(module: nn.Module) -> Iterator[WeightedLayer]:
    for path, layer in module.named_modules():
        own = [*layer.named_parameters(recurse=False), *layer.named_buffers(recurse=False)]
        if own:
            # Of a class that extends torch's, the torch's is what matters.
            classes = (one for one in type(layer).__mro__ if one.__module__.startswith("torch.nn."))
            yield WeightedLayer(path, next(classes, type(layer)), {name: tensor.shape for name, tensor in own})


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _model(name: str) -> nn.Module:
    from torchvision import models

    model: nn.Module = models.get_model(name, weights=None)
    for auxiliary in AUXILIARY & dict(model.named_children()).keys():
        delattr(model, auxiliary)
    return model


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

"""The functions of torch, and the methods of tensors, that a pasted `forward` calls."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache

from torch import nn

from netdsl.importer.pasted.python.shaping import Flowing, parts_of, reshaped
from netdsl.importer.pasted.python.tracing import TracedValue

DROPPED = ("training", "inplace")
"""Arguments of functions that say nothing of the net."""

IMAGE_AXES = ((2, 3), (-2, -1), (-1, -2))


def apply_function(
    name: str, x: TracedValue, arguments: Sequence[object], named: Mapping[str, object]
) -> Flowing | None:
    """What a function of torch, or a method of a tensor, makes of a value; None where no layer does the same.

    The classes of torch.nn have the same names in other letters: `max_pool2d` is `MaxPool2d`.
    """
    settings = {key: value for key, value in named.items() if key not in DROPPED}
    if name == "flatten":
        start, *rest = [settings["start_dim"]] if "start_dim" in settings else arguments or [0]
        return x.then(_classes()["flatten"](start, *rest)) if start != 0 else None
    if name in ("view", "reshape"):
        return reshaped(x, arguments)
    if name in ("chunk", "split"):
        return parts_of(x, name, arguments, settings)
    if name == "mean" and _axes(arguments, settings) in IMAGE_AXES:
        kept = x.then(nn.AdaptiveAvgPool2d(1))
        return kept if settings.get("keepdim") else kept.then(nn.Flatten())
    if name in ("contiguous", "float"):
        return x
    made = _classes().get("upsample" if name == "interpolate" else name.replace("_", ""))
    if made is None:
        return None
    if name in ("dropout", "dropout2d"):
        arguments = arguments[:1]  # the second is `training`
    return x.then(made(*arguments, **settings))


def _axes(arguments: Sequence[object], settings: Mapping[str, object]) -> tuple[object, ...]:
    given = arguments[0] if len(arguments) == 1 else settings.get("dim", tuple(arguments))
    return tuple(given) if isinstance(given, tuple | list) else (given,)


@cache
def _classes() -> Mapping[str, Callable[..., nn.Module]]:
    """The classes of torch.nn by their names in small letters, those that weights do not belong to."""
    return {name.lower(): made for name, made in _public_classes()}


def _public_classes() -> Iterator[tuple[str, type[nn.Module]]]:
    for name in nn.modules.__all__:
        made = getattr(nn, name)
        if isinstance(made, type) and issubclass(made, nn.Module):
            yield name, made


def torch_class(path: str) -> type[nn.Module] | None:
    """The class of torch.nn that a path names: `torch.nn.Conv2d`."""
    home, _, name = path.rpartition(".")
    return dict(_public_classes()).get(name) if home == "torch.nn" else None


NUMBERS: Mapping[str, object] = {
    "math.pi": math.pi,
    "math.sqrt": math.sqrt,
    "math.ceil": math.ceil,
    "math.floor": math.floor,
}
"""What of `math` sizes are worked out with."""

"""What torch itself makes of a layer's arguments: the reference that the rules are held against.

An oracle takes a sample's shape and the arguments as the language has them, and returns the module that a reader of torch's
documentation would write. It says nothing of what is allowed: that is torch's to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from torch import nn

Oracle = Callable[..., nn.Module]


def plain(name: str) -> Oracle:
    """The class of `torch.nn` of that name, whatever the rank."""
    return lambda shape, **arguments: getattr(nn, name)(**arguments)


def by_rank(stem: str) -> Oracle:
    """The 1d, 2d or 3d form for one, two or three axes after the channels."""
    return lambda shape, **arguments: getattr(nn, f"{stem}{len(shape) - 1}d")(**arguments)


ORACLES: Mapping[str, Oracle] = {
    "conv": by_rank("Conv"),
}
"""By the name of the rule, which `conv` and `conv2d` share."""

SIZES_NEEDED: Mapping[str, Callable[..., Iterable[int]]] = {}
"""By the name of the rule: the axes, besides the stated ones, whose size the module must be told, so that no symbol will do."""

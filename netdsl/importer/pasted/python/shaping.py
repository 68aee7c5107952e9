"""Views in a pasted `forward`: a vector of a sample, another shape, channels in groups or in parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from torch import nn

from netdsl import modules
from netdsl.importer.pasted.python.sizes import AxisSize, BatchSize
from netdsl.importer.pasted.python.tracing import TracedValue

VIEWS = ("view", "reshape")


@dataclass(frozen=True, eq=False)
class GroupedChannels:
    """A value whose channels stand in groups, N×g×(C/g)×…, on the way to being shuffled (Zhang et al., 2017)."""

    of: TracedValue
    groups: int
    swapped: bool = False

    def then(self, name: str, arguments: Sequence[object]) -> GroupedChannels | TracedValue | None:
        """What a method makes of it; None where that is no shuffling of channels."""
        given = _several(arguments)
        if name == "contiguous":
            return self
        if name == "transpose" and sorted(map(str, given)) == ["1", "2"]:
            return replace(self, swapped=not self.swapped)
        if name == "permute" and list(given) == [0, 2, 1, *range(3, len(given))]:
            return replace(self, swapped=not self.swapped)
        if name in VIEWS and len(given) > 2 and _is_batch(given[0]) and _are_own(self.of, given[2:], 2):
            return self.of.then(nn.ChannelShuffle(self.groups)) if self.swapped else self.of
        return None


Flowing = TracedValue | GroupedChannels | tuple[TracedValue, ...]
"""What a function of torch may make of a value."""


def reshaped(x: TracedValue, arguments: Sequence[object]) -> TracedValue | GroupedChannels | None:
    """What `x.view(…)` makes; None where the language has no word for it.

    `x.view(x.size(0), -1)` and `x.view(-1, 16 * 5 * 5)` make a vector of a sample, `x.view(n, c, -1)` one of each
    channel.
    """
    batch, *sample = _several(arguments) or (None,)
    if not _is_batch(batch):
        return None
    if len(sample) == 1:
        return x.then(nn.Flatten())
    match sample:
        case [int() as groups, _, *rest] if rest and groups > 0 and _are_own(x, rest, 2):
            return GroupedChannels(x, groups)
        case [*kept, _] if kept and _are_own(x, kept, 1):
            return x.then(nn.Flatten(len(sample)))
    # One size of which nothing is known follows from the others.
    sizes = [-1 if isinstance(size, AxisSize) else size for size in sample]
    whole = tuple(size for size in sizes if isinstance(size, int))
    return x.then(modules.Reshape(whole)) if len(whole) == len(sizes) and whole.count(-1) < 2 else None


def parts_of(
    x: TracedValue, name: str, arguments: Sequence[object], settings: Mapping[str, object]
) -> tuple[TracedValue, ...] | None:
    """`x.chunk(2, dim=1)`, `x.split(x.size(1) // 2, dim=1)`: the channels in equal parts; None for other parts."""
    first, dim = (*arguments, settings.get("dim", 0))[:2] if arguments else (None, None)
    if dim != 1:
        return None
    match name, first:
        case "chunk", int(count):
            pass
        case "split", AxisSize(of=of, axis=1, divisor=count) if of is x:
            pass
        case _:
            return None
    return tuple(TracedValue(x, part=(place, count)) for place in range(count))


def _several(arguments: Sequence[object]) -> Sequence[object]:
    """`view(a, b)` and `view((a, b))` are the same."""
    return arguments[0] if len(arguments) == 1 and isinstance(arguments[0], tuple | list) else arguments


def _is_batch(size: object) -> bool:
    return isinstance(size, BatchSize) or size == -1


def _are_own(x: TracedValue, sizes: Sequence[object], first: int) -> bool:
    """Whether some sizes are those that a value has itself, from an axis on."""
    return all(
        isinstance(size, AxisSize) and size.of is x and (size.axis, size.divisor) == (axis, 1)
        for axis, size in enumerate(sizes, start=first)
    )

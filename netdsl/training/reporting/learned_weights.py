"""What a net of very few parameters has learned, in a line: `w = 2.01, b = 0.98`."""

from __future__ import annotations

from torch import Tensor, nn

MOST_PARAMETERS = 20
LETTERS = {"weight": "w", "bias": "b"}


def write_learned(module: nn.Module) -> str:
    """The parameters and their values; empty where they are too many, or none."""
    found = dict(module.named_parameters())
    if not 0 < sum(one.numel() for one in found.values()) <= MOST_PARAMETERS:
        return ""
    owners = {name.rpartition(".")[0] for name in found}
    return ", ".join(f"{_shorten(name, alone=len(owners) == 1)} = {_write(value)}" for name, value in found.items())


def _shorten(name: str, *, alone: bool) -> str:
    """`w` for the weight of the only layer, `0.w` where there are several."""
    owner, _, own = name.rpartition(".")
    letter = LETTERS.get(own, own)
    return letter if alone or not owner else f"{owner}.{letter}"


def _write(value: Tensor) -> str:
    """A number, or a list of numbers, in which an axis of one entry does not show."""

    def nested(part: object) -> str:
        return f"[{', '.join(map(nested, part))}]" if isinstance(part, list) else f"{part:.4g}"

    return nested(value.detach().squeeze().tolist())

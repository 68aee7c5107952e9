"""What repairs ask whoever knows the layers: whether numbers stand in torch's order, `conv(3, 32, 5)`."""

from __future__ import annotations

from collections.abc import Callable, Set

IsTorchOrder = Callable[[str, int, Set[str]], bool]
"""Whether the first two of so many numbers, beside arguments of these names, are the sizes in and out of a layer."""


def never(_name: str, _numbers: int, _given: Set[str]) -> bool:
    """What is assumed where the layers are not known: the numbers stand in this language's order."""
    return False

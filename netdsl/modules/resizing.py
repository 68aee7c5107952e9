"""Modules that bring a feature map to the size of a labelled output from above."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor
from torch.nn import functional

from netdsl.modules.composites import Composite, Skips


class SizedLike(Composite):
    """What is handed a labelled output, the first of `takes`, for its size."""

    def __init__(self, takes: Sequence[str] = ()) -> None:
        super().__init__()
        self.takes = tuple(takes)

    def sizes(self, skips: Skips | None) -> Sequence[int]:
        """The spatial sizes of the labelled output."""
        return (skips or {})[self.takes[0]].shape[2:]


class UpsampleLike(SizedLike):
    """Interpolates to the size of a labelled output."""

    def __init__(
        self,
        mode: str = "nearest",
        align_corners: bool | None = None,
        takes: Sequence[str] = (),
    ) -> None:
        super().__init__(takes)
        self.mode = mode
        self.align_corners = align_corners

    def forward(self, x: Tensor, skips: Skips | None = None) -> Tensor:
        """Resizes a batch."""
        sizes = tuple(self.sizes(skips))
        return functional.interpolate(x, sizes, mode=self.mode, align_corners=self.align_corners)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"mode={self.mode!r}, align_corners={self.align_corners}"


class CropLike(SizedLike):
    """Cuts a window of the size of a labelled output out of the middle."""

    def forward(self, x: Tensor, skips: Skips | None = None) -> Tensor:
        """Crops a batch."""
        for axis, size in enumerate(self.sizes(skips), 2):
            x = x.narrow(axis, (x.shape[axis] - size) // 2, size)
        return x


class PadLike(SizedLike):
    """Pads to the size of a labelled output, as much at both ends; an odd element stands at the end."""

    def __init__(self, mode: str = "constant", value: float = 0.0, takes: Sequence[str] = ()) -> None:
        super().__init__(takes)
        self.mode = mode
        self.value = value

    def forward(self, x: Tensor, skips: Skips | None = None) -> Tensor:
        """Pads a batch."""
        ends: list[int] = []
        # `F.pad` lists the last axis first.
        for size, wanted in reversed(list(zip(x.shape[2:], self.sizes(skips), strict=True))):
            before = (wanted - size) // 2
            ends += [before, wanted - size - before]
        return functional.pad(x, ends, self.mode, self.value if self.mode == "constant" else None)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"mode={self.mode!r}, value={self.value}"

"""A built net as it goes to a target, and the comparison of what the target makes of it with torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from netdsl.core.errors import ExportError
from netdsl.core.size_sets import SizeSet
from netdsl.core.sizes import evaluate
from netdsl.core.text import text
from netdsl.program import NetInput, Network

TOLERANCE = 1e-4
"""The largest difference to torch that is taken for rounding, for outputs up to 1; beyond, it grows with them."""

LARGE = 16
"""A size from which on few layers leave a size of 1, which torch would take for a size that is always 1."""

BATCHES = (1, 3)
"""The batches that are tried: a target must not remember the one that it was made with."""


class BuiltNet(NamedTuple):
    """What is exported.

    Args:
        network: the checked net.
        module: the built one with its weights, on the CPU and in evaluation mode.
        metadata: what a file says of itself beside the weights: `net`, the text; `input`; `classes`, `mean`, `std` and
            `transforms` where the data are known.
        carried: what a file of weights says besides, for netdsl to use it as it uses the run.
    """

    network: Network
    module: nn.Module
    metadata: Mapping[str, str]
    carried: Mapping[str, str] = {}

    def samples(self, batch: int, shapes: Sequence[tuple[int, ...]]) -> tuple[Tensor, ...]:
        """A batch of random samples for each input, the same at each call."""
        generator = torch.Generator().manual_seed(0)
        known = [each.num_embeddings for each in self.module.modules() if isinstance(each, nn.Embedding)]
        most = min(known, default=2)

        def draw(one: NetInput, shape: tuple[int, ...]) -> Tensor:
            if one.dtype != "index":
                return torch.randn(batch, *shape, generator=generator)
            # 0 stands behind the end of a padded sample alone.
            return torch.randint(int(one.padded and most > 1), most, (batch, *shape), generator=generator)

        return tuple(draw(one, shape) for one, shape in zip(self.network.all_inputs, shapes, strict=True))

    @property
    def shapes(self) -> list[list[tuple[int, ...]]]:
        """The shapes of one sample of each input that are tried, large ones first: two where inputs have symbols."""
        inputs = self.network.all_inputs
        sizes = {symbol: _pick(each.fit) for each in self.network.open_sizes for symbol in each.symbols}
        if not sizes:
            return [[one.example or tuple(evaluate(dim, {}) for dim in one.shape) for one in inputs]]
        chosen = zip(*([(symbol, size) for size in pair] for symbol, pair in sizes.items()), strict=True)
        return [[tuple(evaluate(dim, dict(values)) for dim in one.shape) for one in inputs] for values in chosen]

    @property
    def open_dimensions(self) -> tuple[tuple[int, ...], ...]:
        """Which dimensions of a batch of each input may vary: the batch, 0, and every size that is a symbol."""
        return tuple(
            (0, *(place for place, dim in enumerate(one.shape, 1) if not isinstance(dim, int)))
            for one in self.network.all_inputs
        )

    def compare(self, run: Callable[..., Tensor | Sequence[Tensor]]) -> float:
        """The largest difference between torch's outputs and those of `run`, over batches and sizes.

        Raises:
            ExportError: it is more than rounding.
        """
        worst = 0.0
        for shapes in self.shapes:
            for batch in BATCHES:
                given = self.samples(batch, shapes)
                with torch.inference_mode():
                    expected = _listed(self.module(*given))
                for found, wanted in zip(_listed(run(*given)), expected, strict=True):
                    worst = max(worst, _difference(found, wanted))
        return worst


def _listed(outputs: Tensor | Sequence[Tensor]) -> Sequence[Tensor]:
    """The outputs of a net, of which one stands alone."""
    return [outputs] if isinstance(outputs, Tensor) else outputs


def _difference(found: Tensor, expected: Tensor) -> float:
    if found.shape != expected.shape:
        raise ExportError(
            text(
                "the exported net gives {found} where torch gives {expected}",
                found=tuple(found.shape),
                expected=tuple(expected.shape),
            )
        )
    difference = float((found - expected).abs().max())
    # Written so that NaN is no rounding either.
    if not difference <= TOLERANCE * max(1.0, float(expected.abs().max())):
        message = "the exported net differs from torch by {difference:.2g}, which is more than rounding"
        raise ExportError(text(message, difference=difference))
    return difference


class Exported(NamedTuple):
    """An exported file, and how far its outputs are from torch's; None where it computes nothing by itself."""

    content: bytes
    difference: float | None = None


def _pick(fit: SizeSet) -> tuple[int, int]:
    """A large size that fits, and the least."""
    sizes = (min(high, max(low, LARGE)) for low, high in fit.runs() if high >= LARGE)
    return next(sizes, fit.least), fit.least

"""Bodies whose weights are normalised whenever they are used."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd
from torch.nn.utils import parametrizations

from netdsl.modules.composites import Composite, Skips, feed


class _Normed(Composite):
    """A body; its convolutions and linear layers are given a parametrization."""

    def __init__(self, body: nn.Module, parametrize: Callable[[nn.Module], nn.Module]) -> None:
        super().__init__()
        self.body = body
        for module in body.modules():
            # One that a body inside has normalised already stays so.
            if isinstance(module, (_ConvNd, nn.Linear)) and not hasattr(module, "parametrizations"):
                parametrize(module)

    def forward(self, x: Tensor, skips: Skips | None = None) -> Tensor:
        """Runs the body."""
        return feed(self.body, x, skips)


class SpectralNorm(_Normed):
    """A body whose weights are divided by their largest singular value, as torch's `spectral_norm` does.

    Source: Miyato et al., "Spectral Normalization for Generative Adversarial Networks", 2018.
    """

    def __init__(self, body: nn.Module) -> None:
        super().__init__(body, parametrizations.spectral_norm)


class WeightNorm(_Normed):
    """A body whose weights are lengths times directions, as in torch's `weight_norm`.

    Source: Salimans and Kingma, "Weight Normalization", 2016.
    """

    def __init__(self, body: nn.Module) -> None:
        super().__init__(body, parametrizations.weight_norm)

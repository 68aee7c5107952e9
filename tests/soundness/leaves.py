"""Random statements that are one module, told as text and as torch; the numbers mostly fit what flows in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import torch
from torch import Tensor, nn

Skips = dict[str, Tensor]
LONG = 128
"""Steps beyond which the meta device, which writes an lstm out step by step, takes too long."""

Run = Callable[[Tensor, Skips], Tensor]


@dataclass
class Telling:
    """A statement as text, and what it does to a batch; `modules` are those it has made and called."""

    text: str
    run: Run


def form_of(name: str, x: Tensor) -> type[nn.Module]:
    """torch's class for a batch of signals or images: torch itself may take a signal for an image without its batch."""
    if not 3 <= x.ndim <= 5:
        raise ValueError("neither a signal nor an image nor a volume")
    return getattr(nn, f"{name}{x.ndim - 2}d")  # type: ignore[no-any-return]


def demand(x: Tensor, ndim: int) -> Tensor:
    """The batch, where it has so many dimensions."""
    if x.ndim != ndim:
        raise ValueError("another number of dimensions")
    return x


def of_rank(module: nn.Module, x: Tensor) -> nn.Module:
    """A module that exists, where it is not made for another number of axes: torch may see one sample in a batch."""
    axes = type(module).__name__[-2:]
    if (
        axes in ("1d", "2d", "3d")
        and axes != f"{x.ndim - 2}d"
        and not isinstance(module, (nn.BatchNorm1d, nn.Dropout1d))
    ):
        raise ValueError("another number of axes")
    # The meta device overlooks other channels of a transposed convolution.
    if getattr(module, "transposed", False) and x.shape[1] != module.in_channels:
        raise ValueError("other channels")
    return module


class Leaves:
    """Writes single layers. `care` is the chance that a number is chosen to fit rather than at random."""

    def __init__(self, random: Random, care: float) -> None:
        self.random = random
        self.care = care
        self.modules: list[nn.Module] = []
        self.called: list[nn.Module] = []
        self.queue: list[nn.Module] | None = None

    def chance(self, likely: float) -> bool:
        return self.random.random() < likely

    def pick(self, fitting: int, *others: int) -> int:
        """Mostly the number that fits."""
        return fitting if self.chance(self.care) or not others else self.random.choice(others)

    def leaf(self, text: str, make: Callable[[Tensor], nn.Module]) -> Telling:
        """A statement that is one module."""
        return Telling(text, lambda x, skips: self.module(make, x)(x))

    def module(self, make: Callable[[Tensor], nn.Module], x: Tensor) -> nn.Module:
        """The module of a statement: made for what it is called with, or the next of those that are used again."""
        if self.queue is not None:
            module = of_rank(self.queue.pop(0), x)
        else:
            with torch.device("meta"):
                module = make(x).train(len(x) > 1)  # torch trains no batch norm on one sample, but predicts with it
            self.modules.append(module)
        self.called.append(module)
        return module

    def stated(self, x: Tensor | None, axis: int) -> tuple[str, int | None]:
        """The size of the input, said or not, and not always right."""
        if x is None or self.chance(0.5):
            return "", None
        size = self.pick(x.shape[axis], x.shape[axis] + 1, 3, 64)
        return f"{size}->", size

    def conv(self, x: Tensor | None) -> Telling:
        out = self.random.choice([4, 6, 8, 12, 16])
        kernel, stride = self.random.choice([1, 3, 3, 5]), self.random.choice([1, 1, 2, 3])
        padding, dilation = self.random.choice([0, 1, kernel // 2]), self.pick(1, 2)
        groups = self.pick(1, 2, 4)
        said, size = self.stated(x, 1)
        bias = self.chance(0.7)
        text = f"conv {said}{out} k{kernel} s{stride} p{padding}" + (f" d{dilation}" if dilation > 1 else "")
        text += (f" g{groups}" if groups > 1 else "") + ("" if bias else " bias=false")
        more = (out, kernel, stride, padding, dilation, groups, bias)
        return self.leaf(text, lambda x: form_of("Conv", x)(size or x.shape[1], *more))

    def depthwise(self, x: Tensor | None) -> Telling:
        kernel, stride = self.random.choice([3, 5]), self.random.choice([1, 2])
        return self.leaf(
            f"dwconv k{kernel} s{stride} p{kernel // 2}",
            lambda x: form_of("Conv", x)(x.shape[1], x.shape[1], kernel, stride, kernel // 2, groups=x.shape[1]),
        )

    def convt(self, x: Tensor | None) -> Telling:
        out, kernel, stride = self.random.choice([4, 8]), self.random.choice([2, 3, 4]), self.random.choice([1, 2])
        more = self.pick(0, 1)

        def make(x: Tensor) -> nn.Module:
            if more >= stride:
                raise ValueError("the CPU refuses such an output_padding, the meta device overlooks it")
            return form_of("ConvTranspose", x)(x.shape[1], out, kernel, stride, output_padding=more)

        return self.leaf(f"convt {out} k{kernel} s{stride} output_padding={more}", make)

    def pool(self, x: Tensor | None) -> Telling:
        kernel, stride = self.random.choice([2, 2, 3]), self.random.choice([1, 2, 2, 3])
        padding, ceil = self.pick(0, 1, 2), self.chance(0.3)
        kind = self.random.choice(["Max", "Avg"])
        text = f"{kind.lower()}pool {kernel} s{stride} p{padding}" + (" ceil_mode" if ceil else "")
        return self.leaf(text, lambda x: form_of(f"{kind}Pool", x)(kernel, stride, padding, ceil_mode=ceil))

    def adaptive(self, x: Tensor | None) -> Telling:
        size = self.random.choice([1, 2, 5])
        if size == 1 and self.chance(0.5):
            return self.leaf("gap", lambda x: form_of("AdaptiveAvgPool", x)(1))
        return self.leaf(f"adaptivemaxpool {size}", lambda x: form_of("AdaptiveMaxPool", x)(size))

    def upsample(self, x: Tensor | None) -> Telling:
        return self.leaf("upsample 2", lambda x: nn.Upsample(scale_factor=2))

    def shuffle(self, x: Tensor | None) -> Telling:
        if self.chance(0.5):
            return Telling("pixelshuffle 2", lambda x, skips: nn.functional.pixel_shuffle(demand(x, 4), 2))
        return Telling("pixelunshuffle 2", lambda x, skips: nn.functional.pixel_unshuffle(demand(x, 4), 2))

    def pad(self, x: Tensor | None) -> Telling:
        size = self.random.choice([1, 2])
        return self.leaf(f"pad {size}", lambda x: form_of("ZeroPad", x)(size))

    def batchnorm(self, x: Tensor | None) -> Telling:
        forms = {2: nn.BatchNorm1d, 3: nn.BatchNorm1d, 4: nn.BatchNorm2d}
        size = None if x is None or self.chance(0.8) else self.pick(x.shape[1], 7)
        return self.leaf("bn" + (f" {size}" if size else ""), lambda x: forms[x.ndim](size or x.shape[1]))

    def groupnorm(self, x: Tensor | None) -> Telling:
        groups = self.random.choice([1, 2, 4])
        return self.leaf(f"groupnorm {groups}", lambda x: nn.GroupNorm(groups, x.shape[1]))

    def layernorm(self, x: Tensor | None) -> Telling:
        return self.leaf("layernorm", lambda x: nn.LayerNorm(x.shape[-1]))

    def linear(self, x: Tensor | None) -> Telling:
        out = self.random.choice([4, 8, 10, 16, 24])
        said, size = self.stated(x, -1)
        return self.leaf(f"linear {said}{out}", lambda x: nn.Linear(size or x.shape[-1], out))

    def activation(self, x: Tensor | None) -> Telling:
        name, form = self.random.choice(
            [("relu", nn.ReLU), ("gelu", nn.GELU), ("tanh", nn.Tanh), ("prelu", nn.PReLU), ("silu", nn.SiLU)]
        )
        return self.leaf(name, lambda x: form())

    def dropout(self, x: Tensor | None) -> Telling:
        return self.leaf("dropout 0.2", lambda x: nn.Dropout(0.2))

    def flatten(self, x: Tensor | None) -> Telling:
        start = self.random.choice([0, 0, 0, 1])
        return self.leaf(f"flatten {start}" if start else "flatten", lambda x: nn.Flatten(start + 1))

    def unflatten(self, x: Tensor | None) -> Telling:
        first = self.pick(2, 3)
        rest = 4 if x is None else max(1, x.shape[-1] // first)
        return self.leaf(f"unflatten 0 {first}x{rest}", lambda x: nn.Unflatten(1, (first, rest)))

    def constant(self, x: Tensor | None) -> Telling:
        if self.chance(0.5):
            return Telling("mul 0.17", lambda x, skips: x * 0.17)
        return Telling("add 1", lambda x, skips: x + 1)

    def roll(self, x: Tensor | None) -> Telling:
        return Telling("roll -2 -1", lambda x, skips: x.roll(-2, -1))

    def slice(self, x: Tensor | None) -> Telling:
        size = 8 if x is None else x.shape[-1]
        start, end = self.pick(0, 1), self.pick(size, size // 2, -1, size + 2)

        def run(x: Tensor, skips: Skips) -> Tensor:
            if end > x.shape[-1] or start >= x.shape[-1] or not x[..., start:end].numel():
                raise IndexError("outside")
            return x[..., start:end]

        return Telling(f"slice {start} {end} dim=-1", run)

    def maximum(self, x: Tensor | None) -> Telling:
        if self.chance(0.5):
            return Telling("max keepdim=true; squeeze 0", lambda x, skips: x.amax(1))
        return Telling("max", lambda x, skips: x.amax(1))

    def transpose(self, x: Tensor | None) -> Telling:
        def run(x: Tensor, skips: Skips) -> Tensor:
            if x.ndim < 3:
                raise ValueError("nothing to exchange but the batch")
            return x.transpose(-2, -1)

        return Telling("transpose", run)

    def lstm(self, x: Tensor | None) -> Telling:
        hidden, both = self.random.choice([4, 8]), self.chance(0.4)

        def run(x: Tensor, skips: Skips) -> Tensor:
            module = self.module(lambda x: nn.LSTM(x.shape[-1], hidden, batch_first=True, bidirectional=both), x)
            return module(demand(x, 3))[0]

        return Telling(f"lstm {hidden}" + (" bidirectional" if both else ""), run)

    def attention(self, x: Tensor | None) -> Telling:
        heads = self.random.choice([1, 2, 4])

        def run(x: Tensor, skips: Skips) -> Tensor:
            module = self.module(lambda x: nn.MultiheadAttention(x.shape[-1], heads, batch_first=True), x)
            return module(demand(x, 3), x, x)[0]

        return Telling(f"attention {heads}", run)

"""Random whole nets, each told twice: as text in the language, and as torch called step by step.

The second telling knows nothing of shapes: it makes torch's modules from the numbers at hand and calls them. What torch
makes of it is the truth that the checker is held against.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
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


@dataclass
class Net:
    """A whole net: definitions, statements, and torch's own run of them."""

    input: tuple[int, ...]
    text: str
    run: Callable[[Tensor], Tensor]
    modules: list[nn.Module] = field(default_factory=list)

    @property
    def params(self) -> int:
        """How many numbers the modules that torch has run learn."""
        return sum(weight.numel() for module in self.modules for weight in module.parameters())


class Author:
    """Writes one random net. `care` is the chance that a number is chosen to fit rather than at random."""

    def __init__(self, seed: int, care: float = 0.93) -> None:
        self.random = Random(seed)
        self.care = care
        self.modules: list[nn.Module] = []
        self.labels = 0
        self.blocks: list[str] = []

    def net(self) -> Net:
        """A net of a few statements over an image, a signal, a sequence or a vector."""
        shape = self.random.choice(
            [(3, 32, 32), (4, 16, 16), (6, 9, 11), (8, 8, 8), (1, 28, 20), (4, 32), (12, 16), (24,), (5,)]
        )
        x = torch.empty(2, *shape, device="meta")
        tellings = self.body(x, {}, self.random.randint(1, 7), depth=0)
        lines = [*self.blocks, "input " + "x".join(map(str, shape)), *(telling.text for telling in tellings)]

        def run(batch: Tensor) -> Tensor:
            self.modules.clear()
            return through(tellings, batch, {})

        return Net(shape, "\n".join(lines) + "\n", run, self.modules)

    def body(self, x: Tensor | None, skips: Skips, length: int, depth: int) -> list[Telling]:
        """Statements that are likely to follow one another; `x` is what flows in, None once torch has refused."""
        tellings = []
        skips = dict(skips)
        for _ in range(length):
            telling = self.statement(x, skips, depth)
            tellings.append(telling)
            x = attempt(telling.run, x, skips)
            if x is not None and not telling.text.startswith("repeat") and self.chance(0.12):
                x = self.labelled(tellings, x, skips)
        return tellings

    def labelled(self, tellings: list[Telling], x: Tensor, skips: Skips) -> Tensor:
        """Puts a label on the last statement."""
        self.labels += 1
        name, last = f"skip{self.labels}", tellings[-1]

        def run(batch: Tensor, seen: Skips) -> Tensor:
            seen[name] = last.run(batch, seen)
            return seen[name]

        tellings[-1] = Telling(f"{last.text} as {name}", run)
        skips[name] = x
        return x

    def statement(self, x: Tensor | None, skips: Skips, depth: int) -> Telling:
        """One statement that suits the rank of what flows in."""
        rank = 3 if x is None else x.ndim - 1
        anywhere = [self.activation, self.dropout, self.layernorm]
        long = x is not None and x.shape[1] > LONG
        suited = {
            1: [self.linear, self.linear, self.linear, self.batchnorm, self.unflatten],
            2: [
                self.linear,
                self.conv,
                self.pool,
                self.batchnorm,
                self.flatten,
                self.transpose,
                *([] if long else [self.lstm, self.attention]),
            ],
            3: [
                *[self.conv] * 3,
                *[self.pool] * 2,
                self.batchnorm,
                self.groupnorm,
                self.convt,
                self.upsample,
                self.adaptive,
                self.flatten,
                self.depthwise,
                self.shuffle,
                self.pad,
            ],
            4: [self.flatten, self.activation],
        }[rank]
        composite = [self.residual, self.concat, self.add, self.repeat, self.block, self.scale, self.split]
        if skips:
            composite += [self.skip, self.skip]
        pool = anywhere + suited * 2 + (composite * 2 if depth < 3 else [])
        chosen = self.random.choice(pool)
        if chosen in composite:
            return chosen(x, skips, depth)  # type: ignore[operator]
        return chosen(x)  # type: ignore[operator]

    def chance(self, likely: float) -> bool:
        return self.random.random() < likely

    def pick(self, fitting: int, *others: int) -> int:
        """Mostly the number that fits."""
        return fitting if self.chance(self.care) or not others else self.random.choice(others)

    def leaf(self, text: str, make: Callable[[Tensor], nn.Module]) -> Telling:
        """A statement that is one module, made for what it is called with."""

        def run(x: Tensor, skips: Skips) -> Tensor:
            with torch.device("meta"):
                module = make(x)
            self.modules.append(module)
            return module(x)

        return Telling(text, run)

    def stated(self, x: Tensor | None, axis: int) -> tuple[str, int | None]:
        """The size of the input, said or not, and not always right."""
        if x is None or self.chance(0.5):
            return "", None
        size = self.pick(x.shape[axis], x.shape[axis] + 1, 3, 64)
        return f"{size}->", size

    def conv(self, x: Tensor | None) -> Telling:
        axes = 2 if x is None else x.ndim - 2
        out = self.random.choice([4, 6, 8, 12, 16])
        kernel, stride = self.random.choice([1, 3, 3, 5]), self.random.choice([1, 1, 2, 3])
        padding, dilation = self.random.choice([0, 1, kernel // 2]), self.pick(1, 2)
        groups = self.pick(1, 2, 4)
        said, size = self.stated(x, 1)
        bias = self.chance(0.7)
        text = f"conv {said}{out} k{kernel} s{stride} p{padding}" + (f" d{dilation}" if dilation > 1 else "")
        text += (f" g{groups}" if groups > 1 else "") + ("" if bias else " bias=false")
        form = (nn.Conv1d, nn.Conv2d)[axes - 1]
        return self.leaf(text, lambda x: form(size or x.shape[1], out, kernel, stride, padding, dilation, groups, bias))

    def depthwise(self, x: Tensor | None) -> Telling:
        kernel, stride = self.random.choice([3, 5]), self.random.choice([1, 2])
        return self.leaf(
            f"dwconv k{kernel} s{stride} p{kernel // 2}",
            lambda x: nn.Conv2d(x.shape[1], x.shape[1], kernel, stride, kernel // 2, groups=x.shape[1]),
        )

    def convt(self, x: Tensor | None) -> Telling:
        out, kernel, stride = self.random.choice([4, 8]), self.random.choice([2, 3, 4]), self.random.choice([1, 2])
        more = self.pick(0, 1)

        def make(x: Tensor) -> nn.Module:
            if more >= stride:
                raise ValueError("the CPU refuses such an output_padding, the meta device overlooks it")
            return nn.ConvTranspose2d(x.shape[1], out, kernel, stride, output_padding=more)

        return self.leaf(f"convt {out} k{kernel} s{stride} output_padding={more}", make)

    def pool(self, x: Tensor | None) -> Telling:
        axes = 2 if x is None else x.ndim - 2
        kernel, stride = self.random.choice([2, 2, 3]), self.random.choice([1, 2, 2, 3])
        padding, ceil = self.pick(0, 1, 2), self.chance(0.3)
        kind = self.random.choice(["Max", "Avg"])
        form = getattr(nn, f"{kind}Pool{axes}d")
        text = f"{kind.lower()}pool {kernel} s{stride} p{padding}" + (" ceil_mode" if ceil else "")
        return self.leaf(text, lambda x: form(kernel, stride, padding, ceil_mode=ceil))

    def adaptive(self, x: Tensor | None) -> Telling:
        size = self.random.choice([1, 2, 5])
        if size == 1 and self.chance(0.5):
            return self.leaf("gap", lambda x: nn.AdaptiveAvgPool2d(1))
        return self.leaf(f"adaptivemaxpool {size}", lambda x: nn.AdaptiveMaxPool2d(size))

    def upsample(self, x: Tensor | None) -> Telling:
        return self.leaf("upsample 2", lambda x: nn.Upsample(scale_factor=2))

    def shuffle(self, x: Tensor | None) -> Telling:
        if self.chance(0.5):
            return self.leaf("pixelshuffle 2", lambda x: nn.PixelShuffle(2))
        return self.leaf("pixelunshuffle 2", lambda x: nn.PixelUnshuffle(2))

    def pad(self, x: Tensor | None) -> Telling:
        size = self.random.choice([1, 2])
        return self.leaf(f"pad {size}", lambda x: nn.ZeroPad2d(size))

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

    def transpose(self, x: Tensor | None) -> Telling:
        return Telling("transpose", lambda x, skips: x.transpose(-2, -1))

    def lstm(self, x: Tensor | None) -> Telling:
        hidden, both = self.random.choice([4, 8]), self.chance(0.4)

        def run(x: Tensor, skips: Skips) -> Tensor:
            module = nn.LSTM(x.shape[-1], hidden, batch_first=True, bidirectional=both, device="meta")
            self.modules.append(module)
            return module(x)[0]

        return Telling(f"lstm {hidden}" + (" bidirectional" if both else ""), run)

    def attention(self, x: Tensor | None) -> Telling:
        heads = self.random.choice([1, 2, 4])

        def run(x: Tensor, skips: Skips) -> Tensor:
            module = nn.MultiheadAttention(x.shape[-1], heads, batch_first=True, device="meta")
            self.modules.append(module)
            return module(x, x, x)[0]

        return Telling(f"attention {heads}", run)

    def residual(self, x: Tensor | None, skips: Skips, depth: int) -> Telling:
        fitting = x is not None and self.chance(0.75)
        body = self.keeping(x) if fitting else self.body(x, skips, self.random.randint(1, 2), depth + 1)
        if self.chance(0.3):
            other = self.keeping(x) if fitting else self.body(x, skips, 1, depth + 1)
            text = f"residual {braced(body)} shortcut {braced(other)}"
            return Telling(text, lambda x, skips: exact(through(body, x, skips), through(other, x, skips)))
        return Telling(f"residual {braced(body)}", lambda x, skips: exact(x, through(body, x, skips)))

    def keeping(self, x: Tensor | None) -> list[Telling]:
        """A body that mostly keeps the shape."""
        assert x is not None
        if x.ndim == 4 or (x.ndim == 3 and self.chance(0.5)):
            out = self.pick(x.shape[1], x.shape[1] + 2)
            form = nn.Conv2d if x.ndim == 4 else nn.Conv1d
            first = self.leaf(f"conv {out} k3 p1", lambda x: form(x.shape[1], out, 3, padding=1))
        else:
            out = self.pick(x.shape[-1], x.shape[-1] + 2)
            first = self.leaf(f"linear {out}", lambda x: nn.Linear(x.shape[-1], out))
        return [first, self.activation(x)]

    def bodies(self, x: Tensor | None, skips: Skips, depth: int) -> list[list[Telling]]:
        count = self.random.randint(1, 3)
        fitting = x is not None and self.chance(0.8)
        bodies = [
            self.keeping(x) if fitting else self.body(x, skips, self.random.randint(0, 2), depth + 1)
            for _ in range(count)
        ]
        return [*bodies, []] if self.chance(0.3) else bodies

    def concat(self, x: Tensor | None, skips: Skips, depth: int) -> Telling:
        bodies = self.bodies(x, skips, depth)
        dim = self.pick(0, 1, -1)
        text = "concat " + " ".join(map(braced, bodies)) + (f" dim={dim}" if dim else "")
        at = dim + 1 if dim >= 0 else dim
        return Telling(text, lambda x, skips: torch.cat([through(body, x, skips) for body in bodies], at))

    def add(self, x: Tensor | None, skips: Skips, depth: int) -> Telling:
        bodies = self.bodies(x, skips, depth)
        text = "add " + " ".join(map(braced, bodies))

        def run(x: Tensor, skips: Skips) -> Tensor:
            first, *others = [through(body, x, skips) for body in bodies]
            for other in others:
                first = exact(first, other)
            return first

        return Telling(text, run)

    def scale(self, x: Tensor | None, skips: Skips, depth: int) -> Telling:
        if x is None or x.ndim != 4 or self.chance(0.2):
            body = self.body(x, skips, 1, depth + 1)
        else:
            channels = self.pick(x.shape[1], 1, 3)
            gate = self.leaf(f"conv {channels} k1", lambda x: nn.Conv2d(x.shape[1], channels, 1))
            body = [
                self.leaf("gap", lambda x: nn.AdaptiveAvgPool2d(1)),
                gate,
                self.leaf("sigmoid", lambda x: nn.Sigmoid()),
            ]
        return Telling(f"scale {braced(body)}", lambda x, skips: scaled(x, through(body, x, skips)))

    def split(self, x: Tensor | None, skips: Skips, depth: int) -> Telling:
        parts = self.random.choice([2, 2, 3])
        part = None if x is None or x.shape[1] % parts else x[:, : x.shape[1] // parts]
        bodies = [self.keeping(part) if part is not None else [self.activation(None)] for _ in range(parts)]

        def run(x: Tensor, skips: Skips) -> Tensor:
            if x.shape[1] % parts:
                raise RuntimeError("parts of unequal size")
            pieces = x.chunk(parts, 1)
            return torch.cat([through(body, piece, skips) for body, piece in zip(bodies, pieces, strict=True)], 1)

        return Telling("split " + " ".join(map(braced, bodies)), run)

    def repeat(self, x: Tensor | None, skips: Skips, depth: int) -> Telling:
        times = self.random.choice([0, 1, 2, 3])
        if times == 0:
            body = [self.activation(x)]  # what no layer ever is is looked over all the same, and may not be wrong
        elif x is not None and self.chance(0.7):
            body = self.keeping(x)
        else:
            body = self.body(x, {}, 1, depth + 1)
        return Telling(f"repeat {times} {braced(body)}", lambda x, skips: through(body * times, x, skips, shared=True))

    def block(self, x: Tensor | None, skips: Skips, depth: int) -> Telling:
        """A definition above the net and its use here; its parameter is a layer's width."""
        body = self.keeping(x) if x is not None and self.chance(0.6) else self.body(x, {}, 2, depth + 1)
        name = f"unit{len(self.blocks) + 1}"
        self.blocks.append(f"block {name} {braced(body)}")
        return Telling(name, lambda x, skips: through(body, x, {}))

    def skip(self, x: Tensor | None, skips: Skips, depth: int) -> Telling:
        fitting = [name for name in skips if x is not None and skips[name].shape == x.shape]
        name = self.random.choice(fitting or sorted(skips))
        if self.chance(0.5):
            return Telling(f"concat {name}", lambda x, skips: torch.cat([x, skips[name]], 1))
        return Telling(f"add {name}", lambda x, skips: exact(x, skips[name]))


def through(body: list[Telling], x: Tensor, skips: Skips, shared: bool = False) -> Tensor:
    """Runs a body; the labels in it are its own, unless it stands for siblings."""
    seen = skips if shared else dict(skips)
    for telling in body:
        x = telling.run(x, seen)
    return x


def attempt(run: Run, x: Tensor | None, skips: Skips) -> Tensor | None:
    """What torch makes of a step; None where it refuses."""
    if x is None:
        return None
    try:
        return run(x, dict(skips))
    except (RuntimeError, ValueError, TypeError, IndexError, AssertionError, KeyError):
        return None


def exact(x: Tensor, y: Tensor) -> Tensor:
    """A sum without broadcasting: language.md has the shapes agree."""
    if x.shape != y.shape:
        raise RuntimeError("shapes differ")
    return x + y


def scaled(x: Tensor, gate: Tensor) -> Tensor:
    """A product that stretches sizes of 1, but does not line up dimensions of different samples."""
    if x.ndim != gate.ndim:
        raise RuntimeError("the gate has another number of dimensions")
    return x * gate


def braced(body: list[Telling]) -> str:
    return "{ " + "; ".join(telling.text for telling in body) + " }"

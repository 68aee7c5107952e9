"""Random whole nets, each told twice: as text in the language, and as torch called step by step.

The second telling knows nothing of shapes: it makes torch's modules from the numbers at hand and calls them. What torch
makes of it is the truth that the checker is held against.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from random import Random

import torch
from torch import Tensor, nn

from tests.soundness.leaves import LONG, Leaves, Run, Skips, Telling, form_of

Sizes = tuple[int, ...]
Join = Callable[[Tensor, Tensor], Tensor]
"""How two outputs become one."""


@dataclass
class Net:
    """A whole net: definitions, statements, and torch's own run of them, from a batch an input to the outputs."""

    inputs: tuple[Sizes, ...]
    text: str
    run: Callable[..., list[Tensor]]
    modules: list[nn.Module] = field(default_factory=list)
    names: tuple[str, ...] = ()

    @property
    def input(self) -> Sizes:
        """The sizes of the first input."""
        return self.inputs[0]

    @property
    def params(self) -> int:
        """How many numbers the modules that torch has run learn."""
        return sum(weight.numel() for module in self.modules for weight in module.parameters())


class Author(Leaves):
    """Writes one random net."""

    def __init__(self, seed: int, care: float = 0.93) -> None:
        super().__init__(Random(seed), care)
        self.labels = 0
        self.blocks: list[str] = []
        self.made: dict[str, list[nn.Module]] = {}
        self.bodies_open: list[dict[str, Telling]] = [{}]

    def begin(self) -> None:
        """Forgets the modules of the run before."""
        self.modules.clear()
        self.called.clear()
        self.made.clear()

    def net(self) -> Net:
        """A net of a few statements over an image, a signal, a sequence or a vector."""
        shape = self.random.choice(
            [(3, 32, 32), (4, 16, 16), (6, 9, 11), (8, 8, 8), (1, 28, 20), (4, 32), (12, 16), (24,), (5,)]
        )
        x = torch.empty(2, *shape, device="meta")
        tellings = self.body(x, {}, self.random.randint(1, 7), depth=0)
        lines = [*self.blocks, "input " + "x".join(map(str, shape)), *(telling.text for telling in tellings)]

        def run(batch: Tensor) -> list[Tensor]:
            self.begin()
            return [through(tellings, batch, {})]

        return Net((shape,), "\n".join(lines) + "\n", run, self.modules)

    def body(self, x: Tensor | None, skips: Skips, length: int, depth: int) -> list[Telling]:
        """Statements that are likely to follow one another; `x` is what flows in, None once torch has refused."""
        tellings: list[Telling] = []
        skips = dict(skips)
        self.bodies_open.append({})
        for _ in range(length):
            telling = self.again() if self.bodies_open[-1] and self.chance(0.15) else self.statement(x, skips, depth)
            tellings.append(telling)
            x = attempt(telling.run, x, skips)
            if x is not None and self.takes_label(telling) and self.chance(0.15):
                x = self.labelled(tellings, x, skips, depth)
                # `repeat` stands for several modules, and the label of two statements is that of the second.
                if not telling.text.startswith("repeat") and ";" not in re.sub(r"{.*}", "", telling.text):
                    self.bodies_open[-1][f"skip{self.labels}"] = telling
        self.bodies_open.pop()
        return tellings

    def again(self) -> Telling:
        """The modules of a statement of this body with a label, once more."""
        name = self.random.choice(sorted(self.bodies_open[-1]))
        first = self.bodies_open[-1][name]

        def run(x: Tensor, skips: Skips) -> Tensor:
            # Inside one that is used again, the modules are in the queue already.
            if self.queue is not None:
                return first.run(x, skips)
            self.queue = list(self.made[name])
            try:
                return first.run(x, skips)
            finally:
                self.queue = None

        return Telling(f"again {name}", run)

    def takes_label(self, telling: Telling) -> bool:
        """Whether a statement may have a label: `repeat` has none, and none has two."""
        return not telling.text.startswith("repeat") and not re.search(r" as \w+$", telling.text)

    def labelled(self, tellings: list[Telling], x: Tensor, skips: Skips, depth: int) -> Tensor:
        """Puts a label on the last statement."""
        self.labels += 1
        name, last = f"skip{self.labels}", tellings[-1]

        def run(batch: Tensor, seen: Skips) -> Tensor:
            before = len(self.called)
            seen[name] = last.run(batch, seen)
            self.made[name] = self.called[before:]
            return seen[name]

        tellings[-1] = Telling(f"{last.text} as {name}", run)
        skips[name] = x
        return x

    def statement(self, x: Tensor | None, skips: Skips, depth: int) -> Telling:
        """One statement that suits the rank of what flows in."""
        rank = 3 if x is None else x.ndim - 1
        anywhere = [self.activation, self.dropout, self.layernorm, self.constant, self.roll, self.slice]
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
                self.maximum,
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
        composite = [self.residual, self.concat, self.add, self.mul, self.repeat, self.block, self.scale, self.split]
        if skips:
            composite += [self.skip, self.skip]
        pool = anywhere + suited * 2 + (composite * 2 if depth < 3 else [])
        chosen = self.random.choice(pool)
        if chosen in composite:
            return chosen(x, skips, depth)  # type: ignore[operator]
        return chosen(x)  # type: ignore[operator]

    def residual(self, x: Tensor | None, skips: Skips, depth: int) -> Telling:
        fitting = x is not None and self.chance(0.75)
        body = self.keeping(x) if fitting else self.body(x, skips, self.random.randint(1, 2), depth + 1)
        if self.chance(0.3):
            other = self.keeping(x) if fitting else self.body(x, skips, 1, depth + 1)
            text = f"residual {braced(body)} shortcut {braced(other)}"
            return Telling(text, lambda x, skips: exact(through(body, x, skips), through(other, x, skips)))
        factor = self.random.choice([0.17, 1, 2])
        text = f"residual {braced(body)}" + (f" factor={factor}" if factor != 1 else "")
        return Telling(text, lambda x, skips: exact(x, factor * through(body, x, skips)))

    def keeping(self, x: Tensor | None) -> list[Telling]:
        """A body that mostly keeps the shape."""
        assert x is not None
        if x.ndim == 4 or (x.ndim == 3 and self.chance(0.5)):
            out = self.pick(x.shape[1], x.shape[1] + 2)
            first = self.leaf(f"conv {out} k3 p1", lambda x: form_of("Conv", x)(x.shape[1], out, 3, padding=1))
        else:
            out = self.pick(x.shape[-1], x.shape[-1] + 2)
            first = self.leaf(f"linear {out}", lambda x: nn.Linear(x.shape[-1], out))
        return [first, self.activation(x)]

    def bodies(self, x: Tensor | None, skips: Skips, depth: int) -> list[list[Telling]]:
        """Bodies side by side, which may take what those before them have labelled."""
        count = self.random.randint(1, 3)
        fitting = x is not None and self.chance(0.8)
        seen, bodies = dict(skips), list[list[Telling]]()
        for _ in range(count):
            body = self.keeping(x) if fitting else self.body(x, seen, self.random.randint(0, 2), depth + 1)
            bodies.append(self.sharing(body, x, seen))
        return [*bodies, []] if self.chance(0.3) else bodies

    def sharing(self, body: list[Telling], x: Tensor | None, seen: Skips) -> list[Telling]:
        """The body with an output from above or beside at its end, and sometimes a label."""
        out = None if x is None else attempt(lambda x, seen: through(body, x, seen), x, seen)
        if out is not None and seen and self.chance(0.3):
            body = [*body, self.skip(out, seen, 0)]
            out = attempt(body[-1].run, out, seen)
        if out is not None and body and self.takes_label(body[-1]) and self.chance(0.3):
            self.labelled(body, out, seen, 1)
        return body

    def concat(self, x: Tensor | None, skips: Skips, depth: int) -> Telling:
        bodies = self.bodies(x, skips, depth)
        dim = self.pick(0, 1, -1)
        text = "concat " + " ".join(map(braced, bodies)) + (f" dim={dim}" if dim else "")
        at = dim + 1 if dim >= 0 else dim
        return Telling(text, lambda x, skips: torch.cat(side_by_side(bodies, [x] * len(bodies), skips), at))

    def add(self, x: Tensor | None, skips: Skips, depth: int) -> Telling:
        return self.joined("add", exact, x, skips, depth)

    def mul(self, x: Tensor | None, skips: Skips, depth: int) -> Telling:
        return self.joined("mul", multiplied, x, skips, depth)

    def joined(self, word: str, join: Join, x: Tensor | None, skips: Skips, depth: int) -> Telling:
        """Bodies whose outputs are joined two by two, from the first to the last."""
        bodies = self.bodies(x, skips, depth)
        text = f"{word} " + " ".join(map(braced, bodies))
        return Telling(text, lambda x, skips: reduce(join, side_by_side(bodies, [x] * len(bodies), skips)))

    def scale(self, x: Tensor | None, skips: Skips, depth: int) -> Telling:
        if x is None or x.ndim != 4 or self.chance(0.2):
            body = self.body(x, skips, 1, depth + 1)
        else:
            channels = self.pick(x.shape[1], 1, 3)
            gate = self.leaf(f"conv {channels} k1", lambda x: form_of("Conv", x)(x.shape[1], channels, 1))
            body = [
                self.leaf("gap", lambda x: form_of("AdaptiveAvgPool", x)(1)),
                gate,
                self.leaf("sigmoid", lambda x: nn.Sigmoid()),
            ]
        return Telling(f"scale {braced(body)}", lambda x, skips: scaled(x, through(body, x, skips)))

    def split(self, x: Tensor | None, skips: Skips, depth: int) -> Telling:
        parts = self.random.choice([2, 2, 3])
        part = None if x is None or x.shape[1] % parts else x[:, : x.shape[1] // parts]
        seen, bodies = dict(skips), list[list[Telling]]()
        for _ in range(parts):
            body = self.keeping(part) if part is not None else [self.activation(None)]
            bodies.append(self.sharing(body, part, seen))

        def run(x: Tensor, skips: Skips) -> Tensor:
            if x.shape[1] % parts:
                raise RuntimeError("parts of unequal size")
            return torch.cat(side_by_side(bodies, x.chunk(parts, 1), skips), 1)

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

    def sized_like(self, name: str) -> Telling:
        """A feature map brought to the size of a labelled one."""

        def crop(x: Tensor, skips: Skips) -> Tensor:
            x = same_rank(x, skips[name])
            for axis, size in enumerate(skips[name].shape[2:], 2):
                x = x.narrow(axis, (x.shape[axis] - size) // 2, size)
            return x

        def pad(x: Tensor, skips: Skips) -> Tensor:
            missing = [want - size for size, want in zip(x.shape[2:], skips[name].shape[2:], strict=True)]
            if min(missing) < 0:
                raise RuntimeError("it is smaller")
            return nn.functional.pad(x, [end for one in missing[::-1] for end in (one // 2, one - one // 2)])

        def upsample(x: Tensor, skips: Skips) -> Tensor:
            return nn.functional.interpolate(same_rank(x, skips[name]), skips[name].shape[2:])

        word, run = self.random.choice([("upsample", upsample), ("upsample", upsample), ("crop", crop), ("pad", pad)])
        return Telling(f"{word} like={name}", run)

    def skip(self, x: Tensor | None, skips: Skips, depth: int) -> Telling:
        fitting = [name for name in skips if x is not None and skips[name].shape == x.shape]
        name = self.random.choice(fitting or sorted(skips))
        if x is not None and x.ndim > 2 and self.chance(0.25):
            return self.sized_like(name)
        if self.chance(0.5):
            return Telling(f"concat {name}", lambda x, skips: torch.cat([x, skips[name]], 1))
        if self.chance(0.4):
            return Telling(f"mul {name}", lambda x, skips: multiplied(x, skips[name]))
        return Telling(f"add {name}", lambda x, skips: exact(x, skips[name]))


def same_rank(x: Tensor, y: Tensor) -> Tensor:
    """The first, where both have as many dimensions."""
    if x.ndim != y.ndim:
        raise RuntimeError("another number of dimensions")
    return x


def through(body: list[Telling], x: Tensor, skips: Skips, shared: bool = False) -> Tensor:
    """Runs a body; the labels in it are its own, unless it stands for siblings."""
    seen = skips if shared else dict(skips)
    for telling in body:
        x = telling.run(x, seen)
    return x


def side_by_side(bodies: list[list[Telling]], inputs: Sequence[Tensor], skips: Skips) -> list[Tensor]:
    """What bodies make of their inputs; each sees the labels of those before it."""
    seen, outputs = dict(skips), []
    for body, x in zip(bodies, inputs, strict=True):
        for telling in body:
            x = telling.run(x, seen)
        outputs.append(x)
    return outputs


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


def multiplied(x: Tensor, y: Tensor) -> Tensor:
    """A product without broadcasting."""
    if x.shape != y.shape:
        raise RuntimeError("shapes differ")
    return x * y


def scaled(x: Tensor, gate: Tensor) -> Tensor:
    """A product that stretches sizes of 1, but does not line up dimensions of different samples."""
    if x.ndim != gate.ndim:
        raise RuntimeError("the gate has another number of dimensions")
    return x * gate


def braced(body: list[Telling]) -> str:
    return "{ " + "; ".join(telling.text for telling in body) + " }"

"""Random nets with several inputs and outputs, whose layers do not all follow the one above."""

from __future__ import annotations

import torch
from torch import Tensor

from tests.soundness.leaves import Skips, Telling
from tests.soundness.nets import Author, Net, Sizes, through

SHAPES = [(3, 16, 16), (4, 9, 11), (6, 8, 8), (8, 12), (12, 16), (24,), (5,)]


class WiredAuthor(Author):
    """Writes one random net with named inputs."""

    def __init__(self, seed: int, care: float = 0.95) -> None:
        super().__init__(seed, care)
        self.kept: list[str] = []

    def net(self) -> Net:
        """A net of one input to three, often alike, and of one output to three."""
        inputs = self.inputs()
        samples = {name: torch.empty(2, *shape, device="meta") for name, shape in inputs.items()}
        tellings = self.body(next(iter(samples.values())), samples, self.random.randint(2, 9), depth=0)
        known = [*self.kept, *(inputs if self.chance(0.1) else ())]
        outputs = self.random.sample(known, min(len(known), self.random.choice([0, 0, 1, 2, 3])))
        shapes = (f"{name}={'x'.join(map(str, shape))}" for name, shape in inputs.items())
        lines = [*self.blocks, f"input {' '.join(shapes)}", *(telling.text for telling in tellings)]
        lines += [f"output {' '.join(outputs)}"] if outputs else []

        def run(*batches: Tensor) -> list[Tensor]:
            self.begin()
            seen = dict(zip(inputs, batches, strict=True))
            last = through(tellings, batches[0], seen, shared=True)
            return [seen[name] for name in outputs] or [last]

        return Net(tuple(inputs.values()), "\n".join(lines) + "\n", run, self.modules, tuple(inputs))

    def inputs(self) -> dict[str, Sizes]:
        """The names and sizes of the inputs: often those of the first, or with other channels."""
        first = self.random.choice(SHAPES)
        others = [first, first, (first[0] + 1, *first[1:]), self.random.choice(SHAPES)]
        count = self.random.choice([1, 2, 2, 3])
        return {"abc"[number]: self.random.choice(others) if number else first for number in range(count)}

    def statement(self, x: Tensor | None, skips: Skips, depth: int) -> Telling:
        """A statement, now and then a `from`."""
        if skips and self.chance(0.15):
            name = self.random.choice(sorted(skips))
            return Telling(f"from {name}", lambda x, skips: skips[name])
        return super().statement(x, skips, depth)

    def takes_label(self, telling: Telling) -> bool:
        """What is no layer has none."""
        return not telling.text.startswith("from") and super().takes_label(telling)

    def labelled(self, tellings: list[Telling], x: Tensor, skips: Skips, depth: int) -> Tensor:
        """Puts a label on the last statement; those at the top may be outputs."""
        x = super().labelled(tellings, x, skips, depth)
        if depth == 0:
            self.kept.append(f"skip{self.labels}")
        return x

"""What a step of training cannot be quicker than: the kernels of a net's layers alone, one after the other.

    python -m tests.benchmarks.kernels [--net examples/tudui.net] [--batch 64] [--rounds 200]

Each layer runs by itself on what it receives in the net, forward and back, in channels last, and the best of many
rounds counts. `ms` are those of a batch, `GFLOP/s` are of the layer's multiplications and additions, which are those of
its MACs twice, forward and each way back. Their sum is a floor: a whole step has the loss, the optimizer and the
loading of a batch besides, and its layers find their input in no cache. The last lines set a whole step beside it.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

import netdsl

EXAMPLES = Path(__file__).parents[2] / "examples"


class Kernel(NamedTuple):
    """A layer's best times in seconds; `macs` are those of a batch forward."""

    name: str
    macs: int
    forward: float
    back: float
    ways_back: int

    @property
    def speed(self) -> float:
        """Operations a second, where the layer multiplies."""
        return 2 * self.macs * (1 + self.ways_back) / (self.forward + self.back)


def best(work: Callable[[], object], rounds: int) -> float:
    """The shortest of some rounds, in seconds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def kernels(model: nn.Sequential, batch: Tensor, rounds: int) -> Iterator[Kernel]:
    """Each layer alone; the first has no gradient to give to the images."""
    x = batch
    for number, layer in enumerate(model):
        given = x.detach().requires_grad_(number > 0)
        with torch.no_grad():
            forward = best(lambda layer=layer, given=given: layer(given), rounds)  # type: ignore[misc]  # mypy#15459
        out = layer(given)
        wanted = [one for one in (given, *layer.parameters()) if one.requires_grad]
        gradient = torch.ones_like(out)
        back = best(
            lambda out=out, wanted=wanted, gradient=gradient: torch.autograd.grad(  # type: ignore[misc]
                out, wanted, gradient, retain_graph=True
            ),
            rounds,
        )
        weights = [one for one in layer.parameters() if one.dim() > 1]
        macs = sum(out.numel() * weight[0].numel() for weight in weights)
        yield Kernel(type(layer).__name__, macs, forward, back, ways_back=(number > 0) + 1)
        x = out.detach()


def whole_step(model: nn.Sequential, batch: Tensor, rounds: int) -> list[float]:
    """The seconds of steps with a loss and an optimizer, but with one and the same batch."""
    target = torch.randint(0, 10, (len(batch),))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, fused=True)
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        loss = nn.functional.cross_entropy(model(batch), target)
        loss.backward()  # type: ignore[no-untyped-call]  # torch's own
        optimizer.step()
        optimizer.zero_grad()
        times.append(time.perf_counter() - start)
    return times


def main() -> None:
    """Prints the layers, their sum, and the step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--net", type=Path, default=EXAMPLES / "tudui.net")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=200)
    given = parser.parse_args()
    model = netdsl.build(given.net).to(memory_format=torch.channels_last)
    size = [one for one in netdsl.shapes(given.net).input if isinstance(one, int)]
    batch = torch.rand(given.batch, *size).to(memory_format=torch.channels_last)
    found = list(kernels(model, batch, given.rounds))
    print(f"{given.net.name}: batch {given.batch}, {torch.get_num_threads()} threads, best of {given.rounds}")
    for one in found:
        speed = f"{one.speed / 1e9:>8.0f} GFLOP/s" if one.macs else ""
        print(f"    {one.name:12} {1e3 * one.forward:>8.3f} ms forward {1e3 * one.back:>8.3f} ms back {speed}")
    floor, products = sum(one.forward + one.back for one in found), [one for one in found if one.macs]
    multiplied = sum(one.forward + one.back for one in products)
    operations = sum(one.speed * (one.forward + one.back) for one in products)
    print(f"    all layers   {1e3 * floor:>8.3f} ms, of which {1e3 * multiplied:.3f} for {operations / 1e9:.2f} GFLOP")
    times = whole_step(model, batch, given.rounds)
    print(f"    a whole step {1e3 * min(times):>8.3f} ms at best, {1e3 * statistics.median(times):.3f} the median")


if __name__ == "__main__":
    main()

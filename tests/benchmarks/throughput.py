"""Images a second of `netdsl run`, beside loops written by hand: the same net, data, batch and machine.

    python -m tests.benchmarks.throughput [--only tudui,resnet,digits] [--rounds 15] [--steps N] [--whole]

Every contender is a process of its own that trains as long as it is asked to; they take turns, a round of some steps
each, so that a machine that is slow for a while is slow for all of them. Medians are shown, and the medians of the
ratios within a round. Who trains:

- `course`: the loop of the course's notes: `DataLoader`, `ToTensor` for every sample, a print every 100 steps.
- `tuned`: the loop that an expert writes: bytes in memory, whole batches, channels last, a fused optimizer.
- `netdsl`: `netdsl run` as it is, on a terminal, with its progress line, loggers, checkpoints and `speed=auto`.

All of them test the net after each epoch; the time of that counts only with `--whole`.
"""

from __future__ import annotations

import argparse
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from tests.benchmarks.contenders import BATCH, Case, contend

EXAMPLES = Path(__file__).parents[2] / "examples"
MLP = "input 1x8x8; flatten; linear 128; relu; linear 10; loss cross_entropy; optimizer sgd lr=0.01"

CASES = {
    "tudui": Case(
        net=str(EXAMPLES / "tudui.net"),
        images=50_000,
        side=32,
        steps=40,
        contenders=("course", "tuned", "netdsl", "netdsl bf16"),
        required=(("netdsl", "course", 1.7), ("netdsl", "tuned", 0.98), ("netdsl bf16", "course", 2.1)),
    ),
    "resnet": Case(
        net=str(EXAMPLES / "resnet.net"),
        images=2_000,
        side=64,
        steps=6,
        contenders=("course", "tuned", "netdsl"),
        required=(("netdsl", "tuned", 0.98),),
    ),
    "digits": Case(
        net=MLP,
        images=0,
        side=8,
        steps=460,
        contenders=("tuned", "netdsl"),
        required=(("netdsl", "tuned", 0.95),),
    ),
}


def make_data(case: Case, root: Path) -> str:
    """Writes what a case needs; its `data` line."""
    if not case.images:
        return f"digits batch={BATCH}"
    stream = np.random.default_rng(0)
    if case.side == 32:
        write_cifar(root, case.images, stream)
        return f'cifar10 root="{root}" batch={BATCH}'
    x = stream.integers(0, 256, (case.images, case.side, case.side, 3), dtype=np.uint8)
    np.savez(root / "images.npz", x=x, y=stream.integers(0, 1000, case.images))
    return f'npz "{root}/images.npz" split=0.1 batch={BATCH}'


def write_cifar(root: Path, images: int, stream: np.random.Generator) -> None:
    """CIFAR-10's files, byte for byte in their form, with random pictures: five of training, one of testing."""
    folder = root / "cifar-10-batches-py"
    folder.mkdir()
    for name in [*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"]:
        data = stream.integers(0, 256, (images // 5, 3072), dtype=np.uint8)
        content = {"data": data, "labels": stream.integers(0, 10, images // 5).tolist()}
        (folder / name).write_bytes(pickle.dumps(content, protocol=2))
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": [str(n) for n in range(10)]}, protocol=2))


class Contender:
    """A process that trains in rounds, with a terminal to write to."""

    def __init__(self, name: str, case: str, data: str, root: Path, given: argparse.Namespace) -> None:
        reading, writing = os.pipe()
        orders, asking = os.pipe()
        terminal, end = os.openpty()
        counted = "whole" if given.whole else "training"
        contender = [case, name, data, str(root), str(orders), str(writing), counted]
        child = [sys.executable, __file__, "--contend", *contender]
        environment = os.environ | {"OMP_NUM_THREADS": str(given.threads), "XDG_CACHE_HOME": str(root.parent / "cache")}
        self.process = subprocess.Popen(
            child, stdin=subprocess.DEVNULL, stdout=end, stderr=end, pass_fds=(orders, writing), env=environment
        )
        self.said = b""
        for descriptor in (orders, writing, end):
            os.close(descriptor)
        threading.Thread(target=self._listen, args=(terminal,), daemon=True).start()
        self.answers, self.orders = os.fdopen(reading), os.fdopen(asking, "w")

    def rate(self, steps: int) -> float:
        """Steps a second over a round of so many."""
        print(steps, file=self.orders, flush=True)
        answer = self.answers.readline()
        if not answer:
            sys.exit(f"a contender died, saying:\n{self.said.decode(errors='replace')}")
        return steps / float(answer)

    def close(self) -> None:
        """Ends it."""
        self.orders.close()
        self.process.wait()

    def _listen(self, terminal: int) -> None:
        try:
            while said := os.read(terminal, 65536):
                self.said = (self.said + said)[-4096:]
        except OSError:  # how a terminal ends
            return


def measure(name: str, given: argparse.Namespace) -> bool:
    """Prints the table of a case; whether all that is required was reached."""
    case = CASES[name]
    steps = given.steps or case.steps
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        data = make_data(case, Path(folder))
        contenders = {}
        for contender in case.contenders:
            root = Path(folder) / contender.replace(" ", "-")
            contenders[contender] = Contender(contender, name, data, root, given)
            stack.callback(contenders[contender].close)
            contenders[contender].rate(steps)  # warms up, and lets `speed=auto` measure before the next one starts
        turns = [turn(contenders, steps, backwards=number % 2 > 0) for number in range(given.rounds)]
    clock = ", tests included" if given.whole else ""
    print(f"{name}: batch {BATCH}, {given.threads} threads, {given.rounds} rounds of {steps} steps{clock}")
    first = case.contenders[0]
    for contender in case.contenders:
        found = statistics.median(turn[contender] for turn in turns)
        against = ratio(turns, contender, first)
        rates = f"{found * BATCH:>10,.0f} images/s {1e3 / found:>9.3f} ms/step"
        print(f"    {contender:12} {rates} {against:>7.2f} × {first}")
    for precision in filter(None, (contender.partition(" ")[2] for contender in case.contenders)):
        print(f"    (this processor convolves {gained(case, precision):.2f} times as fast in {precision} as in fp32)")
    verdicts = [told(turns, *requirement) for requirement in case.required]
    return all(verdicts)


def gained(case: Case, precision: str) -> float:
    """What this processor gains by a precision, whatever the program."""
    import torch

    import netdsl
    from netdsl.training.machine.precision import measure_gain

    return measure_gain(netdsl.shapes(Path(case.net)), precision, torch.device("cpu"))


def turn(contenders: dict[str, Contender], steps: int, *, backwards: bool) -> dict[str, float]:
    """A round of each; every other time the last goes first, so that nobody always follows the same one."""
    order = list(contenders)[::-1] if backwards else list(contenders)
    return {name: contenders[name].rate(steps) for name in order}


def ratio(turns: list[dict[str, float]], ours: str, theirs: str) -> float:
    """The median over the rounds."""
    return statistics.median(turn[ours] / turn[theirs] for turn in turns)


def told(turns: list[dict[str, float]], ours: str, theirs: str, least: float) -> bool:
    """Prints a requirement and what was found."""
    found = ratio(turns, ours, theirs)
    verdict = "reached" if found >= least else "NOT REACHED"
    print(f"    required: {ours} at least {least} × {theirs}; found {found:.3f}: {verdict}")
    return found >= least


def main() -> None:
    """Measures the cases."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(CASES), help="the cases, such as tudui,digits")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--steps", type=int, help="steps a round, instead of the case's own")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--whole", action="store_true", help="let the tests between two epochs count")
    parser.add_argument("--contend", nargs=7, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.contend:
        contend(CASES[given.contend[0]], *given.contend[1:])
        return
    reached = [measure(name, given) for name in given.only.split(",")]
    sys.exit(0 if all(reached) else 1)


if __name__ == "__main__":
    main()

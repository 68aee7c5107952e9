"""Images a second of `netdsl run`, beside loops written by hand: the same net, data, batch and machine.

    python tests/benchmarks/throughput.py [--only tudui,resnet,digits] [--rounds 15] [--steps N] [--threads N]

Every contender is a process of its own that trains as long as it is asked to; they take turns, a round of some steps
each, so that a machine that is slow for a while is slow for all of them. Medians are shown, and the medians of the
ratios within a round. What is trained:

- `course`: the loop of the course's notes: `DataLoader`, `ToTensor` for every sample, a print every 100 steps
- `tuned`: the loop that an expert writes: bytes in memory, whole batches, channels last, a fused optimizer.
- `netdsl`: `netdsl run` as it is, on a terminal, with its progress line, loggers, checkpoints and `speed=auto`.
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
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

EXAMPLES = Path(__file__).parents[2] / "examples"
MLP = "input 1x8x8; flatten; linear 128; relu; linear 10; loss cross_entropy; optimizer sgd lr=0.01"


@dataclass(frozen=True)
class Case:
    """What is trained: a file with settings, how it is served its data, and what must be reached.

    Args:
        images, side: how many images of which size are made up; 0 for the digits that ship with netdsl.
        required: contender, opponent, and the ratio of their rates.
    """

    net: str
    images: int
    side: int
    steps: int
    contenders: tuple[str, ...]
    required: tuple[tuple[str, str, float], ...]


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
BATCH = 64


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


class Pace:
    """Serves batches while the parent asks for them: it is told how many, and answers with the seconds they took.

    The clock stands still between two epochs, where one contender tests the net and another does not.
    """

    def __init__(self, orders: Any, answers: Any) -> None:
        self.orders, self.answers = orders, answers
        self.left, self.seconds = 0, 0.0

    def __call__(self, batches: Iterable[Any]) -> Iterator[Any]:
        """The batches of an epoch; that one begins is part of its time."""
        if not self.left:
            self._wait()
        began = time.perf_counter()
        for batch in batches:
            yield batch
            self.left -= 1
            if not self.left:
                print(self.seconds + time.perf_counter() - began, file=self.answers, flush=True)
                self._wait()
                began = time.perf_counter()
        self.seconds += time.perf_counter() - began

    def _wait(self) -> None:
        order = self.orders.readline()
        if not order:
            os._exit(0)  # nobody asks any more, and there is nothing to save
        self.left, self.seconds = int(order), 0.0


def run_netdsl(case: Case, data: str, root: Path, pace: Pace, precision: str) -> None:
    """`netdsl run`, whose loop is served at the parent's pace and which is otherwise left alone."""
    from netdsl.cli import netdsl
    from netdsl.training import session

    fit = session.fit

    class Paced:
        def __init__(self, pipeline: Any) -> None:
            self._pipeline = pipeline

        def __getattr__(self, name: str) -> Any:
            return getattr(self._pipeline, name)

        def epoch(self, number: int, start: int = 0) -> Iterator[Any]:
            return pace(self._pipeline.epoch(number, start))

    session.fit = lambda learner, data, run: fit(learner, replace(data, train=Paced(data.train)), run)
    file = [case.net] if case.net.endswith(".net") else ["-e", case.net]
    settings = [f"train.precision={precision}", "train.epochs=100000"]
    settings += ["input=3x64x64"] if case.side == 64 else []
    settings += ["loss=cross_entropy", "optimizer=sgd lr=0.01"] if case.side == 64 else []
    chosen = [part for setting in settings for part in ("--set", setting)]
    netdsl.main(["run", *file, *chosen, "--data", data, "--device", "cpu", "--out", str(root)])


def made_net(case: Case) -> Any:
    """The net as a plain `nn.Sequential`."""
    import torch

    import netdsl

    torch.manual_seed(0)
    net = Path(case.net) if case.net.endswith(".net") else case.net
    return netdsl.build(net, overrides={"input": "3x64x64"} if case.side == 64 else None)


def run_course(case: Case, data: str, root: Path, pace: Pace, _: str) -> None:
    """The loop as the notes have it."""
    import torch
    import torchvision
    from torch import nn
    from torch.utils.data import DataLoader
    from torch.utils.tensorboard import SummaryWriter

    if case.side == 32:
        torchvision.datasets.cifar.check_integrity = lambda *_: True  # these are no published files
        train_data = torchvision.datasets.CIFAR10(
            root=str(root.parent), train=True, transform=torchvision.transforms.ToTensor()
        )
    else:
        train_data = Photographs(root.parent / "images.npz", torchvision.transforms.ToTensor())
    train_dataloader = DataLoader(train_data, batch_size=BATCH)
    tudui = made_net(case)
    loss_fn = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(tudui.parameters(), lr=0.01)
    writer = SummaryWriter(str(root))
    total_train_step, start_time = 0, time.time()
    while True:
        tudui.train()
        for imgs, targets in pace(train_dataloader):
            outputs = tudui(imgs)
            loss = loss_fn(outputs, targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total_train_step = total_train_step + 1
            if total_train_step % 100 == 0:
                end_time = time.time()
                print(end_time - start_time)
                print(f"step {total_train_step}, loss {loss.item()}")
                writer.add_scalar("train_loss", loss.item(), total_train_step)


class Photographs:
    """Images in the manner of torchvision's data sets: one at a time, as a picture, transformed."""

    def __init__(self, path: Path, transform: Callable[[Any], Any]) -> None:
        arrays = np.load(path)
        self.x, self.y, self.transform = arrays["x"], arrays["y"].tolist(), transform

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        from PIL import Image

        return self.transform(Image.fromarray(self.x[index])), self.y[index]


def run_tuned(case: Case, data: str, root: Path, pace: Pace, _: str) -> None:
    """A loop by hand that does nothing but train: no progress, no curves."""
    import torch
    from torch import nn

    x, y, unit = in_memory(case, root.parent)
    model = made_net(case)
    images = case.side > 8
    if images:
        model = model.to(memory_format=torch.channels_last)
    loss_fn = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, fused=True)

    def batches() -> Iterator[tuple[Any, Any]]:
        for chosen in torch.randperm(len(x)).split(BATCH):
            batch = x.index_select(0, chosen)
            if images:  # stored as N×H×W×C, so that this is channels last without a copy
                batch = batch.permute(0, 3, 1, 2).float().div_(unit)
            yield batch, y.index_select(0, chosen)

    model.train()
    while True:
        for imgs, targets in pace(batches()):
            loss = loss_fn(model(imgs), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def in_memory(case: Case, root: Path) -> tuple[Any, Any, float]:
    """Images as bytes with the channels last, their classes, and what a byte is divided by; digits are divided."""
    import torch

    if case.side == 8:
        from netdsl.data.digits import load

        train = load(root).train
        return train.x.float().div_(16), train.y, 1.0
    if case.side == 32:
        parts = [pickle.loads(path.read_bytes()) for path in sorted(root.glob("cifar-10-batches-py/data_batch_*"))]
        x = np.concatenate([part["data"] for part in parts]).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        labels = [label for part in parts for label in part["labels"]]
        return torch.from_numpy(np.ascontiguousarray(x)), torch.tensor(labels), 255.0
    arrays = np.load(root / "images.npz")
    return torch.from_numpy(arrays["x"]), torch.from_numpy(arrays["y"]), 255.0


RUNNERS = {"course": run_course, "tuned": run_tuned, "netdsl": run_netdsl}


class Contender:
    """A process that trains in rounds, with a terminal to write to."""

    def __init__(self, name: str, case: str, data: str, root: Path, threads: int) -> None:
        reading, writing = os.pipe()
        orders, asking = os.pipe()
        terminal, end = os.openpty()
        child = [sys.executable, __file__, "--contend", name, case, data, str(root), str(orders), str(writing)]
        environment = os.environ | {"OMP_NUM_THREADS": str(threads), "XDG_CACHE_HOME": str(root.parent / "cache")}
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


def measure(name: str, rounds: int, steps: int | None, threads: int) -> bool:
    """Prints the table of a case; whether all that is required was reached."""
    case = CASES[name]
    steps = steps or case.steps
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        data = make_data(case, Path(folder))
        contenders = {}
        for contender in case.contenders:
            root = Path(folder) / contender.replace(" ", "-")
            contenders[contender] = Contender(contender, name, data, root, threads)
            stack.callback(contenders[contender].close)
            contenders[contender].rate(steps)  # warms up, and lets `speed=auto` measure before the next one starts
        turns = [turn(contenders, steps, backwards=number % 2 > 0) for number in range(rounds)]
    print(f"{name}: batch {BATCH}, {threads} threads, {rounds} rounds of {steps} steps")
    first = case.contenders[0]
    for contender in case.contenders:
        found = statistics.median(turn[contender] for turn in turns)
        against = ratio(turns, contender, first)
        rates = f"{found * BATCH:>10,.0f} images/s {1e3 / found:>9.3f} ms/step"
        print(f"    {contender:12} {rates} {against:>7.2f} × {first}")
    verdicts = [told(turns, *requirement) for requirement in case.required]
    return all(verdicts)


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


def contend(name: str, case: str, data: str, root: str, orders: str, answers: str) -> None:
    """The contender's side."""
    pace = Pace(os.fdopen(int(orders)), os.fdopen(int(answers), "w"))
    runner, _, precision = name.partition(" ")
    RUNNERS[runner](CASES[case], data, Path(root), pace, precision or "fp32")


def main() -> None:
    """Measures the cases."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(CASES), help="the cases, such as tudui,digits")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--steps", type=int, help="steps a round, instead of the case's own")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--contend", nargs=6, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.contend:
        contend(*given.contend)
        return
    reached = [measure(name, given.rounds, given.steps, given.threads) for name in given.only.split(",")]
    sys.exit(0 if all(reached) else 1)


if __name__ == "__main__":
    main()

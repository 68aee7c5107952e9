"""Who trains in `throughput.py`, each in a process of its own: `netdsl run`, the course's loop, a loop tuned by hand.

Every one tests the net after each epoch. The clock stands still meanwhile, unless the tests are asked to count.
"""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

BATCH = 64


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


class Pace:
    """Serves batches while the parent asks for them: it is told how many, and answers with the seconds they took.

    Args:
        whole: whether the time between two epochs counts, in which the net is tested.
    """

    def __init__(self, orders: Any, answers: Any, *, whole: bool) -> None:
        self.orders, self.answers, self.whole = orders, answers, whole
        self.left, self.seconds, self.paused = 0, 0.0, 0.0

    def __call__(self, batches: Iterable[Any]) -> Iterator[Any]:
        """The batches of an epoch; that one begins is part of its time."""
        if not self.left:
            self._wait()
        began = self.paused if self.whole and self.paused else time.perf_counter()
        for batch in batches:
            yield batch
            self.left -= 1
            if not self.left:
                print(self.seconds + time.perf_counter() - began, file=self.answers, flush=True)
                self._wait()
                began = time.perf_counter()
        self.paused = time.perf_counter()
        self.seconds += self.paused - began

    def _wait(self) -> None:
        order = self.orders.readline()
        if not order:
            os._exit(0)  # nobody asks any more, and there is nothing to save
        self.left, self.seconds, self.paused = int(order), 0.0, 0.0


def run_netdsl(case: Case, data: str, root: Path, pace: Pace, precision: str) -> None:
    """`netdsl run`, whose loop is served at the parent's pace and which is otherwise left alone."""
    from netdsl.cli import netdsl
    from netdsl.training import trainer

    training_steps = trainer.training_steps

    class Paced:
        def __init__(self, pipeline: Any) -> None:
            self._pipeline = pipeline

        def __getattr__(self, name: str) -> Any:
            return getattr(self._pipeline, name)

        def epoch(self, number: int, start: int = 0) -> Iterator[Any]:
            return pace(self._pipeline.epoch(number, start))

    trainer.training_steps = lambda learner, pipeline, *rest: training_steps(learner, Paced(pipeline), *rest)
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

    transform = torchvision.transforms.ToTensor()
    if case.side == 32:
        torchvision.datasets.cifar.check_integrity = lambda *_: True  # these are no published files
        train_data, test_data = (
            torchvision.datasets.CIFAR10(root=str(root.parent), train=train, transform=transform)
            for train in (True, False)
        )
    else:
        train_data, test_data = (
            Photographs(root.parent / "images.npz", transform, train=train) for train in (True, False)
        )
    train_dataloader = DataLoader(train_data, batch_size=BATCH)
    test_dataloader = DataLoader(test_data, batch_size=BATCH)
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
        tudui.eval()
        total_test_loss, total_accuracy = 0.0, 0
        with torch.no_grad():
            for imgs, targets in test_dataloader:
                outputs = tudui(imgs)
                total_test_loss = total_test_loss + loss_fn(outputs, targets).item()
                total_accuracy = total_accuracy + (outputs.argmax(1) == targets).sum()
        writer.add_scalar("test_loss", total_test_loss, total_train_step)
        writer.add_scalar("test_accuracy", total_accuracy / len(test_data), total_train_step)


class Photographs:
    """Images in the manner of torchvision's data sets: one at a time, as a picture, transformed."""

    def __init__(self, path: Path, transform: Callable[[Any], Any], *, train: bool) -> None:
        arrays = np.load(path)
        chosen = slice(len(arrays["x"]) // 10, None) if train else slice(len(arrays["x"]) // 10)
        self.x, self.y, self.transform = arrays["x"][chosen], arrays["y"][chosen].tolist(), transform

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        from PIL import Image

        return self.transform(Image.fromarray(self.x[index])), self.y[index]


def run_tuned(case: Case, data: str, root: Path, pace: Pace, _: str) -> None:
    """A loop by hand that does nothing but train and test: no progress, no curves."""
    import torch
    from torch import nn

    (x, y), (test_x, test_y), unit = in_memory(case, root.parent)
    model = made_net(case)
    images = case.side > 8
    if images:
        model = model.to(memory_format=torch.channels_last)
    loss_fn = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, fused=True)

    def ready(batch: Any) -> Any:
        # images are stored as N×H×W×C, so that this is channels last without a copy
        return batch.permute(0, 3, 1, 2).float().div_(unit) if images else batch

    def batches() -> Iterator[tuple[Any, Any]]:
        for chosen in torch.randperm(len(x)).split(BATCH):
            yield ready(x.index_select(0, chosen)), y.index_select(0, chosen)

    while True:
        model.train()
        for imgs, targets in pace(batches()):
            loss = loss_fn(model(imgs), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        model.eval()
        total_loss, right = 0.0, 0
        with torch.inference_mode():
            for imgs, targets in zip(test_x.split(8 * BATCH), test_y.split(8 * BATCH), strict=True):
                outputs = model(ready(imgs))
                total_loss += loss_fn(outputs, targets).item() * len(targets)
                right += (outputs.argmax(1) == targets).sum().item()


def in_memory(case: Case, root: Path) -> tuple[Any, Any, float]:
    """Images as bytes with the channels last, their classes, and what a byte is divided by; digits are divided.

    The training set comes first, then the test set.
    """
    import torch

    if case.side == 8:
        from netdsl.data.datasets.digits import load

        parts = load(root)
        train, test = ((part.x.float().div_(16), part.y) for part in (parts.train, parts.test))
        return train, test, 1.0
    if case.side == 32:
        folder = root / "cifar-10-batches-py"
        train, test = (read_cifar(sorted(folder.glob(names))) for names in ("data_batch_*", "test_batch"))
        return train, test, 255.0
    arrays = np.load(root / "images.npz")
    x, y = torch.from_numpy(arrays["x"]), torch.from_numpy(arrays["y"])
    tenth = len(x) // 10
    return (x[tenth:], y[tenth:]), (x[:tenth], y[:tenth]), 255.0


def read_cifar(paths: list[Path]) -> tuple[Any, Any]:
    """Images N×32×32×3 and labels out of CIFAR-10's files."""
    import torch

    parts = [pickle.loads(path.read_bytes()) for path in paths]
    x = np.concatenate([part["data"] for part in parts]).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return torch.from_numpy(np.ascontiguousarray(x)), torch.tensor(
        [label for part in parts for label in part["labels"]]
    )


RUNNERS = {"course": run_course, "tuned": run_tuned, "netdsl": run_netdsl}


def contend(case: Case, name: str, data: str, root: str, orders: str, answers: str, whole: str) -> None:
    """Trains as `name` for as long as the parent asks; it writes to `orders` and reads `answers`."""
    pace = Pace(os.fdopen(int(orders)), os.fdopen(int(answers), "w"), whole=whole == "whole")
    runner, _, precision = name.partition(" ")
    RUNNERS[runner](case, data, Path(root), pace, precision or "fp32")

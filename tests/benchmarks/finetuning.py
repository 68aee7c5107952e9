"""Fine-tuning ResNet-18 on a folder of images, beside the loop of torchvision's reference script.

    python -m tests.benchmarks.finetuning [--batch 16] [--steps 6] [--rounds 3] [--threads 1] [--workers 2]

The weights are random and lie where torchvision keeps its downloads. Both begin with them, with a head of their own,
learn the same photographs with the same transforms, and take turns. The loop does what one epoch does in
`references/classification/train.py` of torchvision's repository: the presets, an `ImageFolder`, a `DataLoader` with
workers, and loss and accuracy of each batch as numbers. Tests, checkpoints and options are left out of it.
"""

from __future__ import annotations

import argparse
import inspect
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torchvision
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torchvision import models, transforms

from netdsl.checker import check
from netdsl.core.source import Source
from netdsl.plugins.registry import load_registry
from netdsl.training import train
from tests.classics.comparison import Classic, lines

CLASSES = ("blue", "green", "red")
NET = """use resnet
input 3x224x224
conv 64 k7 s2 p3 bias=false; bn; relu; maxpool 3 s2 p1
stage basic 64 2; stage basic 128 2 stride=2; stage basic 256 2 stride=2; stage basic 512 2 stride=2
gap; flatten; linear 3 as head
data folder photos batch={batch} {{
  randomresizedcrop 224; hflip
  normalize mean=0.485,0.456,0.406 std=0.229,0.224,0.225
}}
pretrained torchvision:resnet18 except=head
optimizer sgd lr=0.01 momentum=0.9 weight_decay=1e-4
train steps={steps} report=false
"""


class Stopwatch:
    """The moments at which steps end, as `train` and the loop tell them: of the clock, and of the processor."""

    def __init__(self) -> None:
        self.moments: list[tuple[float, float]] = []

    def run_started(self, *_: object) -> None:
        """The first step is about to begin."""
        self.step_ended()

    def step_ended(self) -> None:
        """A step is taken."""
        self.moments.append((time.perf_counter(), time.process_time()))

    def epoch_ended(self, _: object) -> None:
        """Tests are not timed."""

    @property
    def steps(self) -> list[tuple[float, float]]:
        """The seconds of each step but the first, in which workers start and memory is asked for."""
        return [(clock, processor) for clock, processor in np.diff(self.moments, axis=0)[1:].tolist()]


def make_photographs(folder: Path, number: int) -> None:
    """Photographs of 320x240 pixels, noise in the colour of their class, divided as both read them."""
    noise = np.random.default_rng(0)
    for part, count in (("train", number), ("test", len(CLASSES))):
        for index in range(count):
            kind = index % len(CLASSES)
            pixels = noise.integers(0, 120, (240, 320, 3), dtype=np.uint8)
            pixels[..., 2 - kind] += 100
            place = folder / part / CLASSES[kind] / f"{index:04}.jpg"
            place.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(place, quality=90)


def put_weights(home: Path) -> None:
    """Random weights of ResNet-18 where torchvision looks for those that it downloaded."""
    os.environ["TORCH_HOME"] = str(home)
    place = Path(torch.hub.get_dir()) / "checkpoints"
    place.mkdir(parents=True)
    url = models.ResNet18_Weights.DEFAULT.url
    torch.save(Classic("", "resnet18").make().state_dict(), place / url.rpartition("/")[2])


def run_netdsl(net: Path, out: Path) -> list[tuple[float, float]]:
    """The seconds of the steps of `netdsl run`."""
    experiment, found = check(
        Source(str(net), net.read_text("utf-8")), load_registry(installed=False), folder=net.parent
    )
    assert experiment is not None, found
    watch = Stopwatch()
    train(experiment, out=out, device="cpu", quiet=True, follower=watch)
    return watch.steps


def run_reference(photos: Path, batch: int, steps: int, workers: int) -> list[tuple[float, float]]:
    """The seconds of the steps of torchvision's loop."""
    preset = transforms.Compose(
        [
            transforms.RandomResizedCrop(224),
            transforms.RandomHorizontalFlip(),
            transforms.PILToTensor(),
            transforms.ConvertImageDtype(torch.float),
            transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        ]
    )
    images = torchvision.datasets.ImageFolder(str(photos / "train"), preset)
    loader: DataLoader[Any] = DataLoader(images, batch, shuffle=True, num_workers=workers)
    model = models.resnet18(weights=models.ResNet18_Weights.DEFAULT)
    model.fc = nn.Linear(512, len(CLASSES))
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
    model.train()
    shown: list[tuple[float, float]] = []
    watch = Stopwatch()
    watch.run_started()
    for _, (image, target) in zip(range(steps), _epochs(loader), strict=False):
        output = model(image)
        loss = criterion(output, target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        right = (output.argmax(1) == target).float().mean()
        shown.append((loss.item(), right.item()))
        watch.step_ended()
    return watch.steps


def _epochs(loader: DataLoader[Any]) -> Iterator[tuple[Tensor, Tensor]]:
    while True:
        yield from loader


def main() -> None:
    """Lets both take turns and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    ours: list[tuple[float, float]] = []
    theirs: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_photographs(folder / "photos", given.batch * given.steps)
        put_weights(folder / "home")
        net = folder / "photos.net"
        net.write_text(NET.format(batch=given.batch, steps=given.steps), encoding="utf-8")
        for turn in range(given.rounds):
            ours += run_netdsl(net, folder / f"run{turn}")
            theirs += run_reference(folder / "photos", given.batch, given.steps, given.workers)
        written = lines(net)
    print(
        f"resnet18, {given.rounds} rounds of {given.steps} steps of {given.batch} photographs of 224x224, "
        f"{given.threads} thread(s) and {given.workers} workers for the loop; medians"
    )
    print("processor: the seconds of the process that trains; those of the loop's workers come on top")
    print(f"{'':20} {'lines':>6} {'s/step':>8} {'range':>15} {'processor':>10} {'range':>15}")
    by_hand = sum(1 for line in inspect.getsource(run_reference).splitlines() if line.strip())
    for who, length, found in (("netdsl run", written, ours), ("torchvision's loop", by_hand, theirs)):
        clock, processor = zip(*found, strict=True)
        print(f"{who:20} {length:>6} {_spread(clock)} {_spread(processor, 10)}")


def _spread(seconds: Sequence[float], width: int = 8) -> str:
    between = f"{min(seconds):.3f}…{max(seconds):.3f}"
    return f"{statistics.median(seconds):>{width}.3f} {between:>15}"


if __name__ == "__main__":
    main()

"""What data cost, nothing else: images a second and memory, ours beside torchvision's datasets with a DataLoader.

    python -m tests.benchmarks.pipeline [--images 3000] [--rounds 3] [--threads N]

All pictures are made here. Epochs of ours and theirs take turns, and medians are shown.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torchvision
from PIL import Image
from torch.utils.data import DataLoader
from torchvision import transforms

from netdsl.bench.step_times import peak
from netdsl.components import Dataset, Transform
from netdsl.components.settings import DataSettings
from netdsl.data import open_data
from netdsl.plugins.registry import load_registry
from netdsl.program import DataUse, Use

REGISTRY = load_registry(installed=False)
BATCH, WORKERS = 64, 2
MEAN, STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)


def data_use(name: str, steps: Iterable[tuple[str, dict[str, Any]]], settings: DataSettings, **given: Any) -> DataUse:
    """A checked `data` line."""
    found = REGISTRY.of(Dataset)[name]
    uses = tuple(Use(REGISTRY.of(Transform)[step], arguments) for step, arguments in steps)
    facts = found.facts(**given)
    return DataUse(found, given, facts=facts, shape=facts.input, settings=settings, transforms=uses)


def rate(batches: Iterable[Any]) -> float:
    """Images a second of one epoch."""
    start, images = time.perf_counter(), 0
    for x, _ in batches:
        images += len(x)
    return images / (time.perf_counter() - start)


def write_folder(root: Path, images: int) -> None:
    """Photograph-like pictures of 256×192 pixels in two classes, as JPEG."""
    stream = np.random.default_rng(0)
    for n in range(images):
        path = root / ("ant", "bee")[n % 2] / f"{n:06}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        small = stream.integers(0, 256, (12, 16, 3), dtype=np.uint8)
        Image.fromarray(small).resize((256, 192), Image.Resampling.BICUBIC).save(path, quality=90)


def write_cifar(root: Path, images: int) -> None:
    """CIFAR-10's files, with random bytes for pictures."""
    folder = root / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    stream = np.random.default_rng(0)
    for name in [*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"]:
        data = stream.integers(0, 256, (images // 5, 3072), dtype=np.uint8)
        labels = stream.integers(0, 10, images // 5).tolist()
        (folder / name).write_bytes(pickle.dumps({"data": data, "labels": labels}, protocol=2))
    names = {"label_names": [str(n) for n in range(10)]}
    (folder / "batches.meta").write_bytes(pickle.dumps(names, protocol=2))


def alternate(rounds: int, **epochs: Callable[[], Iterable[Any]]) -> dict[str, float]:
    """The median rate of each, after one epoch that does not count."""
    found: dict[str, list[float]] = {name: [] for name in epochs}
    for turn in range(rounds + 1):
        for name, epoch in epochs.items():
            measured = rate(epoch())
            if turn:
                found[name].append(measured)
    return {name: statistics.median(rates) for name, rates in found.items()}


def folder_epochs(root: Path, images: int, rounds: int) -> None:
    """An image folder: decoded once onto the disk, against decoded in every epoch."""
    write_folder(root, images)
    steps = [("resize", {"size": (64, 64)}), ("hflip", {}), ("normalize", {"mean": MEAN, "std": STD})]
    settings = DataSettings(batch=BATCH, cache="disk", split=0.1, workers=WORKERS)
    begun = time.perf_counter()
    data = open_data(data_use("folder", steps, settings, path=root), "cpu", seed=0)
    first = time.perf_counter() - begun
    then = transforms.Compose(
        [
            transforms.Resize((64, 64)),
            transforms.RandomHorizontalFlip(),
            transforms.ToTensor(),
            transforms.Normalize(MEAN, STD),
        ]
    )
    theirs = torchvision.datasets.ImageFolder(str(root), then)
    loader = DataLoader(theirs, BATCH, shuffle=True, num_workers=WORKERS, persistent_workers=True)
    found = alternate(rounds, ours=lambda: data.train.epoch(0), theirs=lambda: loader)
    show("folder, cache=disk, from the second epoch", found, required=5)
    print(f"    decoding beforehand: {images / first:,.0f} images/s, once")


def resident_rate(root: Path, rounds: int) -> None:
    """CIFAR-10 with randomcrop, hflip and normalize: data alone."""
    write_cifar(root, 20_000)
    steps = [("randomcrop", {"size": 32, "padding": 4}), ("hflip", {}), ("normalize", {"mean": MEAN, "std": STD})]
    data = open_data(data_use("cifar10", steps, DataSettings(root=str(root), batch=BATCH)), "cpu", seed=0)
    torchvision.datasets.cifar.check_integrity = lambda *_: True  # these are no published files
    then = transforms.Compose(
        [
            transforms.RandomCrop(32, padding=4),
            transforms.RandomHorizontalFlip(),
            transforms.ToTensor(),
            transforms.Normalize(MEAN, STD),
        ]
    )
    theirs = torchvision.datasets.CIFAR10(str(root), transform=then)
    loader = DataLoader(theirs, BATCH, shuffle=True, num_workers=WORKERS, persistent_workers=True)
    turned = data.channels_last()
    found = alternate(
        rounds,
        ours=lambda: data.train.epoch(0),
        channels_last=lambda: turned.train.epoch(0),
        theirs=lambda: loader,
    )
    show("resident, randomcrop + hflip + normalize", found, required=10)


def show(title: str, found: dict[str, float], required: float) -> None:
    """A line a pipeline, and how ours compares."""
    print(title)
    for name, images in found.items():
        print(f"    {name:14} {images:>12,.0f} images/s {images / found['theirs']:>8.1f} ×")
    print(f"    required: {required} ×, found: {found['ours'] / found['theirs']:.1f} ×")


def streaming_memory(root: Path) -> None:
    """Peak memory of an epoch streamed from 10,000 and from 100,000 files, each in a process of its own."""
    print("streaming, peak memory of the process and its largest worker")
    peaks = []
    for images in (10_000, 100_000):
        folder = root / str(images)
        link_folder(folder, images)
        command = [sys.executable, __file__, "--stream", str(folder)]
        ended = subprocess.run(command, capture_output=True, text=True, check=True)
        peak = json.loads(ended.stdout)
        peaks.append(peak)
        print(f"    {images:>7,} images: {peak['self']:>7.1f} MiB, worker {peak['worker']:>7.1f} MiB")
    growth = peaks[1]["self"] - peaks[0]["self"], peaks[1]["worker"] - peaks[0]["worker"]
    print(f"    growth: {growth[0]:.1f} MiB and {growth[1]:.1f} MiB")


def link_folder(folder: Path, images: int) -> None:
    """Many names for a hundred small pictures."""
    stream = np.random.default_rng(0)
    originals = folder.parent / "originals"
    originals.mkdir(exist_ok=True)
    for n in range(100):
        pixels = stream.integers(0, 256, (32, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(originals / f"{n}.jpg")
    for name in ("ant", "bee"):
        (folder / name).mkdir(parents=True)
    for n in range(images):
        os.link(originals / f"{n % 100}.jpg", folder / ("ant", "bee")[n % 2] / f"{n:06}.jpg")


def stream(folder: Path) -> None:
    """One epoch, streamed; prints the peaks."""
    settings = DataSettings(batch=BATCH, cache="none", split=0.01, workers=WORKERS)
    data = open_data(data_use("folder", [("resize", {"size": (32, 32)})], settings, path=folder), "cpu", seed=0)
    for _ in data.train.epoch(0):
        pass
    data.close()
    workers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(json.dumps({"self": (peak(torch.device("cpu")) or 0) / 2**20, "worker": workers}))


def main() -> None:
    """Measures all three."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=3_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--stream", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    if given.stream:
        stream(given.stream)
        return
    with tempfile.TemporaryDirectory() as folder:
        resident_rate(Path(folder) / "cifar", given.rounds)
        folder_epochs(Path(folder) / "photos", given.images, given.rounds)
        streaming_memory(Path(folder))


if __name__ == "__main__":
    main()

"""Loaders of torchvision's small sets: those that are read into memory as a whole.

torchvision knows the addresses and checksums, and downloads; its folders are kept, so data that it has downloaded are
found. The files are read here, because torchvision would check gigabytes at every start, or unpickle.
"""

from __future__ import annotations

import bz2
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from netdsl.core.errors import DataError
from netdsl.core.text import text
from netdsl.data.datasets.cifar_format import check_labels, read_batches, read_names
from netdsl.data.datasets.idx_format import read_idx
from netdsl.data.downloads import Archive, obtain
from netdsl.data.samples import Splits, Tensors


def _torchvision(name: str) -> Any:
    import torchvision

    return getattr(torchvision.datasets, name)


def cifar10(root: Path) -> Splits:
    """CIFAR-10 from its Python batches."""
    parts = [f"data_batch_{number}" for number in range(1, 6)], ["test_batch"]
    return _cifar(root, "CIFAR10", "cifar-10-batches-py", parts, ("batches.meta", "label_names"))


def cifar100(root: Path) -> Splits:
    """CIFAR-100 from its Python batches, with the fine labels."""
    return _cifar(root, "CIFAR100", "cifar-100-python", (["train"], ["test"]), ("meta", "fine_label_names"))


def _cifar(root: Path, name: str, folder: str, parts: tuple[list[str], list[str]], meta: tuple[str, str]) -> Splits:
    train, test = ([root / folder / file for file in files] for files in parts)

    def archives() -> list[Archive]:
        known = _torchvision(name)
        return [Archive(known.url, known.tgz_md5, name=known.filename)]

    obtain(name.lower(), root, archives, lambda: _exist(*train, *test, root / folder / meta[0]))
    names = read_names(root / folder / meta[0], meta[1])
    splits = Splits(read_batches(train), read_batches(test), names)
    for part, path in ((splits.train, train[0]), (splits.test, test[0])):
        assert isinstance(part, Tensors)
        check_labels(part.y, len(names), path)
    return splits


def _mnist_like(root: Path, name: str, called: str) -> Splits:
    """A set in MNIST's format, in torchvision's folder `MNIST/raw`."""
    raw = root / name / "raw"
    files = [
        raw / f"{part}-{what}" for part in ("train", "t10k") for what in ("images-idx3-ubyte", "labels-idx1-ubyte")
    ]

    def archives() -> list[Archive]:
        known = _torchvision(name)
        return [Archive(known.mirrors[0] + file, md5, f"{name}/raw") for file, md5 in known.resources]

    obtain(called, root, archives, lambda: _exist(*files))
    return Splits(_idx_part(*files[:2]), _idx_part(*files[2:]))


mnist = partial(_mnist_like, name="MNIST", called="mnist")
fashion_mnist = partial(_mnist_like, name="FashionMNIST", called="fashion_mnist")
kmnist = partial(_mnist_like, name="KMNIST", called="kmnist")


def qmnist(root: Path) -> Splits:
    """QMNIST. The first of the eight columns of its labels is the digit."""
    raw = root / "QMNIST" / "raw"
    parts = [
        (raw / f"qmnist-{part}-images-idx3-ubyte", raw / f"qmnist-{part}-labels-idx2-int") for part in ("train", "test")
    ]

    def archives() -> list[Archive]:
        resources = _torchvision("QMNIST").resources
        return [Archive(url, md5, "QMNIST/raw") for part in ("train", "test") for url, md5 in resources[part]]

    obtain("qmnist", root, archives, lambda: all(_exist(*files) for files in parts))
    train, test = (_idx_part(images, labels) for images, labels in parts)
    return Splits(train, test)


def emnist(root: Path, part: str = "balanced") -> Splits:
    """EMNIST. Its files hold each image with rows and columns exchanged, which is undone here."""
    raw = root / "EMNIST" / "raw"
    files = [
        raw / f"emnist-{part}-{half}-{what}"
        for half in ("train", "test")
        for what in ("images-idx3-ubyte", "labels-idx1-ubyte")
    ]

    def archives() -> list[Archive]:
        known = _torchvision("EMNIST")
        return [Archive(known.url, known.md5, "EMNIST/raw")]

    obtain("emnist", root, archives, lambda: _exist(*files) or _unpack_emnist(raw, files))
    names = tuple(name for name in _torchvision("EMNIST").classes_split_dict[part] if name != "N/A")
    first = 1 if part == "letters" else 0
    train, test = (_upright(_idx_part(*pair), first) for pair in (files[:2], files[2:]))
    return Splits(train, test, names)


def _unpack_emnist(raw: Path, files: list[Path]) -> bool:
    """Unpacks the archives inside the archive, which are in a folder `gzip`."""
    import gzip

    packed = [raw / "gzip" / f"{file.name}.gz" for file in files]
    if not _exist(*packed):
        return False
    for source, target in zip(packed, files, strict=True):
        target.write_bytes(gzip.decompress(source.read_bytes()))
    return True


def _upright(part: Tensors, first: int) -> Tensors:
    return Tensors(part.only.transpose(-1, -2).contiguous(), part.y - first)


def svhn(root: Path) -> Splits:
    """SVHN's cropped digits; scipy reads their MATLAB files."""
    files = [root / "train_32x32.mat", root / "test_32x32.mat"]

    def archives() -> list[Archive]:
        known = _torchvision("SVHN").split_list
        return [Archive(known[part][0], known[part][2], name=known[part][1]) for part in ("train", "test")]

    obtain("svhn", root, archives, lambda: _exist(*files))
    train, test = map(_matlab, files)
    return Splits(train, test)


def _matlab(path: Path) -> Tensors:
    try:
        from scipy.io import loadmat
    except ImportError:
        raise DataError("`svhn` is stored in MATLAB's format, which scipy reads", "run `pip install scipy`") from None
    found = loadmat(path)
    x, y = found["X"].transpose(3, 2, 0, 1), found["y"].astype(np.int64).squeeze(1)
    return Tensors(torch.from_numpy(np.ascontiguousarray(x)), torch.from_numpy(y % 10))


def stl10(root: Path) -> Splits:
    """STL-10's labelled images, which are stored column by column."""
    folder = root / "stl10_binary"
    parts = [(folder / f"{part}_X.bin", folder / f"{part}_y.bin") for part in ("train", "test")]

    def archives() -> list[Archive]:
        known = _torchvision("STL10")
        return [Archive(known.url, known.tgz_md5, name=known.filename)]

    obtain("stl10", root, archives, lambda: all(_exist(*files) for files in parts))
    train, test = (_stl10_part(*files) for files in parts)
    return Splits(train, test)


def _stl10_part(images: Path, labels: Path) -> Tensors:
    x = np.fromfile(images, np.uint8)
    y = np.fromfile(labels, np.uint8).astype(np.int64) - 1
    if x.size != y.size * 3 * 96 * 96:
        raise DataError(
            text(
                "`{images}` is damaged: it has {bytes:,} bytes for {labels:,} labels",
                images=images,
                bytes=x.size,
                labels=y.size,
            ),
            "delete it and run again",
        )
    return Tensors(torch.from_numpy(x.reshape(-1, 3, 96, 96)).transpose(2, 3).contiguous(), torch.from_numpy(y))


def usps(root: Path) -> Splits:
    """USPS: lines of a label 1…10 and 256 values of −1…1, made bytes as torchvision makes them."""
    files = [root / "usps.bz2", root / "usps.t.bz2"]

    def archives() -> list[Archive]:
        known = _torchvision("USPS").split_list
        return [Archive(known[part][0], known[part][2], name=known[part][1]) for part in ("train", "test")]

    obtain("usps", root, archives, lambda: _exist(*files))
    train, test = map(_usps_part, files)
    return Splits(train, test)


def _usps_part(path: Path) -> Tensors:
    def parse() -> Tensors:
        rows = [line.split() for line in bz2.decompress(path.read_bytes()).decode("ascii").splitlines()]
        values = np.array([[cell.partition(":")[2] for cell in row[1:]] for row in rows], dtype=np.float32)
        x = ((values.reshape(-1, 1, 16, 16) + 1) / 2 * 255).astype(np.uint8)
        return Tensors(torch.from_numpy(x), torch.tensor([int(float(row[0])) - 1 for row in rows]))

    return _parsed(path, parse)


def semeion(root: Path) -> Splits:
    """Semeion: lines of 256 pixels, 0 or 1, and ten columns of which one is 1."""
    path = root / "semeion.data"

    def archives() -> list[Archive]:
        known = _torchvision("SEMEION")
        return [Archive(known.url, known.md5_checksum, name=known.filename)]

    def parse() -> Tensors:
        table = np.loadtxt(path)
        x = (table[:, :256] * 255).astype(np.uint8).reshape(-1, 1, 16, 16)
        return Tensors(torch.from_numpy(x), torch.from_numpy(table[:, 256:].argmax(1)))

    obtain("semeion", root, archives, lambda: _exist(path))
    return Splits(_parsed(path, parse))


def _parsed(path: Path, parse: Callable[[], Tensors]) -> Tensors:
    try:
        return parse()
    except (ValueError, IndexError, EOFError) as error:
        raise DataError(
            text("`{path}` is damaged: {error}", path=path, error=error), "delete it and run again"
        ) from None


def _idx_part(images: Path, labels: Path) -> Tensors:
    x, y = read_idx(images).unsqueeze(1), _first_column(read_idx(labels)).long()
    if len(x) != len(y):
        raise DataError(
            text(
                "`{images}` holds {samples:,} images but `{labels}` {targets:,} labels",
                images=images,
                samples=len(x),
                labels=labels.name,
                targets=len(y),
            )
        )
    return Tensors(x, y)


def _first_column(labels: Tensor) -> Tensor:
    return labels if labels.dim() == 1 else labels[:, 0]


def _exist(*paths: Path) -> bool:
    return all(path.is_file() for path in paths)

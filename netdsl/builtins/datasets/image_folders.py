"""What a folder of images holds, by its listing alone: parts, classes, files. Standard library only."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from netdsl.components import Refusal

IMAGES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"})
TEST_NAMES = ("test", "val", "valid", "validation", "eval")
LABELS_SUFFIX, IMAGES_SUFFIX = "_label", "_image"


class Listing(NamedTuple):
    """The classes, and the folders that hold the training and the test part (None: to be split off)."""

    classes: tuple[str, ...]
    train: Path
    test: Path | None


class Item(NamedTuple):
    """An image file and the number of its class."""

    path: str
    label: int


def class_folders(path: Path) -> Listing:
    """Class folders, in `train/` and `test/` (or `val/`) or directly; raises `Refusal` for any other layout."""
    return _listing(path, _classes, "a folder of images for each class, or `train/` and `test/` with those inside")


def paired_folders(path: Path) -> Listing:
    """Pairs `NAME_image/` and `NAME_label/`, one pair a class; in `train/` and `test/` (or `val/`), or directly."""
    return _listing(path, _pair_classes, "pairs of folders such as `ants_image/` and `ants_label/`")


def class_items(folder: Path, classes: tuple[str, ...]) -> list[Item]:
    """Every image below the class folders, in the order of class and name."""
    return [Item(file, label) for label, name in enumerate(classes) for file in sorted(_images(folder / name))]


def pair_items(folder: Path, classes: tuple[str, ...]) -> list[Item]:
    """Every image of the pairs, labelled by the text file of its name; raises `Refusal` where that is missing."""
    numbers = {name: label for label, name in enumerate(classes)}
    files = [(file, labels) for images, labels in _pairs(folder) for file in sorted(_images(images))]
    return [Item(file, _number(_label(Path(file), labels), numbers, Path(file))) for file, labels in files]


def _listing(path: Path, classes_of: Callable[[Path], tuple[str, ...]], expected: str) -> Listing:
    if not path.is_dir():
        found = "is a file" if path.exists() else "does not exist"
        raise Refusal(f"`{path}` {found}; expected {expected}", "path")
    train = path / "train" if (path / "train").is_dir() else path
    test = next((path / name for name in TEST_NAMES if train != path and (path / name).is_dir()), None)
    classes = classes_of(train)
    if not classes:
        found = ", ".join(f"`{name}`" for name in sorted(os.listdir(train))[:5]) or "nothing"
        raise Refusal(f"`{train}` holds {found}; expected {expected}", "path")
    if test and (odd := sorted(set(classes_of(test)) - set(classes))):
        raise Refusal(f"`{test.name}/` has the class `{odd[0]}`, which `train/` has not", "path")
    return Listing(classes, train, test)


def _classes(folder: Path) -> tuple[str, ...]:
    return tuple(name for name in _folders(folder) if next(_images(folder / name), None))


def _pair_classes(folder: Path) -> tuple[str, ...]:
    found = set()
    for _, labels in _pairs(folder):
        found |= {text.read_text(encoding="utf-8").strip() for text in labels.glob("*.txt")}
    return tuple(sorted(found))


def _pairs(folder: Path) -> list[tuple[Path, Path]]:
    names = [name.removesuffix(IMAGES_SUFFIX) for name in _folders(folder) if name.endswith(IMAGES_SUFFIX)]
    pairs = [(folder / (name + IMAGES_SUFFIX), folder / (name + LABELS_SUFFIX)) for name in names]
    for images, labels in pairs:
        if not labels.is_dir():
            raise Refusal(f"`{images.name}/` has no `{labels.name}/` beside it", "path")
    return pairs


def _label(image: Path, labels: Path) -> str:
    text = labels / f"{image.stem}.txt"
    try:
        return text.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise Refusal(f"`{image.name}` has no label: `{labels.name}/{text.name}` is missing", "path") from None


def _number(label: str, numbers: dict[str, int], image: Path) -> int:
    if label not in numbers:
        raise Refusal(f"the label `{label}` of `{image.name}` is no class of the training part", "path")
    return numbers[label]


def _folders(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))


def _images(folder: Path) -> Iterator[str]:
    for root, _, names in os.walk(folder):
        yield from (os.path.join(root, name) for name in names if os.path.splitext(name)[1].lower() in IMAGES)

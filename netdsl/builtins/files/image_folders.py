"""What a folder of images holds, by its listing alone: parts, classes, files. Standard library only."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from netdsl.components import Refusal
from netdsl.core.text import text

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
    return _listing(path, _classes, _layout)


def text_folders(path: Path) -> Listing | None:
    """Class folders that hold text files and no images; None where the first of them holds none."""
    train = path / "train" if (path / "train").is_dir() else path
    if not path.is_dir() or not any(_holds_texts(train / name) for name in _folders(train)):
        return None
    return _listing(path, _text_classes, _layout)


def paired_folders(path: Path) -> Listing:
    """Pairs `NAME_image/` and `NAME_label/`, one pair a class; in `train/` and `test/` (or `val/`), or directly."""
    return _listing(path, _pair_classes, _pair_layout)


def class_items(folder: Path, classes: tuple[str, ...]) -> list[Item]:
    """Every image below the class folders, in the order of class and name."""
    return [Item(file, label) for label, name in enumerate(classes) for file in sorted(_images(folder / name))]


def pair_items(folder: Path, classes: tuple[str, ...]) -> list[Item]:
    """Every image of the pairs, labelled by the text file of its name; raises `Refusal` where that is missing."""
    numbers = {name: label for label, name in enumerate(classes)}
    files = [(file, labels) for images, labels in _pairs(folder) for file in sorted(_images(images))]
    return [Item(file, _number(_label(Path(file), labels), numbers, Path(file))) for file, labels in files]


def _layout(path: Path, found: str) -> str:
    return text(
        "`{path}` holds {found}; expected a folder of images for each class, or `train/` and `test/` with those inside",
        path=path,
        found=found,
    )


def _pair_layout(path: Path, found: str) -> str:
    return text(
        "`{path}` holds {found}; expected pairs of folders such as `ants_image/` and `ants_label/`",
        path=path,
        found=found,
    )


def _listing(path: Path, classes_of: Callable[[Path], tuple[str, ...]], refused: Callable[[Path, str], str]) -> Listing:
    if not path.exists():
        raise Refusal(text("there is no folder `{path}`", path=path), "path")
    if not path.is_dir():
        raise Refusal(text("`{path}` is a file; a folder is expected", path=path), "path")
    train = path / "train" if (path / "train").is_dir() else path
    # Without `train/`, a folder called `test` may be a class.
    test = next((path / name for name in TEST_NAMES if train != path and (path / name).is_dir()), None)
    classes = classes_of(train)
    if not classes:
        found = ", ".join(f"`{name}`" for name in sorted(os.listdir(train))[:5]) or "nothing"
        raise Refusal(refused(train, found), "path")
    # A class that has no test images is fine.
    if test and (odd := sorted(set(classes_of(test)) - set(classes))):
        raise Refusal(
            text("`{test}/` has the class `{name}`, which `train/` does not have", test=test.name, name=odd[0]), "path"
        )
    return Listing(classes, train, test)


def _classes(folder: Path) -> tuple[str, ...]:
    # One image is enough to know: a listing of all would take long in a large data set.
    return tuple(name for name in _folders(folder) if next(_images(folder / name), None))


def _text_classes(folder: Path) -> tuple[str, ...]:
    return tuple(name for name in _folders(folder) if _holds_texts(folder / name))


def _holds_texts(folder: Path) -> bool:
    # Images with notes beside them are images.
    return next(folder.rglob("*.txt"), None) is not None and next(_images(folder), None) is None


def _pair_classes(folder: Path) -> tuple[str, ...]:
    found = set()
    for _, labels in _pairs(folder):
        found |= {file.read_text(encoding="utf-8").strip() for file in labels.glob("*.txt")}
    return tuple(sorted(found))


def _pairs(folder: Path) -> list[tuple[Path, Path]]:
    names = [name.removesuffix(IMAGES_SUFFIX) for name in _folders(folder) if name.endswith(IMAGES_SUFFIX)]
    pairs = [(folder / (name + IMAGES_SUFFIX), folder / (name + LABELS_SUFFIX)) for name in names]
    for images, labels in pairs:
        if not labels.is_dir():
            raise Refusal(
                text("`{images}/` has no `{labels}/` beside it", images=images.name, labels=labels.name), "path"
            )
    return pairs


def _label(image: Path, labels: Path) -> str:
    file = labels / f"{image.stem}.txt"
    try:
        return file.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise Refusal(
            text(
                "`{image}` has no label: `{folder}/{file}` is missing",
                image=image.name,
                folder=labels.name,
                file=file.name,
            ),
            "path",
        ) from None


def _number(label: str, numbers: dict[str, int], image: Path) -> int:
    if label not in numbers:
        raise Refusal(
            text("the label `{label}` of `{image}` is not a class of the training part", label=label, image=image.name),
            "path",
        )
    return numbers[label]


def _folders(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        # Hidden folders, such as `.ipynb_checkpoints`, are no classes.
        return sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))


def _images(folder: Path) -> Iterator[str]:
    for root, _, names in os.walk(folder):
        yield from (os.path.join(root, name) for name in names if os.path.splitext(name)[1].lower() in IMAGES)

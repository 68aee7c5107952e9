"""What a folder of images and masks holds: pairs of files, parts, and the classes that the masks name."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from netdsl.builtins.files import ClassNames
from netdsl.builtins.files.image_folders import IMAGES, TEST_NAMES
from netdsl.components import Refusal
from netdsl.core.text import ntext, text

IMAGE_FOLDERS = ("images", "image", "imgs")
MASK_FOLDERS = ("masks", "mask", "labels", "annotations")
VOID = 255
"""The number that stands for no class, as PASCAL VOC has it."""


class Pair(NamedTuple):
    """An image file and the file of its mask."""

    image: Path
    mask: Path


class MaskListing(NamedTuple):
    """The training and the test part (None: to be split off), and what the masks hold.

    `is_white` says that masks hold nothing but 0 and 255, which then are two classes.
    """

    train: tuple[Pair, ...]
    test: tuple[Pair, ...] | None
    classes: int
    is_white: bool


def mask_folders(path: Path, classes: int | None) -> MaskListing:
    """The pairs below a folder; without `classes` all masks are read to count them, of 2 to see whether 255 is one."""
    if not path.exists():
        raise Refusal(text("there is no folder `{path}`", path=path), "path")
    if not path.is_dir():
        raise Refusal(text("`{path}` is a file; a folder is expected", path=path), "path")
    if classes is not None and not 1 <= classes <= VOID:
        raise Refusal(text("`classes` is {classes} but must be 1…{most}", classes=classes, most=VOID), "classes")
    first = path / "train" if (path / "train").is_dir() else path
    second = next((path / name for name in TEST_NAMES if first != path and (path / name).is_dir()), None)
    train, test = _pairs(first), _pairs(second) if second else None
    if classes not in (None, 2):
        return MaskListing(train, test, classes, is_white=False)
    values = set[int]().union(*(_values(pair.mask) for pair in (*train, *(test or ()))))
    if values == {0, VOID}:
        return MaskListing(train, test, 2, is_white=True)
    return MaskListing(train, test, classes or max(values - {VOID}, default=0) + 1, is_white=False)


def list_names(names: ClassNames, classes: int | None) -> tuple[str, ...]:
    """What the classes of masks are called, as `names=` says."""
    called = (names,) if isinstance(names, str) else names
    if called and classes not in (None, len(called)):
        raise Refusal(
            ntext(
                "`classes` is {classes}, but {count} name is given",
                "`classes` is {classes}, but {count} names are given",
                count=len(called),
                classes=classes,
            ),
            "names",
            text("leave `classes` out"),
        )
    if twice := next((name for name in called if called.count(name) > 1), ""):
        raise Refusal(text("two classes are called `{name}`", name=twice), "names")
    return called


def _pairs(folder: Path) -> tuple[Pair, ...]:
    images, masks = _inner(folder, IMAGE_FOLDERS), _inner(folder, MASK_FOLDERS)
    if images is None or masks is None:
        raise Refusal(
            text("`{folder}` has no folders `images/` and `masks/`, with files of the same names", folder=folder),
            "path",
        )
    known = {file.stem: file for file in _files(masks)}
    found = _files(images)
    if not found:
        raise Refusal(text("`{folder}` holds no images", folder=images), "path")
    alone = next((file for file in found if file.stem not in known), None)
    if alone is not None:
        raise Refusal(
            text("`{image}` has no mask: `{mask}.png` is missing", image=alone, mask=masks / alone.stem), "path"
        )
    return tuple(Pair(file, known[file.stem]) for file in found)


def _inner(folder: Path, names: tuple[str, ...]) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_dir()), None)


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.suffix.lower() in IMAGES and not file.name.startswith("."))


def _values(mask: Path) -> set[int]:
    """The numbers in a mask."""
    from PIL import Image  # only masks need it, and its import takes longer than a check

    try:
        with Image.open(mask) as picture:
            if picture.mode not in ("P", "L", "1"):
                raise Refusal(in_color(mask.name, picture.mode), "path")
            if picture.mode == "1":
                return {0, 1}
            return {value for value, count in enumerate(picture.histogram()) if count}
    except (OSError, SyntaxError, EOFError) as error:
        # PIL's words repeat the path where it does not know the format.
        known = str(error).lower() if "cannot identify" not in str(error) else text("its format is not known")
        raise Refusal(text("the mask `{file}` cannot be read: {reason}", file=mask, reason=known), "path") from None


def in_color(file: str, mode: str) -> str:
    """What to say of a mask whose pixels are colours."""
    return text(
        "the mask `{file}` is in colour ({mode}); a pixel of a mask is its class, in a palette or grey image",
        file=file,
        mode=mode,
    )

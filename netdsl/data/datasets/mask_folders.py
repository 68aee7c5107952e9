"""The loader of images beside their masks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from netdsl.builtins.files import ClassNames
from netdsl.builtins.files.mask_folders import VOID, Pair, in_color, list_names, mask_folders
from netdsl.core.sizes import format_shape
from netdsl.core.text import text
from netdsl.data.image_files import Paths, read_image, state_of_file
from netdsl.data.samples import Splits
from netdsl.data.transforms.base import NO_CLASS


def load(root: Path, path: Path, classes: int | None = None, names: ClassNames = ()) -> Splits:
    """Images in one folder, masks of the same names in another."""
    called = list_names(names, classes)
    found = mask_folders(path, len(called) or classes)

    def part(pairs: Sequence[Pair]) -> MaskFiles:
        images, masks = (Paths.of([str(file) for file in files]) for files in zip(*pairs, strict=True))
        return MaskFiles(images, masks, found.classes, found.is_white)

    return Splits(part(found.train), None if found.test is None else part(found.test), called)


@dataclass(frozen=True, eq=False)
class MaskFiles:
    """Image files and the files of their masks."""

    images: Paths
    masks: Paths
    classes: int
    is_white: bool

    @property
    def folder(self) -> str:
        """The folder of the images."""
        return str(Path(self.images[0]).parent)

    def __len__(self) -> int:
        return len(self.images)

    def read(self, index: int) -> tuple[Tensor, Tensor]:
        """One image and its mask. Raises `ValueError` if their sizes differ or a class is too large."""
        image, file = read_image(self.images[index]), self.masks[index]
        mask = mask_tensor(_opened(file), Path(file).name)
        if self.is_white:
            mask = torch.where(mask == NO_CLASS, 1, mask)
        if mask.shape != image.shape[1:]:
            raise ValueError(
                text(
                    "the mask `{file}` has {mask} pixels, but the image {image}",
                    file=file,
                    mask=format_shape(tuple(mask.shape)),
                    image=format_shape(tuple(image.shape[1:])),
                )
            )
        if (largest := int(mask.max())) >= self.classes:
            raise ValueError(
                text(
                    "the mask `{file}` has the class {largest}, but there are {classes}, counted from 0",
                    file=file,
                    largest=largest,
                    classes=self.classes,
                )
            )
        return image, mask

    def name(self, index: int) -> str:
        """The image's path."""
        return self.images[index]

    def label(self, index: int) -> int | None:
        """None: an image with a mask has no single class."""
        return None

    def identity(self, index: int) -> str:
        """The states of the image and of its mask, and which classes there are."""
        files = (state_of_file(path, self.folder) for path in (self.images[index], self.masks[index]))
        return "\0".join((*files, str((self.classes, self.is_white))))


def _opened(file: str) -> Image.Image:
    try:
        with Image.open(file) as picture:
            return picture.copy()  # a copy stays when the file is closed
    except (OSError, SyntaxError, EOFError) as error:
        reason = text("its format is not known") if isinstance(error, UnidentifiedImageError) else str(error)
        raise ValueError(text("the mask `{file}` cannot be read: {reason}", file=file, reason=reason)) from None


def mask_tensor(picture: Image.Image, name: str) -> Tensor:
    """A palette or grey picture as class numbers H×W; 255 means no class."""
    if picture.mode not in ("P", "L", "1"):
        raise ValueError(in_color(name, picture.mode))
    values = torch.from_numpy(np.array(picture).astype(np.int64))
    return torch.where(values == VOID, NO_CLASS, values)

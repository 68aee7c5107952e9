"""Image files: decoding them, and lists of them that take little memory."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from netdsl.core.text import text


def read_image(path: str, mode: str = "RGB") -> Tensor:
    """An image file as bytes C×H×W. Raises an exception of any type if the file is damaged or not an image."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        warnings.filterwarnings("ignore", "Palette images with Transparency")
        try:
            with Image.open(path) as image:
                return to_tensor(image, mode)
        except UnidentifiedImageError:
            raise ValueError(text("its format is not known")) from None  # PIL's words repeat the path


def to_tensor(image: Image.Image, mode: str = "RGB") -> Tensor:
    """A picture of PIL as bytes C×H×W, in colour (`RGB`) or grey (`L`)."""
    values = np.array(image.convert(mode))  # a copy: PIL's own memory is read-only, which torch warns of
    return torch.from_numpy(values).view(*values.shape[:2], -1).permute(2, 0, 1)


def state_of_file(path: str, folder: str) -> str:
    """The path, size and time of a file: reading every image to compare it would take as long as decoding it."""
    try:
        found = os.stat(path)
    except OSError:
        return path
    return f"{os.path.relpath(path, folder)}\0{found.st_size}\0{found.st_mtime_ns}"


@dataclass(frozen=True, eq=False)
class Paths:
    """Many paths in two arrays. Reading a list of strings would copy it, page by page, into every worker process."""

    text: bytes
    ends: np.ndarray[tuple[int], np.dtype[np.int64]]

    @classmethod
    def of(cls, paths: Sequence[str]) -> Self:
        """Packs them."""
        encoded = [path.encode("utf-8", "surrogateescape") for path in paths]
        return cls(b"".join(encoded), np.cumsum([0, *map(len, encoded)], dtype=np.int64))

    def __len__(self) -> int:
        return len(self.ends) - 1

    def choose(self, indices: Tensor) -> Paths:
        """Some of them."""
        return self.of([self[index] for index in indices.tolist()])

    def __getitem__(self, index: int) -> str:
        return self.text[self.ends[index] : self.ends[index + 1]].decode("utf-8", "surrogateescape")


@dataclass(frozen=True, eq=False)
class ImageFiles:
    """Image files and their classes, below a folder."""

    paths: Paths
    labels: Tensor
    folder: str
    mode: str = "RGB"

    def __len__(self) -> int:
        return len(self.paths)

    def read(self, index: int) -> tuple[Tensor, int]:
        """One image and its class."""
        return read_image(self.paths[index], self.mode), int(self.labels[index])

    def name(self, index: int) -> str:
        """Its path."""
        return self.paths[index]

    def label(self, index: int) -> int:
        """Its class."""
        return int(self.labels[index])

    def identity(self, index: int) -> str:
        """The state of its file, and its class."""
        return f"{state_of_file(self.paths[index], self.folder)}\0{self.label(index)}"

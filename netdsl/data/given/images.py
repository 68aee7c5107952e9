"""Images: files, pictures of PIL, arrays and tensors."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from netdsl.builtins.datasets.local import channels_last
from netdsl.core.errors import DataError
from netdsl.core.files import reason
from netdsl.core.sizes import format_shape
from netdsl.core.text import text
from netdsl.data.given.arrays import as_tensor, read_array_file
from netdsl.data.given.sample import Given, Stored
from netdsl.data.image_files import read_image, to_tensor

BYTE = 255.0
ARRAYS = (".npy", ".npz")


def read_images(x: object, stored: Stored) -> Given:
    """One image, or several.

    Files and pictures of PIL may have any size. Arrays, in numpy files too, and tensors are C×H×W or H×W×C, or H×W
    where the net takes grey images, and one axis more for several. Their whole numbers are those that the data set
    stores (0…255 for most), their real numbers are 0…1, unless the data set itself holds real numbers, which then may
    be any.
    """
    if isinstance(x, (str, os.PathLike)) and Path(x).suffix.lower() in ARRAYS:
        x = read_array_file(Path(x), stored)
    if isinstance(x, (str, os.PathLike, Image.Image)):
        return Given([_read_picture(x, stored)], BYTE, single=True)
    if isinstance(x, Sequence) and x and all(isinstance(one, (str, os.PathLike, Image.Image)) for one in x):
        return Given([_read_picture(one, stored) for one in x], BYTE, single=False)
    if isinstance(x, Sequence) and x and all(hasattr(one, "shape") for one in x):
        # The arrays of a list may differ in size.
        found = [_read_array(as_tensor(one, stored), stored) for one in x]
        return Given([image for images, _, _ in found for image in images], found[0][1], single=False)
    images, unit, single = _read_array(as_tensor(x, stored), stored)
    return Given(list(images), unit, single)


def _read_picture(picture: str | os.PathLike[str] | Image.Image, stored: Stored) -> Tensor:
    mode = "L" if stored.shape[0] == 1 else "RGB"
    if isinstance(picture, Image.Image):
        return to_tensor(picture, mode)
    path = os.fspath(picture)
    try:
        return read_image(path, mode)
    except OSError as error:
        raise DataError(text("cannot read `{path}`: {reason}", path=path, reason=reason(error))) from error
    except Exception as error:  # a damaged file may fail in any way
        raise DataError(text("cannot read `{path}` as an image: {error}", path=path, error=str(error))) from error


def _read_array(values: Tensor, stored: Stored) -> tuple[Tensor, float, bool]:
    """The images of an array as N×C×H×W, the value that stands for 1, and whether only one was given."""
    images, single = _with_axes(values, stored)
    if not images.is_floating_point():
        if images.dtype == torch.bool:
            return images.to(torch.uint8), 1.0, single
        low, high = (int(images.min()), int(images.max())) if images.numel() else (0, 0)
        if stored.unit != 1 and not 0 <= low <= high <= stored.unit:
            raise _out_of_range(low, high, round(stored.unit))
        return (images.to(torch.uint8) if stored.unit != 1 else images.float()), stored.unit, single
    real = images.float()
    if stored.unit != 1 and real.numel() and not (float(real.min()) >= 0 and float(real.max()) <= 1):
        raise DataError(
            text(
                "the real numbers of an image are 0…1, but these are {low:.4g}…{high:.4g}",
                low=float(real.min()),
                high=float(real.max()),
            ),
            text("divide them by {unit}, or give whole numbers 0…{unit}", unit=round(stored.unit)),
        )
    return real, 1.0, single


def _with_axes(values: Tensor, stored: Stored) -> tuple[Tensor, bool]:
    """The images as N×C×H×W, and whether only one was given."""
    channels = stored.shape[0]
    shape = tuple(values.shape)
    match len(shape):
        case 2 if channels == 1:
            return values[None, None], True
        case 3 if shape[0] == channels:
            return values[None], True
        case 3 if channels_last(shape) and shape[2] == channels:
            return values.permute(2, 0, 1)[None], True
        case 3 if channels == 1:
            return values[:, None], False
        case 4 if shape[1] == channels:
            return values, False
        case 4 if channels_last(shape[1:]) and shape[3] == channels:
            return values.permute(0, 3, 1, 2), False
    raise DataError(
        text(
            "the net takes images {expected}, but {given} is given",
            expected=format_shape(stored.shape),
            given=format_shape(shape),
        ),
        "give an image C×H×W or H×W×C, or several with one more axis in front",
    )


def _out_of_range(low: int, high: int, unit: int) -> DataError:
    return DataError(
        text(
            "the whole numbers of an image of this data set are 0…{unit}, but these are {low}…{high}",
            unit=unit,
            low=low,
            high=high,
        ),
        "give real numbers 0…1, or a picture of PIL",
    )

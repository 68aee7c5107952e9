"""The input and the weights that a user gives to an untrained net: numbers, images, files of weights."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from netdsl.core.errors import DataError
from netdsl.core.files import reason
from netdsl.core.sizes import Shape, format_shape
from netdsl.core.text import text
from netdsl.data.image_files import read_image
from netdsl.program import NetInput, Network
from netdsl.runs.weights import read_weights, transfer

NUMBERS = frozenset({".txt", ".csv", ".tsv", ".dat"})
STATES = frozenset({".safetensors", ".pt", ".pth"})
BYTE = 255.0
LARGEST = 64 * 2**20
"""Bytes of a file of numbers: more is no text that somebody wrote."""


def read_inputs(given: object, network: Network) -> list[Tensor]:
    """A batch of one for each input of a net; for several inputs, `given` has what each receives, by its name.

    Raises:
        DataError: an input receives nothing, there is none of that name, or one cannot be read.
    """
    inputs = network.all_inputs
    if not network.inputs:
        return [read_input(given, inputs[0])]
    if not isinstance(given, Mapping):
        given = {inputs[0].name: given} if len(inputs) == 1 else {}
    names = [one.name for one in inputs]
    if unknown := [str(name) for name in given if name not in names]:
        message = text("the net has no input called `{name}`", name=unknown[0])
        raise DataError(message, _advise(names))
    if lacking := [name for name in names if name not in given]:
        listed = ", ".join(f"`{name}`" for name in lacking)
        raise DataError(text("nothing is given for {names}", names=listed), _advise(names))
    return [read_input(given[one.name], one) for one in inputs]


def _advise(names: Sequence[str]) -> str:
    options = " ".join(f"--input {name}=FILE" for name in names)
    values = ", ".join(f'"{name}": …' for name in names)
    return text("write `{options}`; in Python `{values}`", options=options, values=f"{{{values}}}")


def read_input(given: object, wanted: NetInput) -> Tensor:
    """A batch of one for an input: the numbers of a file, an image, whose bytes become 0…1, or an array or a tensor.

    Axes of length 1 may be left out in front: 5 rows of 5 numbers are 1x5x5.

    Raises:
        DataError: the file cannot be read, or the input takes another shape.
    """
    shape = wanted.shape
    if isinstance(given, (str, os.PathLike)):
        path = Path(given)
        values = read_numbers(path) if path.suffix.lower() in NUMBERS | {".npy"} else _read_picture(path, shape)
    else:
        values = _as_tensor(given)
    while values.dim() < len(shape):
        values = values[None]
    if values.dim() == len(shape) + 1 and len(values) == 1:
        values = values[0]
    same = len(shape) == values.dim() and all(
        not isinstance(size, int) or size == given for size, given in zip(shape, values.shape, strict=True)
    )
    if not same:
        raise DataError(
            text(
                "the net takes {expected}, but `{path}` holds {given}",
                expected=_takes(wanted),
                path=given,
                given=format_shape(values.shape),
            )
            if isinstance(given, (str, os.PathLike))
            else text(
                "the net takes {expected}, but the given sample is {given}",
                expected=_takes(wanted),
                given=format_shape(values.shape),
            ),
            text("state the input with `input`, such as `input {shape}`", shape=format_shape(values.shape))
            if not wanted.name
            else None,
        )
    return (values.long() if wanted.dtype == "index" else values.float())[None]


def _takes(wanted: NetInput) -> str:
    return f"{wanted.name} {format_shape(wanted.shape)}".strip()


def read_numbers(path: Path) -> Tensor:
    """The numbers of a text, or of a numpy file.

    In a text a line is a row, numbers are parted by spaces or commas, an empty line begins the next channel, and what
    follows a `#` is left out. One line alone is a vector.

    Raises:
        DataError: it holds anything else.
    """
    try:
        if path.suffix.lower() == ".npy":
            return _tensor(np.load(path, allow_pickle=False), path)
        # A pipe may be given, whose size is known at its end alone, and a device may have no end.
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
        if len(raw) > LARGEST:
            raise DataError(text("`{path}` is too large for a text of numbers", path=path), "give a `.npy` file")
        written = raw.decode("utf-8-sig")
    except OSError as error:
        raise DataError(text("cannot read `{path}`: {reason}", path=path, reason=reason(error))) from error
    except UnicodeDecodeError as error:
        raise DataError(text("`{path}` is not UTF-8 text", path=path)) from error
    except (ValueError, EOFError) as error:
        raise DataError(text("`{path}` is not a numpy file that can be read safely", path=path)) from error
    return _parse(written, path)


def _as_tensor(given: object) -> Tensor:
    """An array, a tensor or nested lists as a tensor; of several dimensions, if they are lists."""
    try:
        return given.detach().cpu() if isinstance(given, Tensor) else torch.from_numpy(np.array(given, np.float64))
    except (TypeError, ValueError) as error:
        raise DataError(
            text("a value of type {kind} is not a sample", kind=type(given).__name__),
            "give the path of a file, an array, a tensor or a list of numbers",
        ) from error


def _tensor(values: object, path: Path) -> Tensor:
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "iufb":
        raise DataError(text("`{path}` does not hold one array of numbers", path=path))
    return torch.from_numpy(values.astype(np.float64))


def _parse(written: str, path: Path) -> Tensor:
    blocks: list[list[list[float]]] = [[]]
    for number, line in enumerate(written.splitlines(), 1):
        words = line.partition("#")[0].replace(",", " ").replace(";", " ").split()
        if words:
            blocks[-1].append([_number(word, number, path) for word in words])
        elif blocks[-1] and not line.strip():
            blocks.append([])
        first = blocks[0][0] if blocks[0] else []
        if words and len(words) != len(first):
            raise DataError(
                text(
                    "`{path}`: line {line} has {count} numbers, the first one {first}",
                    path=path,
                    line=number,
                    count=len(words),
                    first=len(first),
                )
            )
    blocks = [block for block in blocks if block]
    if not blocks:
        raise DataError(text("`{path}` holds no numbers", path=path))
    if len({len(block) for block in blocks}) > 1:
        sizes = ", ".join(str(len(block)) for block in blocks)
        raise DataError(
            text("the channels of `{path}` have {sizes} rows: give all of them as many", path=path, sizes=sizes)
        )
    found = torch.tensor(blocks, dtype=torch.float64)
    if len(blocks) > 1:
        return found
    return found[0, 0] if len(blocks[0]) == 1 else found[0]


def _number(word: str, line: int, path: Path) -> float:
    try:
        return float(word)
    except ValueError as error:
        raise DataError(
            text("`{path}`: `{word}` in line {line} is no number", path=path, word=word, line=line)
        ) from error


def _read_picture(path: Path, axes: Shape) -> Tensor:
    """An image in the channels that the net takes; resized where the net takes one size."""
    if len(axes) != 3:
        raise DataError(
            text("the net takes {expected}, which is no image", expected=format_shape(axes)),
            "give numbers: a `.txt`, `.csv` or `.npy` file",
        )
    try:
        image = read_image(str(path), "L" if axes[0] == 1 else "RGB").float() / BYTE
    except OSError as error:
        raise DataError(text("cannot read `{path}`: {reason}", path=path, reason=reason(error))) from error
    except Exception as error:  # a damaged file may fail in any way
        raise DataError(text("cannot read `{path}` as an image: {error}", path=path, error=str(error))) from error
    size = [given if not isinstance(own, int) else own for own, given in zip(axes[1:], image.shape[1:], strict=True)]
    if list(image.shape[1:]) == size:
        return image
    return nn.functional.interpolate(image[None], size, mode="bilinear", antialias=True)[0]


def give_weights(module: nn.Module, given: Sequence[str]) -> None:
    """Puts weights into a net: of a file of weights, or of files of numbers, `NAME=FILE` or `FILE` alone.

    A file of numbers alone is the weight of the net's only layer that has one. Axes of one number may be left out in
    front. A bias beside such a weight becomes 0 unless it is given too.

    Raises:
        DataError: they do not fit.
    """
    parameters = dict(module.named_parameters())
    named: dict[str, Tensor] = {}
    for one in given:
        name, equals, place = one.rpartition("=")
        path = Path(place)
        if not equals and path.suffix.lower() in STATES:
            transfer(read_weights(path), module, path)
            continue
        name = _parameter(name if equals else "", parameters)
        named[name] = _fitted(read_numbers(path), parameters[name], name, path)
    with torch.no_grad():
        for name, values in named.items():
            parameters[name].copy_(values)
            bias = f"{name.rpartition('.')[0]}.bias"
            if bias in parameters and bias not in named:
                parameters[bias].zero_()


def _parameter(name: str, parameters: dict[str, nn.Parameter]) -> str:
    weights = [one for one in parameters if one.endswith("weight")]
    names = ", ".join(f"`{one}`" for one in parameters) or text("none")
    if not name:
        if len(weights) == 1:
            return weights[0]
        raise DataError(
            text("a file of numbers does not say which weights it holds; the net has {names}", names=names),
            "write `--weights NAME=FILE`",
        )
    # `0` is what the table calls the layer, `0.weight` what torch calls its weight.
    for known in (name, f"{name}.weight"):
        if known in parameters:
            return known
    raise DataError(text("the net has no weights called `{name}`; it has {names}", name=name, names=names))


def _fitted(values: Tensor, parameter: Any, name: str, path: Path) -> Tensor:
    while values.dim() < parameter.dim():
        values = values[None]
    if values.shape != parameter.shape:
        raise DataError(
            text(
                "`{name}` is {expected}, but `{path}` holds {given}",
                name=name,
                expected=format_shape(parameter.shape),
                path=path,
                given=format_shape(values.shape),
            )
        )
    return values

"""Items decoded once: into memory, or into a file beside the data that later runs map into theirs."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from numpy.lib.format import open_memmap
from torch import Tensor

from netdsl.core.errors import DataError
from netdsl.core.files import reason, sync_folder
from netdsl.core.text import text
from netdsl.data.broken_items import Skips
from netdsl.data.data_folder import locked
from netdsl.data.inputs import InputTensors, Samples, tensors_of
from netdsl.data.samples import Items, Tensors
from netdsl.data.transforms.base import BatchTransform
from netdsl.data.worker_reader import Broken, Key, Loader, Raw, uneven

FOLDER = ".netdsl-cache"
CHUNK = 64
FORM = 1
"""The version of the files' format. It changes when the files of an older netdsl would be misread."""

Progress = Callable[[int, int], None]
"""A function that is called with the number of decoded items and the number of all items."""

Allocate = Callable[[int, Samples], Samples]
"""A function that makes room for so many samples that are like those of a batch."""


@dataclass(frozen=True, eq=False)
class Decoding:
    """How items are decoded: who reads them, what happens to broken ones, who is told about the progress."""

    loader: Loader
    skips: Skips
    progress: Progress | None = None

    def chunks(self, count: int) -> Iterator[Raw]:
        """All items in order, in chunks; the broken ones are noted."""
        starts = range(0, count, CHUNK)
        keys = ([Key(index) for index in range(start, min(start + CHUNK, count))] for start in starts)
        for start, raw in zip(starts, self.loader.batches(lambda: keys), strict=True):
            self.skips.note(raw.broken)
            if self.progress:
                self.progress(min(start + CHUNK, count), count)
            yield raw


def into_memory(items: Items, decoding: Decoding) -> Tensors:
    """Decodes all items into memory; broken ones leave no gap."""
    return _decoded(items, decoding, make_room)[0]


def make_room(count: int, like: Samples) -> Samples:
    """Memory for so many samples."""
    if isinstance(like, InputTensors):
        return like.each(lambda part: torch.empty(count, *part.shape[1:], dtype=part.dtype))
    return torch.empty(count, *like.shape[1:], dtype=like.dtype)


def onto_disk(items: Items, steps: Sequence[BatchTransform], decoding: Decoding) -> Tensors:
    """Decodes all items into a file, unless an earlier run has done so. The file is mapped, not read.

    The file lies beside the items' folder: a folder inside it would count as a class. It appears under its name only
    when it is whole, and one process at a time writes it. So an interrupted run or a second process does no harm.
    """
    folder = Path(items.folder).absolute()
    place = folder.parent / FOLDER
    path = place / f"{folder.name}-{_key(items, steps)}.npy"
    try:
        if not path.exists():
            with locked(place):
                if not path.exists():  # another process may have written it while this one waited
                    _write(items, path, decoding)
        return _mapped(path, decoding.skips)
    except OSError as error:
        raise DataError(
            text("`{folder}` cannot hold decoded images: {reason}", folder=place, reason=reason(error)),
            "write `cache=none`",
        ) from error


def _decoded(items: Items, decoding: Decoding, allocate: Allocate) -> tuple[Tensors, list[Broken]]:
    x: Samples = torch.empty(0)
    filled = 0
    y: list[Tensor] = []
    broken: list[Broken] = []
    for raw in decoding.chunks(len(items)):
        broken += raw.broken
        if not len(raw.y):
            continue
        if not filled:
            x = allocate(len(items), raw.x)
        for kept, found in zip(tensors_of(x), tensors_of(raw.x), strict=True):
            if kept.shape[1:] != found.shape[1:]:
                raise uneven([kept.shape[1:], found.shape[1:]])
            kept[filled : filled + len(found)] = found
        filled += len(raw.x)
        y.append(raw.y)
    if not filled:
        raise DataError("none of the images can be read", str(broken[0]) if broken else None)
    return Tensors(x[:filled], torch.cat(y)), broken


def _write(items: Items, path: Path, decoding: Decoding) -> None:
    for stale in path.parent.glob("*.part"):  # left by interrupted runs; the lock keeps other processes away
        stale.unlink()
    maps: list[np.memmap[Any, Any]] = []

    def allocate(count: int, like: Samples) -> Samples:
        for place, tensor in enumerate(tensors_of(like)):
            # as many rows as there are items: how many are broken is known only when all are decoded
            shape = (count, *tensor.shape[1:])
            part = _place(path, place).with_suffix(".part")
            maps.append(open_memmap(part, "w+", torch.empty(0, dtype=tensor.dtype).numpy().dtype, shape))
        return _as(like.names if isinstance(like, InputTensors) else None, map(torch.from_numpy, maps))

    data, broken = _decoded(items, decoding, allocate)
    for one in maps:
        one.flush()
    names = data.x.names if isinstance(data.x, InputTensors) else None
    notes = {"rows": len(data), "broken": [asdict(each) for each in broken], "inputs": names}
    _write_whole(path.with_suffix(".labels.npy"), lambda file: np.save(file, data.y.numpy()))
    _write_whole(path.with_suffix(".json"), lambda file: file.write(json.dumps(notes).encode()))
    # the first input last: a process that finds this file expects all others to be whole
    for place in reversed(range(len(maps))):
        os.replace(_place(path, place).with_suffix(".part"), _place(path, place))
    sync_folder(path.parent)


def _place(path: Path, number: int) -> Path:
    """The file of one of several inputs; that of the first has the name of all."""
    return path.with_suffix(f".{number}.npy") if number else path


def _as(names: Sequence[str] | None, tensors: Iterable[Tensor]) -> Samples:
    """Tensors as samples of inputs with these names; without names, of the only input."""
    only, *others = tensors
    return InputTensors(dict(zip(names, (only, *others), strict=True))) if names else only


def _write_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    part = path.with_suffix(path.suffix + ".part")
    with part.open("wb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


def _mapped(path: Path, skips: Skips) -> Tensors:
    notes = json.loads(path.with_suffix(".json").read_text("utf-8"))
    skips.note([Broken(**each) for each in notes["broken"]])
    names = notes.get("inputs")
    places = [_place(path, number) for number in range(len(names or [""]))]
    # copy-on-write: nothing writes, but torch warns of memory that it may not write to
    x = _as(names, (torch.from_numpy(np.load(one, mmap_mode="c", allow_pickle=False)) for one in places))
    labels = torch.from_numpy(np.load(path.with_suffix(".labels.npy"), allow_pickle=False))
    return Tensors(x[: notes["rows"]], labels)


def _key(items: Items, steps: Sequence[BatchTransform]) -> str:
    """A name for the files and what is made of them: any file added, removed or changed gives another one."""
    digest = blake2b(f"{FORM} {[step.identity for step in steps]}".encode(), digest_size=10)
    for index in range(len(items)):
        digest.update(f"{items.identity(index)}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()

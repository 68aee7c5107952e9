"""Items decoded once: into memory, or into a file beside the data that later runs map into theirs."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
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
    part = path.with_suffix(".part")
    maps: list[np.memmap[Any, Any]] = []

    def allocate(count: int, like: Samples) -> Samples:
        if not isinstance(like, Tensor):
            raise DataError("samples of several inputs are not kept on the disk", "write `cache=ram` or `cache=none`")
        # as many rows as there are items: how many are broken is known only when all are decoded
        shape = (count, *like.shape[1:])
        maps.append(open_memmap(part, "w+", torch.empty(0, dtype=like.dtype).numpy().dtype, shape))
        return torch.from_numpy(maps[0])

    data, broken = _decoded(items, decoding, allocate)
    maps[0].flush()
    notes = {"rows": len(data), "broken": [asdict(each) for each in broken]}
    _write_whole(path.with_suffix(".labels.npy"), lambda file: np.save(file, data.y.numpy()))
    _write_whole(path.with_suffix(".json"), lambda file: file.write(json.dumps(notes).encode()))
    # last: a process that finds this file expects the labels and the notes to be whole
    os.replace(part, path)
    sync_folder(path.parent)


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
    # copy-on-write: nothing writes, but torch warns of memory that it may not write to
    images = torch.from_numpy(np.load(path, mmap_mode="c", allow_pickle=False))
    labels = torch.from_numpy(np.load(path.with_suffix(".labels.npy"), allow_pickle=False))
    return Tensors(images[: notes["rows"]], labels)


def _key(items: Items, steps: Sequence[BatchTransform]) -> str:
    """A name for the files and what is made of them: any file added, removed or changed gives another one."""
    digest = blake2b(f"{FORM} {[step.identity for step in steps]}".encode(), digest_size=10)
    for index in range(len(items)):
        # paths, sizes and times, not contents: reading every image would take as long as decoding it
        about = f"{_state(items.name(index), items.folder)}\0{items.label(index)}\n"
        digest.update(about.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _state(path: str, folder: str) -> str:
    try:
        found = os.stat(path)
    except OSError:
        return path
    return f"{os.path.relpath(path, folder)}\0{found.st_size}\0{found.st_mtime_ns}"

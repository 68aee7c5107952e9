"""Reading items in worker processes: their input, their output, and the messages about broken items."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from netdsl.core.errors import DataError
from netdsl.core.files import reason
from netdsl.core.sizes import format_shape
from netdsl.core.text import text
from netdsl.data.inputs import Samples, shapes_of, stack_samples
from netdsl.data.random_stream import SAMPLE, Moment
from netdsl.data.samples import Items
from netdsl.data.transforms.base import BatchTransform, are_masks


class Key(NamedTuple):
    """An item and the time when it is read, on which its random transforms depend."""

    item: int
    seed: int = 0
    epoch: int = 0
    step: int = 0
    place: int = 0


@dataclass(frozen=True, slots=True)
class Broken:
    """An item that could not be read."""

    index: int
    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


class Raw(NamedTuple):
    """A batch as a worker returns it: the samples that could be read, their places in it, and the broken ones."""

    x: Samples
    y: Tensor
    places: Tensor
    broken: tuple[Broken, ...]


@dataclass(frozen=True, eq=False)
class Reader(Dataset[Any]):
    """The work of a worker: it reads an item and applies the transforms that give all items one size."""

    items: Items
    steps: tuple[BatchTransform, ...] = ()

    def __getitem__(self, key: Key) -> tuple[Samples, int | Tensor] | Broken:
        try:
            x, y = self.items.read(key.item)
        except Exception as error:  # a damaged file may fail in any way
            return Broken(key.item, self.items.name(key.item), _reason(error))
        try:
            return self._transformed(x, y, key)
        except ValueError as error:
            return Broken(key.item, self.items.name(key.item), str(error))

    def _transformed(self, x: Samples, y: int | Tensor, key: Key) -> tuple[Samples, int | Tensor]:
        moment = Moment(torch.tensor([key.item]), key.epoch, (SAMPLE, *key[1:]))
        batch: Samples = x.unsqueeze(0)
        masks = y.unsqueeze(0) if isinstance(y, Tensor) and are_masks(y.unsqueeze(0), batch) else None
        for step in self.steps:
            drawn = step.draw_for(moment, batch)
            masks = masks if masks is None else step.act_on_masks(masks, *drawn)
            batch = step.apply(batch, *drawn)
        return batch.squeeze(0), y if masks is None else masks.squeeze(0)

    def collate(self, read: Sequence[tuple[Samples, int | Tensor] | Broken]) -> Raw | DataError:
        """Makes a batch. An error is returned, not raised, because a worker's traceback would hide it."""
        broken = tuple(each for each in read if isinstance(each, Broken))
        whole = [(place, each) for place, each in enumerate(read) if not isinstance(each, Broken)]
        places = torch.tensor([place for place, _ in whole], dtype=torch.int64)
        if not whole:
            return Raw(torch.empty(0), torch.empty(0), places, broken)
        images, labels = zip(*(each for _, each in whole), strict=True)
        for shapes in zip(*map(shapes_of, images), strict=True):
            if len(set(shapes)) > 1:
                return uneven(shapes)
        y = torch.stack(labels) if isinstance(labels[0], Tensor) else torch.tensor(labels)
        return Raw(stack_samples(images), y, places, broken)


@dataclass
class Loader:
    """Reads batches of items, in worker processes that stay for the next epoch, or in this process (`workers=0`)."""

    reader: Reader
    workers: int
    pin: bool = False
    _idle: DataLoader[Any] | None = field(default=None, repr=False)

    def batches(self, keys: Callable[[], Iterator[list[Key]]]) -> Iterator[Raw]:
        """The batches of these keys, in their order. Raises `DataError` if a worker dies."""
        loader, self._idle = self._made() if self._idle is None else self._idle, None
        assert isinstance(loader.batch_sampler, Keys)
        loader.batch_sampler.keys = keys
        try:
            for found in _begun(loader):
                if isinstance(found, DataError):
                    raise found
                yield found
        # Workers return their own errors; these say that a worker has died.
        except (RuntimeError, OSError, EOFError) as error:
            if isinstance(error, RuntimeError) and "DataLoader worker" not in str(error):
                raise
            advice = "if memory ran out, write a smaller `workers=` or `batch=`"
            raise DataError("a process that reads the data has died", advice) from error
        else:
            self._idle = loader

    def close(self) -> None:
        """Ends the worker processes."""
        self._idle = None

    def _made(self) -> DataLoader[Any]:
        return DataLoader(
            self.reader,
            batch_sampler=Keys(),
            num_workers=self.workers,
            collate_fn=self.reader.collate,
            pin_memory=self.pin,
            persistent_workers=self.workers > 0,
            worker_init_fn=_leave_signals_to_the_parent if self.workers else None,
        )


def _begun(loader: DataLoader[Any]) -> Iterator[Any]:
    """The loader's iterator, without torch's handler of dead children.

    The handler would raise at any point of the program. Without it, a death is noticed at the wait for the next batch,
    within seconds.
    """
    if not loader.num_workers or threading.current_thread() is not threading.main_thread() or os.name != "posix":
        return iter(loader)
    before = signal.getsignal(signal.SIGCHLD)
    try:
        return iter(loader)
    finally:
        signal.signal(signal.SIGCHLD, before or signal.SIG_DFL)


class Keys(Sampler[list[Key]]):
    """The keys of the coming batches; they are set before every epoch."""

    def __init__(self) -> None:
        self.keys: Callable[[], Iterator[list[Key]]] = lambda: iter(())

    def __iter__(self) -> Iterator[list[Key]]:
        return self.keys()


def _leave_signals_to_the_parent(_: int) -> None:
    # Ctrl-C reaches the whole process group. The parent decides what to do, and ends the workers itself
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return reason(error)
    return str(error) or type(error).__name__


def uneven(shapes: Sequence[tuple[int, ...]]) -> DataError:
    """The error for images that cannot form a batch."""
    first = shapes[0]
    other = next(shape for shape in shapes if shape != first)
    return DataError(
        text(
            "the images have different sizes, {first} and {other} for example",
            first=format_shape(first),
            other=format_shape(other),
        ),
        "write `{ resize 64x64 }` after the data set",
    )

"""Data that are read as needed: worker processes decode, the device transforms whole batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from netdsl.core.errors import DataError
from netdsl.core.text import text
from netdsl.data.batch_order import Planned
from netdsl.data.broken_items import Skips
from netdsl.data.inputs import Samples
from netdsl.data.pipelines import Batch
from netdsl.data.random_stream import Moment
from netdsl.data.worker_reader import Key, Loader, Raw


@dataclass(frozen=True, eq=False)
class Streaming(Planned):
    """A pipeline over items that are read anew in every epoch."""

    loader: Loader
    skips: Skips
    layout: torch.memory_format = torch.contiguous_format

    def channels_last(self) -> Self:
        """The same samples with images in the memory format channels-last."""
        return replace(self, layout=torch.channels_last)

    def epoch(self, number: int, start: int = 0) -> Iterator[Batch]:
        """This rank's share of each batch of an epoch, from step `start` on."""
        batches = self._batches(number, start)
        return overlapped(batches, self.device) if self.device.type == "cuda" else batches

    def _batches(self, number: int, start: int) -> Iterator[Batch]:
        raws = self.loader.batches(lambda: self._keys(number, start))
        for (step, moment), raw in zip(self.plan.moments(number, start), raws, strict=True):
            self.skips.note(raw.broken)
            batch = self._served(raw, moment, self.plan.rows(step))
            yield batch if self.plan.shared(step) else Batch(batch.x[:0], batch.y[:0])

    def _keys(self, epoch: int, start: int) -> Iterator[list[Key]]:
        for step, moment in self.plan.moments(epoch, start):
            chosen = enumerate(moment.indices.tolist())
            keys = [Key(index, self.plan.seed, epoch, step, place) for place, index in chosen]
            yield keys[self.plan.rows(step)]

    def _served(self, raw: Raw, moment: Moment, share: slice) -> Batch:
        if not len(raw.places):
            raise DataError("no sample of a batch could be read", text("the first of them: {file}", file=raw.broken[0]))
        # `non_blocking` copies while transforms are queued; `Server.loader` pins memory for that
        x = self._moved(raw.x)
        y = raw.y.to(self.device, non_blocking=True)
        return Batch(*self.chain(x, y, moment, raw.places + share.start))

    def _moved(self, x: Samples) -> Samples:
        if isinstance(x, Tensor) and x.dim() == 4:
            return x.to(self.device, non_blocking=True, memory_format=self.layout)
        return x.to(self.device, non_blocking=True)


def overlapped(batches: Iterator[Batch], device: torch.device) -> Iterator[Batch]:
    """Copies and transforms each batch on a second CUDA stream, while the device still computes with the last one."""
    ahead: torch.cuda.Stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]  # torch's own
    main = torch.cuda.current_stream(device)
    while True:
        with torch.cuda.stream(ahead):
            batch = next(batches, None)
        if batch is None:
            return
        main.wait_stream(ahead)  # the device waits; the CPU does not, and goes on to queue the step
        for tensor in batch:
            tensor.record_stream(main)  # without it, the memory could be reused while the net still reads it
        yield batch

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch

from netdsl.data.pipelines import Batch
from netdsl.data.streaming import overlapped

CUDA = torch.device("cuda:0")


class Stream:
    """Notes what a CUDA device would be told."""

    def __init__(self, name: str, said: list[str]) -> None:
        self.name, self.said = name, said

    def wait_stream(self, other: Stream) -> None:
        self.said.append(f"{self.name} waits for {other.name}")


class Rows:
    """What of a tensor a stream minds: who else reads it."""

    def __init__(self, said: list[str]) -> None:
        self.said = said

    def record_stream(self, stream: Stream) -> None:
        self.said.append(f"kept for {stream.name}")


def test_a_batch_is_made_ahead_and_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    main = Stream("main", said)
    current = [main]

    @contextmanager
    def within(stream: Stream) -> Iterator[None]:
        current.append(stream)
        yield
        current.pop()

    monkeypatch.setattr(torch.cuda, "Stream", lambda _: Stream("ahead", said))
    monkeypatch.setattr(torch.cuda, "current_stream", lambda _: current[-1])
    monkeypatch.setattr(torch.cuda, "stream", within)

    def batches() -> Iterator[Any]:
        for number in range(2):
            said.append(f"batch {number} on {current[-1].name}")
            yield Batch(Rows(said), Rows(said))  # type: ignore[arg-type]

    for number, _ in enumerate(overlapped(batches(), CUDA)):
        said.append(f"step {number} on {current[-1].name}")
    made = ["main waits for ahead", "kept for main", "kept for main"]
    assert said == ["batch 0 on ahead", *made, "step 0 on main", "batch 1 on ahead", *made, "step 1 on main"]

"""TensorBoard: a run's curves, and beside them the net's graph, some samples as the net receives them, the settings."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic, time
from typing import Any

import torch
from torch import Tensor, nn

from netdsl.language.statements import STATEMENTS
from netdsl.program import Experiment
from netdsl.training.reporting.loggers import Metrics

SAMPLES = 16

WAIT = 1.0
"""Seconds for which points wait to be written together: TensorBoard's thread would contend with a small net's steps."""


class TensorBoard:
    """Event files that `tensorboard --logdir` shows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "tensorboard"
        self._writer: Any = None
        self._purge: int | None = None
        self._beside: Beside | None = None
        self._waiting: list[tuple[Metrics, int, float]] = []
        self._next = 0.0

    def begin(self, beside: Beside | None) -> None:
        """Keeps what is shown beside the curves, to write it with the first of them."""
        self._beside = beside

    def resume(self, step: int, count: int) -> None:  # noqa: ARG002  # steps are what TensorBoard goes by
        """TensorBoard itself leaves out what an interrupted run logged after this step."""
        self._purge, self._beside = step + 1, None

    def log(self, metrics: Metrics, step: int) -> None:
        """Adds a point to the curve of each metric."""
        self._waiting.append((metrics, step, time()))
        if monotonic() >= self._next:
            self._write()

    def flush(self) -> None:
        """Puts everything on the disk."""
        self._write()
        self.writer.flush()

    def close(self) -> None:
        """Puts everything on the disk and ends."""
        self._write()
        self.writer.close()

    def _write(self) -> None:
        from tensorboard.compat.proto.summary_pb2 import Summary
        from torch.utils.tensorboard.summary import scalar

        for metrics, step, moment in self._waiting:
            # one event for all of them: what `add_scalar` writes, at half its price
            points: list[Any] = [scalar(name, value) for name, value in metrics.items()]  # type: ignore[no-untyped-call]  # torch's own
            summary = Summary(value=[point.value[0] for point in points])
            self.writer.file_writer.add_summary(summary, step, moment)
        self._waiting.clear()
        self._next = monotonic() + WAIT

    @property
    def writer(self) -> Any:
        """A `SummaryWriter` of torch, made when first needed, for its import takes a second."""
        if self._writer is None:
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(str(self.folder), purge_step=self._purge)
            if self._beside:
                self._beside.write(self._writer)
        return self._writer


@dataclass(frozen=True)
class Beside:
    """What there is to show.

    Args:
        sample: gives some samples as the net receives them; asked only when they are shown.
        settings: what the run was started with, by name.
        metrics: the names of the curves that runs are compared by.
    """

    model: nn.Module
    sample: Callable[[], Tensor]
    settings: Mapping[str, Any]
    metrics: tuple[str, ...]

    def write(self, writer: Any) -> None:
        """Adds what can be had of it: a net that cannot be traced has no graph, and a table no pictures."""
        from torch.utils.tensorboard.summary import hparams  # its import takes a second

        curves = dict.fromkeys(self.metrics, 0.0)
        for summary in hparams(dict(self.settings), curves):  # type: ignore[no-untyped-call]  # torch's own
            writer.file_writer.add_summary(summary)
        with suppress(Exception):
            x = self.sample()[:SAMPLES].cpu()
            if x.dim() == 4 and x.shape[1] in (1, 3):
                writer.add_images("samples", visible(x), 0)
            self._add_graph(writer, x[:1].contiguous())

    def _add_graph(self, writer: Any, x: Tensor) -> None:
        # a copy in evaluation mode: tracing runs the net, and a run must not notice that somebody looks
        model = copy.deepcopy(self.model).cpu().eval()
        with torch.random.fork_rng([]), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's tracer has advice for its own caller
            writer.add_graph(model, x)


def visible(x: Tensor) -> Tensor:
    """Images with values from 0 to 1, whatever they were normalised to."""
    low, high = x.amin((1, 2, 3), keepdim=True), x.amax((1, 2, 3), keepdim=True)
    return (x - low) / (high - low).clamp_min(1e-12)


def settings_of(experiment: Experiment) -> dict[str, Any]:
    """What tells one run from another: the `train` line, and each directive that stands once, with its arguments."""
    found = {f"train.{name}": value for name, value in asdict(experiment.train).items()}
    for kind in STATEMENTS.values():
        use = experiment.one_of(kind.component) if kind.component and not kind.repeats else None
        if use is not None:
            found[kind.name] = use.component.name
            found |= {f"{kind.name}.{name}": value for name, value in use.arguments.items()}
    if experiment.data is not None:
        found |= {"data": experiment.data.component.name, "data.batch": experiment.data.settings.batch}
    kept = {name: value for name, value in found.items() if value is not None}
    return {name: value if isinstance(value, bool | int | float | str) else str(value) for name, value in kept.items()}

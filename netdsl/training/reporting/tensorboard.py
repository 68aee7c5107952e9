"""TensorBoard: a run's curves, and beside them the net's graph, some samples as the net receives them, the settings.

Under "Custom scalars" the curves of training and test share a chart.
"""

from __future__ import annotations

import copy
import importlib
import os
import re
import threading
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, time
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from netdsl.data.inputs import Samples, tensors_of
from netdsl.language.statements import OPTIMIZER, STATEMENTS
from netdsl.program import Experiment
from netdsl.training.reporting.loggers import Metrics

if TYPE_CHECKING:
    from torch.utils.tensorboard.writer import FileWriter, SummaryWriter

Setting = bool | int | float | str

SAMPLES = 16

WAIT = 1.0
"""Seconds for which points wait to be written together: TensorBoard's thread competes with a small net's steps."""


class TensorBoard:
    """Event files that `tensorboard --logdir` shows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "tensorboard"
        self._writer: SummaryWriter | None = None
        self._purge: int | None = None
        self._beside: Beside | None = None
        self._waiting: list[tuple[Metrics, int, float]] = []
        self._next = 0.0
        self._importing: threading.Thread | None = None
        self._excepthook = threading.excepthook

    def begin(self, beside: Beside | None) -> None:
        """Keeps what is shown beside the curves, which is written with the first point, and begins to import."""
        self._beside = beside
        # Beside the first steps, for it takes a tenth of a second, and seconds from a slow disk.
        self._importing = threading.Thread(target=_import_writer, name="import tensorboard", daemon=True)
        self._importing.start()
        # A process that is forked amid an import would wait for ever for what it imports itself: those that read data.
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(before=self._importing.join)

    def resume(self, step: int, count: int) -> None:  # noqa: ARG002  # TensorBoard counts steps
        """Has TensorBoard hide what an interrupted run logged after this step."""
        self._purge, self._beside = step + 1, None

    def log(self, metrics: Metrics, step: int) -> None:
        """Adds a point to the curve of each metric; the number of the epoch is no curve."""
        curves = {name: value for name, value in metrics.items() if name != "epoch"}
        self._waiting.append((curves, step, time()))
        if monotonic() >= self._next and not (self._importing and self._importing.is_alive()):
            self._write()

    def add_histograms(self, values: Mapping[str, Tensor], step: int) -> None:
        """Adds a histogram of each tensor."""
        self._write()  # which waits until all is imported
        for name, value in values.items():
            self.writer.add_histogram(name, value.detach().float().cpu(), step)

    def flush(self) -> None:
        """Puts everything on the disk."""
        self._write()
        self.writer.flush()

    def close(self) -> None:
        """Puts everything on the disk, and closes the file."""
        try:
            self._write()
            self.writer.close()
        finally:
            threading.excepthook = self._excepthook

    def _write(self) -> None:
        if self._importing:
            self._importing.join()
        from tensorboard.compat.proto.summary_pb2 import Summary
        from torch.utils.tensorboard.summary import scalar

        for metrics, step, moment in self._waiting:
            # One event for all of them: `add_scalar` would write the same as an event each, in twice the time.
            points: list[Any] = [scalar(name, value) for name, value in metrics.items()]  # type: ignore[no-untyped-call]  # torch's own
            summary = Summary(value=[point.value[0] for point in points])
            _events(self.writer).add_summary(summary, step, moment)
        self._waiting.clear()
        self._next = monotonic() + WAIT

    def _hide_error_of_writer(self, error: threading.ExceptHookArgs) -> None:
        # TensorBoard's thread raises an error a second time in the next call, where it is reported; the first time it
        # would only print a traceback.
        if type(error.thread).__module__ != "tensorboard.summary.writer.event_file_writer":
            self._excepthook(error)

    @property
    def writer(self) -> SummaryWriter:
        """A `SummaryWriter` of torch; it is made when it is first needed."""
        if self._writer is None:
            from torch.utils.tensorboard.writer import SummaryWriter

            threading.excepthook = self._hide_error_of_writer
            self._writer = SummaryWriter(str(self.folder), purge_step=self._purge)
            if self._beside:
                self._beside.write(self._writer)
        return self._writer


@dataclass(frozen=True)
class Beside:
    """What TensorBoard shows beside the curves.

    Args:
        sample: gives some samples as the net receives them; it is called only when they are shown.
        settings: the settings of the run, by name.
        metrics: the names of the curves that runs are compared by.
        charts: the curves that share a chart, by its title.
    """

    model: nn.Module
    sample: Callable[[], Samples]
    settings: Mapping[str, Setting]
    metrics: tuple[str, ...]
    charts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def write(self, writer: SummaryWriter) -> None:
        """Adds what there is: a net that cannot be traced has no graph, and a table has no pictures."""
        from torch.utils.tensorboard.summary import hparams

        curves = dict.fromkeys(self.metrics, 0.0)
        for summary in hparams(dict(self.settings), curves):  # type: ignore[no-untyped-call]  # torch's own
            _events(writer).add_summary(summary)
        if self.charts:
            lines = {
                title: ["Multiline", [f"^{re.escape(name)}$" for name in names]] for title, names in self.charts.items()
            }
            writer.add_custom_scalars({"train and test": lines})
        with suppress(Exception):  # a plugin's net may fail in any way; the curves are what matters
            x = self.sample()[:SAMPLES].cpu()
            for name, part in [("samples", x)] if isinstance(x, Tensor) else x.items():
                if part.dim() == 4 and part.shape[1] in (1, 3):
                    writer.add_images(name, visible(part), 0)
            self._add_graph(writer, tuple(part[:1].contiguous() for part in tensors_of(x)))

    def _add_graph(self, writer: SummaryWriter, x: tuple[Tensor, ...]) -> None:
        # Tracing runs the net: a copy, in evaluation mode and with other random numbers, leaves the run as it was.
        model = copy.deepcopy(self.model).cpu().eval()
        with torch.random.fork_rng([]), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's tracer warns its caller of what it cannot follow
            writer.add_graph(model, x)


def _import_writer() -> None:
    with suppress(Exception):  # the import in `_write` fails once more, where it is reported
        importlib.import_module("torch.utils.tensorboard.writer")


def _events(writer: SummaryWriter) -> FileWriter:
    assert writer.file_writer is not None  # as long as it is not closed
    return writer.file_writer


def visible(x: Tensor) -> Tensor:
    """Images with values from 0 to 1, for the net receives them normalised."""
    low, high = x.amin((1, 2, 3), keepdim=True), x.amax((1, 2, 3), keepdim=True)
    return (x - low) / (high - low).clamp_min(1e-12)


def settings_of(experiment: Experiment) -> dict[str, Setting]:
    """The settings by which runs differ: those of `train`, and each directive that stands once, with its arguments."""
    found: dict[str, object] = {f"train.{name}": value for name, value in experiment.train._asdict().items()}
    for kind in STATEMENTS.values():
        use = experiment.one_of(kind.component) if kind.component and not kind.repeats else None
        if use is not None:
            found[kind.name] = use.component.name
            found |= {f"{kind.name}.{name}": value for name, value in use.arguments.items()}
    if (optimizer := experiment.optimizer) is not None:
        others = {**optimizer.settings._asdict(), **optimizer.of_layers}
        found |= {f"{OPTIMIZER.name}.{name}": value for name, value in others.items()}
    if experiment.data is not None:
        found |= {"data": experiment.data.component.name, "data.batch": experiment.data.settings.batch}
    kept = {name: value for name, value in found.items() if value is not None}
    return {name: value if isinstance(value, bool | int | float | str) else str(value) for name, value in kept.items()}

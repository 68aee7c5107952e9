"""What TensorBoard shows beside the curves: the net's graph, some samples as the net receives them, the settings."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from netdsl.network import Experiment

SAMPLES = 16


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
    """What tells one run from another: the `train` line, and what the optimizer, schedule, loss and data were given."""
    found = {f"train.{name}": value for name, value in asdict(experiment.train).items()}
    parts = {"optimizer": experiment.optimizer, "schedule": experiment.schedule, "loss": experiment.loss}
    for part, use in parts.items():
        if use is not None:
            found[part] = use.component.name
            found |= {f"{part}.{name}": value for name, value in use.arguments.items()}
    if experiment.data is not None:
        found |= {"data": experiment.data.component.name, "data.batch": experiment.data.settings.batch}
    kept = {name: value for name, value in found.items() if value is not None}
    return {name: value if isinstance(value, bool | int | float | str) else str(value) for name, value in kept.items()}

"""The test set: true means over all of its samples, a short last batch counted for what it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from netdsl.core.text import text
from netdsl.data import Batch, Pipeline
from netdsl.training.distributed.process_group import ALONE, Team
from netdsl.training.learner import Learner
from netdsl.training.loss import count_samples
from netdsl.training.machine.device import is_out_of_memory
from netdsl.training.metrics import EpochMetric


@torch.inference_mode()
def evaluate(
    model: Callable[[Tensor], Tensor],
    loss: Callable[[Tensor, Tensor], Tensor],
    metrics: Mapping[str, EpochMetric],
    batches: Iterable[Batch],
    autocast: AbstractContextManager[None],
    team: Team = ALONE,
) -> dict[str, Any]:
    """The mean loss and each metric over all batches; `model` is in evaluation mode already."""
    totals: Tensor | None = None
    for metric in metrics.values():
        metric.reset()
    for x, y in batches:
        with autocast:
            output = model(x).float()
        if not len(y):  # a process may have no share of a short last batch
            continue
        batch_loss = loss(output, y)
        weight = count_samples(loss, y)
        # Both numbers stay on the device, in one tensor: nothing waits for it before the last batch is on its way.
        counts = torch.stack((batch_loss.double() * weight, torch.as_tensor(weight, device=y.device)))
        totals = counts if totals is None else totals + counts
        for metric in metrics.values():
            metric.update(output, y)
    loss_sum, samples = team.sum([0.0, 0.0] if totals is None else totals.tolist())  # the sync point
    return {"loss": loss_sum / samples if samples else math.nan} | {
        name: metric.compute() for name, metric in metrics.items()
    }


@dataclass(kw_only=True)
class Evaluator:
    """Tests the net after each epoch, in smaller batches once memory has run out.

    Args:
        notify: shows a line.
    """

    learner: Learner
    pipeline: Pipeline
    metrics: Mapping[str, EpochMetric]
    notify: Callable[[str], None]

    def test_epoch(self, watch: Callable[[Iterable[Batch]], Iterable[Batch]]) -> dict[str, Any]:
        """The results of the net, or of its moving average, on the test set; `watch` passes the batches on."""
        learner = self.learner
        # No gradients, so nothing to exchange: the net itself serves in a team, where replicas would wait for others.
        model = learner.weights if learner.average or not learner.team.alone else learner.model
        learner.weights.eval()
        try:
            batches = watch(self.pipeline.epoch(0))
            return evaluate(model, learner.loss, self.metrics, batches, learner.autocast, learner.team)
        except RuntimeError as error:
            if not self._can_halve(error):
                raise
        # Outside the handler, for the error holds on to the batch that did not fit.
        self._halve()
        return self.test_epoch(watch)

    def _can_halve(self, error: RuntimeError) -> bool:
        # A team cannot: the other processes have no reason to, and would wait.
        return self.pipeline.batch > 1 and self.learner.team.alone and is_out_of_memory(error)

    def _halve(self) -> None:
        before, after = self.pipeline.batch, self.pipeline.batch // 2
        self.pipeline = self.pipeline.batched(after)
        self.notify(
            text("out of memory with a test batch of {before}: going on with {after}", before=before, after=after)
        )

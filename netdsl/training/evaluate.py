"""The test set: true means over all of its samples, a short last batch counted for what it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from netdsl.core.text import text
from netdsl.data import Batch, Pipeline
from netdsl.data.inputs import Samples
from netdsl.modules.carried_state import forget_states
from netdsl.training.distributed.process_group import ALONE, Team
from netdsl.training.learner import Learner
from netdsl.training.loss import count_samples
from netdsl.training.machine.device import is_out_of_memory
from netdsl.training.metrics import EpochMetric

Watch = Callable[[Iterable[Batch]], Iterable[Batch]]
Observe = Callable[[Samples, Tensor, Tensor], None]


class Observer(Protocol):
    """What looks at the samples that are tested."""

    def begin(self) -> None:
        """Forgets what it has seen: a test begins."""

    def observe(self, x: Samples, output: Tensor, target: Tensor) -> None:
        """Looks at a batch."""


@torch.inference_mode()
def evaluate(
    model: Callable[[Samples], Tensor],
    loss: Callable[[Tensor, Tensor], Tensor],
    metrics: Mapping[str, EpochMetric],
    batches: Iterable[Batch],
    autocast: AbstractContextManager[None],
    team: Team = ALONE,
    observe: Observe | None = None,
) -> dict[str, Any]:
    """The mean loss and each metric over all batches; `model` is in evaluation mode already.

    `observe` is called with the inputs, outputs and targets of each batch.
    """
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
        if observe:
            observe(x, output, y)
    loss_sum, samples = team.sum([0.0, 0.0] if totals is None else totals.tolist())  # the sync point
    return {"loss": loss_sum / samples if samples else math.nan} | {
        name: metric.compute() for name, metric in metrics.items()
    }


@dataclass(kw_only=True)
class Evaluator:
    """Tests the net after each epoch, in smaller batches once memory has run out.

    Args:
        pipeline: the test set.
        seen: opens as many samples of the training set as one asks for, served as the test set is.
        notify: shows a line.
    """

    learner: Learner
    pipeline: Pipeline
    seen: Callable[[int], Pipeline]
    metrics: Mapping[str, EpochMetric]
    notify: Callable[[str], None]
    _seen: Pipeline | None = None

    def test_epoch(self, watch: Watch, observer: Observer | None = None) -> dict[str, Any]:
        """The results of the net, or of its moving average, on the test set; `watch` passes the batches on."""
        if observer:
            observer.begin()
        results = self._try(self.pipeline, watch, observer.observe if observer else None)
        if results is None:
            self._halve()
            return self.test_epoch(watch, observer)
        return results

    def test_seen(self, watch: Watch) -> dict[str, Any]:
        """The same of samples of the training set, as many as `train test_train=` asks for; empty for none."""
        if not self.learner.settings.test_train:
            return {}
        results = self._try(self.sample, watch)
        if results is None:
            self._halve()
            return self.test_seen(watch)
        return results

    @property
    def sample(self) -> Pipeline:
        """Samples of the training set; they are read when they are first needed, for that may take time."""
        if self._seen is None:
            self._seen = self.seen(self.learner.settings.test_train or self.pipeline.batch)
        return self._seen.batched(self.pipeline.batch)

    def _try(self, pipeline: Pipeline, watch: Watch, observe: Observe | None = None) -> dict[str, Any] | None:
        """The results over a pipeline; None where memory has run out and smaller batches may fit."""
        learner = self.learner
        # No gradients, so nothing to exchange: the net itself serves in a team, where replicas would wait for others.
        model = learner.weights if learner.average or not learner.team.alone else learner.model
        learner.weights.eval()
        forget_states(learner.weights)
        try:
            batches = watch(pipeline.epoch(0))
            return evaluate(model, learner.loss, self.metrics, batches, learner.autocast, learner.team, observe)
        except RuntimeError as error:
            if not self._can_halve(error):
                raise
        finally:
            forget_states(learner.weights)
        # Outside the handler, for the error holds on to the batch that did not fit.
        return None

    def _can_halve(self, error: RuntimeError) -> bool:
        # A team cannot: the other processes have no reason to, and would wait.
        return self.pipeline.batch > 1 and self.learner.team.alone and is_out_of_memory(error)

    def _halve(self) -> None:
        before, after = self.pipeline.batch, self.pipeline.batch // 2
        self.pipeline = self.pipeline.batched(after)
        self.notify(
            text("out of memory with a test batch of {before}: going on with {after}", before=before, after=after)
        )

"""The loop: forward, loss, backward, step; after each epoch, the test set. All around it keeps it fast and safe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from netdsl.data import Batch, Data, Pipeline
from netdsl.training.evaluate import evaluate
from netdsl.training.learner import Learner
from netdsl.training.loss import count_samples
from netdsl.training.recorder import Run
from netdsl.training.running_loss import Losses

WHOLE: list[Tensor | None] = [None]

Pair = tuple[Batch, Tensor | None]
"""A batch, and its share in the mean over its optimizer step."""


def fit(learner: Learner, data: Data, run: Run) -> None:
    """Trains until every step is taken or patience is lost, and evaluates after each epoch."""
    while not run.finished:
        run.epoch_began()
        train_epoch(learner, data.train, run)
        run.training_ended()
        test = test_epoch(learner, data.test, run)
        learner.epoch, learner.batch = learner.epoch + 1, 0
        run.epoch_ended(test)
    run.finish()


class Watcher(Protocol):
    """What a pass over the training set tells of itself."""

    losses: Losses

    def step_ended(self, output: Tensor, target: Tensor, /) -> None:
        """Called after every optimizer step with the last batch's outputs and targets."""


class Unwatched:
    """Looks away: for steps that only have to be taken."""

    def __init__(self) -> None:
        self.losses = Losses()

    def step_ended(self, *_: Tensor) -> None:
        """Forgets the step."""
        self.losses = Losses()


def train_epoch(learner: Learner, pipeline: Pipeline, run: Watcher) -> None:
    """One pass over the training set, from where the learner stands in it."""
    model, loss_fn = learner.model, learner.loss
    learner.train()
    batches = pipeline.epoch(learner.epoch, start=learner.batch)
    steps = grouped(batches, learner.settings.accumulate)
    for group in islice(steps, learner.steps - learner.step):
        for (x, y), share in parts(group, learner):
            with learner.autocast:
                output = model(x)
            samples = y.shape[0]  # `len(y)` is Python, and a small net would feel it
            loss = loss_fn(output.float(), y) if samples else output.sum()
            learner.scaler.scale(loss).backward(share)  # type: ignore[no-untyped-call]  # torch's own
            run.losses.add(loss.detach(), samples, learner.step + 1)
        update(learner)
        learner.batch += len(group)
        learner.step += 1
        run.step_ended(output, y)


def update(learner: Learner) -> None:
    """One step of the optimizer along the gradients that have gathered."""
    optimizer, scaler = learner.optimizer, learner.scaler
    if learner.settings.clip:
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(learner.module.parameters(), learner.settings.clip)
    scaler.step(optimizer)
    scaler.update()
    for group in optimizer.param_groups:  # `zero_grad`, without its bookkeeping: a tenth of a small net's step
        for parameter in group["params"]:
            parameter.grad = None
    if learner.schedule:
        learner.schedule.step()
    if learner.average:
        learner.average.update_parameters(learner.module)


def test_epoch(learner: Learner, pipeline: Pipeline, run: Run) -> dict[str, Any]:
    """The results of the net, or of its moving average, on the test set."""
    model = learner.weights if learner.average or not learner.team.alone else learner.model
    learner.weights.eval()
    batches = run.until_stopped(pipeline.batched(run.test_batch or pipeline.batch).epoch(0))
    try:
        return evaluate(model, learner.loss, run.metrics, batches, learner.autocast, learner.team)
    except RuntimeError as error:
        if not run.halves_test(pipeline.batch, error):
            raise
    return test_epoch(learner, pipeline, run)  # behind the handler, which holds on to what did not fit


def grouped(batches: Iterable[Batch], size: int) -> Iterator[list[Batch]]:
    """The batches that share an optimizer step."""
    if size == 1:
        return ([batch] for batch in batches)
    iterator = iter(batches)
    return iter(lambda: list(islice(iterator, size)), [])


def parts(group: list[Batch], learner: Learner) -> Iterable[Pair]:
    """The batches of an optimizer step, each with its share in it."""
    pairs = zip(group, shares(group, learner), strict=True)
    return pairs if len(group) == 1 else gathered(list(pairs), learner)


def gathered(pairs: list[Pair], learner: Learner) -> Iterator[Pair]:
    """Several batches of a step: gradients travel between the processes of a team once, with the last of them."""
    *early, last = pairs
    with learner.gradients_kept():
        yield from early
    yield last


def shares(group: list[Batch], learner: Learner) -> list[Tensor | None]:
    """The part of each batch in the mean over its optimizer step, where backward starts from; None is all of it.

    With them, gradients that gather over several batches, or processes, are those of one large batch. (Torch takes the
    mean over the processes, so a part counts as many times as there are processes.)
    """
    team = learner.team
    if len(group) == 1 and team.world == 1:
        return WHOLE
    counts = torch.stack([torch.as_tensor(count_samples(learner.loss, y), device=y.device) for _, y in group])
    return list(counts * team.world / team.sum_tensor(counts.sum()))

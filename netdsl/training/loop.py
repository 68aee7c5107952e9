"""One pass over the training set: forward, loss, backward, step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from itertools import islice

import torch
from torch import Tensor, nn

from netdsl.data import Batch, Pipeline
from netdsl.modules.carried_state import forget_states
from netdsl.training.heads import main_output
from netdsl.training.learner import Learner
from netdsl.training.loss import count_samples
from netdsl.training.running_loss import Losses


def training_steps(
    learner: Learner, pipeline: Pipeline, losses: Losses | None = None
) -> Iterator[tuple[Tensor, Tensor]]:
    """Takes the optimizer steps of an epoch, one an iteration, from where the learner stands in it.

    Yields the outputs and the targets of a step's last batch. The loss of each batch goes into `losses`.
    """
    model, loss_fn = learner.model, learner.loss
    learner.train()
    if learner.batch == 0:
        forget_states(learner.module)
    batches = pipeline.epoch(learner.epoch, start=learner.batch)
    with learner.undisturbed():
        for group in islice(group_batches(batches, learner.settings.accumulate), learner.steps - learner.step):
            shares = find_shares(group, learner)
            for index, ((x, y), share) in enumerate(zip(group, shares, strict=True), start=1):
                # Gradients add up over the batches of a group; processes exchange them once, with the last batch.
                with nullcontext() if index == len(group) else learner.without_exchange():
                    with learner.autocast:
                        output = model(x)
                    samples = y.shape[0]  # `len(y)` runs Python code of torch's, which a small net would feel
                    # A process without a share of a short last batch still has to take part in the exchange.
                    loss = loss_fn(output.float(), y) if samples else output.sum()
                    learner.scaler.scale(loss).backward(share)  # type: ignore[no-untyped-call]  # torch's own
                if losses is not None:
                    losses.add(loss.detach(), samples, learner.step + 1)
            update(learner)
            learner.batch += len(group)
            learner.step += 1
            yield main_output(output), y


def update(learner: Learner) -> None:
    """Takes one step of the optimizer along the gradients that have added up."""
    optimizer, scaler = learner.optimizer, learner.scaler
    if learner.settings.clip:
        scaler.unscale_(optimizer)  # first, for the norm is that of the gradients without fp16's scale
        nn.utils.clip_grad_norm_(learner.module.parameters(), learner.settings.clip)
    scaler.step(optimizer)
    scaler.update()
    if learner.max_norm:
        learner.max_norm()
    # `optimizer.zero_grad()` without its profiler hooks, which take a tenth of a small net's step.
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            parameter.grad = None
    if learner.schedule:
        learner.schedule.step()
    if learner.average:
        learner.average.update_parameters(learner.module)  # after the step, so that the average holds its weights


def group_batches(batches: Iterable[Batch], size: int) -> Iterator[list[Batch]]:
    """The batches that share an optimizer step; the last group of an epoch may be short."""
    if size == 1:
        return ([batch] for batch in batches)
    iterator = iter(batches)
    return iter(lambda: list(islice(iterator, size)), [])


def find_shares(group: list[Batch], learner: Learner) -> list[Tensor | None]:
    """What each batch of a group counts in the mean over their optimizer step; None for a batch that is all of it.

    `backward` starts from it, so that gradients over several batches or processes are those of one large batch.
    """
    team = learner.team
    if len(group) == 1 and team.alone:
        return [None]
    counts = torch.stack([torch.as_tensor(count_samples(learner.loss, y), device=y.device) for _, y in group])
    # Times the number of processes, since torch then divides the sum of their gradients by it.
    return list(counts * team.world / team.sum_tensor(counts.sum()))

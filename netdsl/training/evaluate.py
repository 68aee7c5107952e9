"""The test set: true means over all of its samples, the last short batch counted for what it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric

from netdsl.training.distributed.process_group import ALONE, Team
from netdsl.training.loss import count_samples


@torch.inference_mode()
def evaluate(
    model: Callable[[Tensor], Tensor],
    loss: Callable[[Tensor, Tensor], Tensor],
    metrics: Mapping[str, Metric],
    batches: Iterable[Any],
    autocast: AbstractContextManager[None],
    team: Team = ALONE,
) -> dict[str, Any]:
    """The mean loss and each metric over all batches; `model` is in evaluation mode already.

    Nothing waits for the device before the last batch is on its way.
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
        counts = torch.stack((batch_loss.double() * weight, torch.as_tensor(weight, device=y.device)))
        totals = counts if totals is None else totals + counts
        for metric in metrics.values():
            metric.update(output, y)
    loss_sum, samples = team.sum([0.0, 0.0] if totals is None else totals.tolist())
    return {"loss": loss_sum / samples if samples else math.nan} | {
        name: metric.compute() for name, metric in metrics.items()
    }

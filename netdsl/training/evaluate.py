"""The test set: true means over all of its samples, the last short batch counted for what it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric

from netdsl.training.objective import counted


@torch.inference_mode()
def evaluate(
    model: Callable[[Tensor], Tensor],
    loss: Callable[[Tensor, Tensor], Tensor],
    metrics: Mapping[str, Metric],
    batches: Iterable[Any],
    autocast: AbstractContextManager[None],
) -> dict[str, Any]:
    """The mean loss and each metric over all batches; `model` is in evaluation mode already.

    Nothing waits for the device before the last batch is on its way.
    """
    total: Tensor | float = 0.0
    samples: Tensor | int = 0
    for metric in metrics.values():
        metric.reset()
    for x, y in batches:
        with autocast:
            output = model(x).float()
        batch_loss = loss(output, y)
        weight = counted(loss, y)
        total = total + batch_loss.double() * weight
        samples = samples + weight
        for metric in metrics.values():
            metric.update(output, y)
    return {"loss": float(total / samples)} | {name: metric.compute() for name, metric in metrics.items()}

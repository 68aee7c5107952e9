"""The metrics of a file, made for its data, and the one that says which epoch is the best."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torchmetrics import Metric

from netdsl import components
from netdsl.builder import completed, locate
from netdsl.components import Facts
from netdsl.program import Experiment, Use
from netdsl.runs.history import History
from netdsl.training.metrics import Confusion, OfClasses

Uses = Sequence[Use[components.Metric]]


def build_metrics(
    experiment: Experiment, facts: Facts, device: torch.device, *, confusion: bool = False
) -> dict[str, Metric]:
    """The metrics by name, and with `confusion` the confusion matrix where the data have classes."""
    metrics = {name: _metric(use, facts).to(device) for name, use in _named(experiment.metrics).items()}
    if confusion and facts.classes and "confusion" not in metrics:
        metrics["confusion"] = Confusion(num_classes=facts.classes).to(device)
    for metric in metrics.values():
        if isinstance(metric, OfClasses):
            metric.probabilities = gives_probabilities(experiment)
    return metrics


def gives_probabilities(experiment: Experiment) -> bool:
    """Whether the loss takes the net's outputs for probabilities."""
    return experiment.loss is not None and experiment.loss.component.outputs == "probabilities"


def begin_history(uses: Uses, metrics: dict[str, Metric]) -> History:
    """The best epoch is the one with the best value of the first metric that has a better end, else of the loss."""
    for name, use in _named(uses).items():
        if metrics[name].higher_is_better is not None:
            return History(list(metrics), name, use.component.best == "highest")
    return History(list(metrics))


def _metric(use: Use[components.Metric], facts: Facts) -> Metric:
    arguments = completed(use)
    if arguments.get("num_classes", 0) is None:
        arguments["num_classes"] = facts.classes
    metric: Metric = locate(use.call.target)(**arguments)
    return metric


def _named(uses: Uses) -> dict[str, Use[components.Metric]]:
    """The metrics by name; the second `accuracy` is `accuracy_2`."""
    named: dict[str, Use[components.Metric]] = {}
    for use in uses:
        name = use.component.name
        same = sum(other.component.name == name for other in named.values())
        named[f"{name}_{same + 1}" if same else name] = use
    return named

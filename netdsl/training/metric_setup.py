"""The metrics of a file, made for its data, and the one that chooses the best epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from netdsl import components
from netdsl.builder import completed, locate
from netdsl.components import Facts
from netdsl.data.transforms.base import NO_CLASS
from netdsl.program import Experiment, Use
from netdsl.runs.history import History
from netdsl.training.metrics import Confusion, EpochMetric, InOwnUnit, OfClasses

MOST_CONFUSED = 1_000
"""So many classes make a matrix of confusions that somebody can use; one of 10,000 words would take 800 MB."""

Uses = Sequence[Use[components.Metric]]


def build_metrics(
    experiment: Experiment, facts: Facts, device: torch.device, *, confusion: bool = False
) -> dict[str, EpochMetric]:
    """The metrics by name, and with `confusion` the confusion matrix where the data have classes."""
    metrics = {name: _build(use, facts).to(device) for name, use in _name_metrics(experiment.metrics).items()}
    if confusion and facts.classes and facts.classes <= MOST_CONFUSED and "confusion" not in metrics:
        metrics["confusion"] = Confusion(num_classes=facts.classes).to(device)
    for metric in metrics.values():
        if isinstance(metric, OfClasses):
            metric.probabilities = gives_probabilities(experiment.loss)
            metric.ignored = ignored_class(experiment)
    if facts.scale is None:
        return metrics
    return {name: InOwnUnit(metric, facts.scale) for name, metric in metrics.items()}


def gives_probabilities(loss: Use[components.Loss] | None) -> bool:
    """Whether a loss takes the net's outputs for probabilities."""
    return loss is not None and loss.component.outputs == "probabilities"


def ignored_class(experiment: Experiment) -> int:
    """The number in targets that the loss takes for no class."""
    ignored = completed(experiment.loss).get("ignore_index") if experiment.loss else None
    return NO_CLASS if ignored is None else int(ignored)


def begin_history(uses: Uses, metrics: Mapping[str, EpochMetric]) -> History:
    """An empty history. Its criterion is the first metric of which more or less is better, else the loss."""
    for name, use in _name_metrics(uses).items():
        if metrics[name].higher_is_better is not None:
            return History(list(metrics), name, use.component.best == "highest")
    return History(list(metrics))


def _build(use: Use[components.Metric], facts: Facts) -> EpochMetric:
    arguments = completed(use)
    if arguments.get("num_classes", 0) is None:
        arguments["num_classes"] = facts.classes
    metric: EpochMetric = locate(use.call.target)(**arguments)
    return metric


def _name_metrics(uses: Uses) -> dict[str, Use[components.Metric]]:
    """The metrics by name; a second `accuracy` is `accuracy_2`."""
    named: dict[str, Use[components.Metric]] = {}
    for use in uses:
        name = use.component.name
        same = sum(other.component.name == name for other in named.values())
        named[f"{name}_{same + 1}" if same else name] = use
    return named

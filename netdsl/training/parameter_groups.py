"""The weights of a net as an optimizer is given them: those that share settings are a group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from torch import nn

from netdsl.layer_settings import settle_settings
from netdsl.program import Experiment

MAX_NORM = "maxnorm"
"""The setting of an `optimizer` line that no optimizer of torch has."""


def settings_of_weights(module: nn.Module, experiment: Experiment) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The name of each weight that is trained, and what the `optimizer` line gives its layer besides all others."""
    use = experiment.optimizer
    settled = settle_settings(experiment.network, use.layers) if use else {}
    for name, weight in module.named_parameters():
        if weight.requires_grad:
            yield name, _find_settings(name, settled)


def _find_settings(name: str, settled: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """The settings of the layer that a weight is in: a layer may consist of modules, which have longer paths."""
    while name:
        name = name.rpartition(".")[0]
        if name in settled:
            return settled[name]
    return {}


def build_groups(module: nn.Module, experiment: Experiment, decay: str = "all") -> list[dict[str, Any]]:
    """The groups of an optimizer of torch; the first has the settings of all layers, if any layer has no others.

    With `weights` as `decay`, biases, scales and other vectors have no weight decay.
    """
    parameters = dict(module.named_parameters())
    # The order is that in which a checkpoint holds their state: of settings first, then of the net.
    groups: dict[tuple[tuple[str, Any], ...], list[nn.Parameter]] = {(): []}
    for name, own in settings_of_weights(module, experiment):
        settings = {key: value for key, value in own.items() if key != MAX_NORM}
        if decay == "weights" and parameters[name].dim() <= 1:
            settings["weight_decay"] = 0.0
        groups.setdefault(tuple(sorted(settings.items())), []).append(parameters[name])
    return [{"params": weights, **dict(settings)} for settings, weights in groups.items() if weights]

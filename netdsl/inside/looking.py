"""Where a look inside begins: a run and one of its samples, or a text and what its net is given."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from netdsl.builder import build_network
from netdsl.checker.experiment.data_line import advise_data
from netdsl.core.errors import DataError
from netdsl.core.text import text
from netdsl.data.one_sample import read_test_sample
from netdsl.inside.flow import SampleFlow, follow
from netdsl.inside.given import give_weights, read_input
from netdsl.program import Experiment
from netdsl.runs.inference import open_run
from netdsl.runs.weights import WhichEpoch


def look_at_run(experiment: Experiment, run: Path, sample: Path | int, epoch: WhichEpoch = "best") -> SampleFlow:
    """A file, or a sample of the test set, on its way through a trained net.

    Raises:
        DataError: the sample cannot be had.
        netdsl.core.errors.TrainingError: there is no such run, or it has no such weights.
    """
    saved = open_run(experiment, run, "cpu", epoch)
    if isinstance(sample, int):
        found = read_test_sample(saved.data, saved.facts, sample, experiment.train.seed)
        name = text("test sample {number}", number=sample)
        if saved.facts.classes and found.target.dim() == 0:
            name = text("test sample {number}, of class {label}", number=sample, label=saved.classes[int(found.target)])
        return follow(saved.model, experiment.network, found.x[None], name)
    x = saved.transform(sample)
    if not len(x):
        raise DataError(text("`{path}` holds no sample", path=sample))
    return follow(saved.model, experiment.network, x[:1], sample.name)


def look_at_text(experiment: Experiment, sample: Path | int, weights: Sequence[str] = ()) -> SampleFlow:
    """A file, or a sample of the test set, on its way through an untrained net; its seed is that of `train`.

    Raises:
        DataError: the sample cannot be had, or the weights do not fit.
    """
    with torch.random.fork_rng([]):
        torch.manual_seed(experiment.train.seed)
        module = build_network(experiment.network)
    give_weights(module, weights)
    if isinstance(sample, int):
        if experiment.data is None:
            message = text("`{name}` has no `data` line", name=experiment.source.name)
            raise DataError(message, advise_data(experiment.network))
        found = read_test_sample(experiment.data, experiment.data.facts, sample, experiment.train.seed)
        return follow(module, experiment.network, found.x[None], text("test sample {number}", number=sample))
    return follow(module, experiment.network, read_input(sample, experiment.network), sample.name)

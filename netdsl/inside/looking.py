"""The start of a look inside: a trained net or a text, and a sample."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import torch

from netdsl.builder import build_network
from netdsl.checker.experiment.data_line import advise_data
from netdsl.core.errors import DataError
from netdsl.core.text import text
from netdsl.data.inputs import tensors_of
from netdsl.data.one_sample import read_test_sample
from netdsl.inside.flow import SampleFlow, follow
from netdsl.inside.given import give_weights, read_inputs
from netdsl.program import Experiment
from netdsl.runs.inference import Saved
from netdsl.training.ends import attach_ends


def look_at_run(saved: Saved, sample: object = 0) -> SampleFlow:
    """A sample on its way through a trained net.

    Args:
        saved: the net of a run.
        sample: the number of a test sample, or what `predict` takes for one sample.

    Raises:
        DataError: the sample cannot be read.
    """
    model, network = saved.model, saved.experiment.network
    if isinstance(sample, int):
        found = read_test_sample(saved.data, saved.facts, sample, saved.experiment.train.seed)
        name = text("test sample {number}", number=sample)
        if saved.facts.classes and found.target.dim() == 0:
            name = text("test sample {number}, of class {label}", number=sample, label=saved.classes[int(found.target)])
        # The sample is transformed on the CPU; the net may be elsewhere.
        return follow(model, network, tensors_of(found.x.unsqueeze(0).to(saved.device)), name)
    x = saved.transform(sample)
    if not len(x):
        raise DataError(text("`{path}` holds no sample", path=sample))
    return follow(model, network, tensors_of(x[:1]), _name(sample))


def look_at_text(experiment: Experiment, sample: object = 0, weights: Sequence[str] = ()) -> SampleFlow:
    """A sample on its way through an untrained net, whose weights are drawn with the seed of `train`.

    Args:
        experiment: the checked text.
        sample: the number of a test sample; the `Path` of a file of numbers or of an image; or an array or a tensor;
            for a net of several inputs such a one for each, by its name.
        weights: files of weights, as `--weights` takes them.

    Raises:
        DataError: the sample cannot be read, or it or the weights do not fit.
    """
    with torch.random.fork_rng([]):
        torch.manual_seed(experiment.train.seed)
        module = build_network(experiment.network)
        attach_ends(module, experiment.network)
    give_weights(module, weights)
    if isinstance(sample, int):
        if experiment.data is None:
            message = text("`{name}` has no `data` line", name=experiment.source.name)
            raise DataError(message, advise_data(experiment.network))
        found = read_test_sample(experiment.data, experiment.data.facts, sample, experiment.train.seed)
        x = tensors_of(found.x.unsqueeze(0))
        return follow(module, experiment.network, x, text("test sample {number}", number=sample))
    return follow(module, experiment.network, read_inputs(sample, experiment.network), _name(sample))


def _name(sample: object) -> str:
    return Path(sample).name if isinstance(sample, (str, os.PathLike)) else text("the given sample")

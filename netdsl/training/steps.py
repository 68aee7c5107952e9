"""How many steps a training has, and whether its batches can be trained on at all."""

from __future__ import annotations

from math import ceil

from netdsl.analysis.batch_statistics import find_single_value
from netdsl.core.errors import TrainingError
from netdsl.core.text import text
from netdsl.data import Data, Pipeline
from netdsl.program import Experiment, Network
from netdsl.training.distributed.process_group import Team
from netdsl.training.schedules import Steps


def count_steps(experiment: Experiment, data: Data, team: Team) -> Steps:
    """The optimizer steps of a training; refuses batches of which no step can be taken."""
    settings = experiment.train
    per_epoch = ceil(data.train.batches / settings.accumulate)
    if per_epoch == 0:
        raise TrainingError("the training set is empty, or `drop_last` leaves no batch of it")
    _require_share_for_each(data.train.batch, team.world)
    _require_several_samples(experiment.network, data.train)
    return Steps(settings.steps or settings.epochs * per_epoch, per_epoch)


def _require_share_for_each(batch: int, world: int) -> None:
    if batch < world:
        raise TrainingError(
            text("a batch of {batch} cannot be shared by {world} processes", batch=batch, world=world),
            text(
                "write `--set data.batch={world}`, or more: `batch` counts the samples of all processes together",
                world=world,
            ),
        )


def _require_several_samples(network: Network, train: Pipeline) -> None:
    """Refuses a last batch of one sample where a batch normalisation would have a single value to normalise."""
    last = train.size(train.batches - 1)
    normalization = find_single_value(network) if last == 1 else None
    if normalization:
        raise TrainingError(
            text(
                "the last batch of an epoch has one sample: `{layer}` at {file}:{line} cannot normalise it",
                layer=normalization.written,
                file=normalization.span.source.name,
                line=normalization.span.position.line,
            ),
            "write another `batch=` or, for more than one batch, `drop_last=true`",
        )

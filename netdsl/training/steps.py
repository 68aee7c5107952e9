"""How many steps a training has, and whether its batches can be trained on at all."""

from __future__ import annotations

from math import ceil

from netdsl.core.errors import TrainingError
from netdsl.data import Data, Pipeline
from netdsl.program import Experiment, Network, Node
from netdsl.training.distributed.process_group import Team
from netdsl.training.schedules import Steps


def count_steps(experiment: Experiment, data: Data, team: Team) -> Steps:
    """The optimizer steps of a training; refuses batches that none could take."""
    settings = experiment.train
    an_epoch = ceil(data.train.batches / settings.accumulate)
    if an_epoch == 0:
        raise TrainingError("the training set is empty, or `drop_last` leaves no batch of it")
    _require_shares(data.train.batch, team.world)
    _require_companions(experiment.network, data.train)
    return Steps(settings.steps or settings.epochs * an_epoch, an_epoch)


def _require_shares(batch: int, world: int) -> None:
    if batch < world:
        advice = f"write `--set data.batch={world}`, or more: `batch` counts the samples of all processes together"
        raise TrainingError(f"a batch of {batch} cannot be shared by {world} processes", advice)


def _require_companions(network: Network, train: Pipeline) -> None:
    """One sample by itself has no variance to normalise with."""
    last = train.size(train.batches - 1)
    alone = next((node for node in network.walk() if _normalizes_single_values(node)), None)
    if last == 1 and alone:
        place = f"`{alone.written}` at {alone.span.source.name}:{alone.span.position.line}"
        advice = "write another `batch=` or, for more than one batch, `drop_last=true`"
        raise TrainingError(f"the last batch of an epoch has one sample, of which {place} cannot take a mean", advice)


def _normalizes_single_values(node: Node) -> bool:
    return node.call.target.startswith("torch.nn:BatchNorm") and all(size == 1 for size in node.input[1:])

"""Why a loss is not finite: the first layer that makes it so, by its place in the text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import torch
from torch import Tensor, nn

from netdsl.core.errors import TrainingError
from netdsl.data import Batch, Data
from netdsl.program import Experiment, Network, Node
from netdsl.runs.folder import RunFolder
from netdsl.training.assembly import assemble
from netdsl.training.learner import Learner
from netdsl.training.loop import Unwatched, grouped, train_epoch
from netdsl.training.machine.memory_format import Choice, lay_out
from netdsl.training.schedules import Steps


def blame(
    experiment: Experiment, data: Data, folder: RunFolder, choice: Choice, learner: Learner, step: int
) -> NoReturn:
    """Raises what is to be told of a step whose loss is not finite.

    Randomness is a function of the seed and the position, so the run is played again from its last checkpoint up to
    that step, and the step itself is taken apart. `data` are those of a process that is alone.
    """
    checkpoint = folder.checkpoints.latest()
    again = assemble(experiment, learner.device, learner.steps)
    data = lay_out(again, data, choice)
    if checkpoint:
        again.load_state_dict(checkpoint.state)
    good = f"`{folder.checkpoints.path(again.step)}` is good" if checkpoint else "no checkpoint had been written yet"
    again.steps = Steps(step - 1, again.steps.per_epoch)
    causes = (first_cause(experiment.network, again, batch) for batch in _replay(again, data))
    cause = next(filter(None, causes), None) or (
        "it was finite when the step was taken again, so the device is not repeatable"
        if learner.team.alone
        else "it was finite when one process took the step again, which draws other dropout than several"
    )
    raise TrainingError(
        f"the loss of step {step:,} (epoch {again.epoch + 1}) is not finite: {cause}",
        f"lower the learning rate, or clip the gradients with `train clip=1`; {good}",
    )


def _replay(learner: Learner, data: Data) -> list[Batch]:
    """Takes all the steps of a learner; the batches of the one that would come next."""
    while learner.step < learner.steps or learner.batch == data.train.batches:
        train_epoch(learner, data.train, Unwatched())
        if learner.batch == data.train.batches:
            learner.epoch, learner.batch = learner.epoch + 1, 0
    learner.train()
    return next(grouped(data.train.epoch(learner.epoch, start=learner.batch), learner.settings.accumulate))


def first_cause(network: Network, learner: Learner, batch: Batch) -> str | None:
    """What turns a batch into NaN or infinity, in words; None where nothing does."""
    if not _finite(batch.x):
        return "the batch itself holds values that are not finite"
    nodes = {node.path: node for node in network.walk()}
    with _watched(learner.module) as found, torch.no_grad(), learner.autocast:
        loss = learner.loss(learner.module(batch.x).float(), batch.y)
    if found:
        return _describe(nodes[found[0]], learner.module.get_submodule(found[0]))
    return None if _finite(loss) else "every layer's output is finite; the loss itself is not"


@contextmanager
def _watched(module: nn.Module) -> Iterator[list[str]]:
    """The names of the modules whose output is not finite, in the order in which they finish."""
    found: list[str] = []

    def watch(name: str) -> Any:
        return lambda _module, _inputs, output: None if _finite(output) else found.append(name)

    handles = [inner.register_forward_hook(watch(name)) for name, inner in module.named_modules() if name]
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()


def _describe(node: Node, module: nn.Module) -> str:
    place = f"`{node.written}` at {node.span.source.name}:{node.span.position.line}"
    if all(_finite(parameter) for parameter in module.parameters()):
        return f"{place} is the first layer whose output is not finite"
    return f"{place} is the first layer whose weights are not finite: the step before made them so"


def _finite(value: Any) -> bool:
    return not isinstance(value, Tensor) or not value.is_floating_point() or bool(value.isfinite().all())

"""Why a loss is not finite: the first layer whose output is not, by its place in the text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

import torch
from torch import Tensor, nn

from netdsl.core.errors import TrainingError
from netdsl.core.text import Text, text
from netdsl.data import Batch, Data
from netdsl.data.inputs import tensors_of
from netdsl.program import Experiment, Network, Node
from netdsl.runs.checkpointer import Checkpointer
from netdsl.training.assembly import assemble
from netdsl.training.learner import Learner
from netdsl.training.loop import group_batches, training_steps
from netdsl.training.machine.memory_format import Choice, lay_out
from netdsl.training.schedules import Steps

Hook = Callable[[nn.Module, tuple[object, ...], object], None]


def explain_divergence(
    experiment: Experiment, data: Data, checkpointer: Checkpointer, choice: Choice, step: int
) -> NoReturn:
    """Raises the error of a step whose loss is not finite; it names the layer at fault.

    Random numbers are a function of the seed and the position. So one process takes the steps from the last checkpoint
    on again, up to the one before that step, and then looks at the output of each layer. `data` are the whole data.
    """
    checkpoint = checkpointer.folder.checkpoints.latest()
    learner = assemble(experiment, checkpointer.learner.device, checkpointer.learner.steps)
    data = lay_out(learner, data, choice)
    if checkpoint:
        learner.load_state_dict(dict(checkpoint.state))
    good = (
        text("the weights in `{path}` are still good", path=checkpointer.folder.checkpoints.path(learner.step))
        if checkpoint
        else text("no checkpoint had been written yet")
    )
    learner.steps = Steps(step - 1, learner.steps.per_epoch)
    batches = _replay(learner, data)
    causes = (find_cause(experiment.network, learner, batch) for batch in batches)
    cause = next(filter(None, causes), None)
    if cause is None and checkpointer.learner.team.alone:
        cause = text("it was finite when the step was taken again, so the device does not repeat its results")
    elif cause is None:
        cause = text("it was finite when one process took the step again, whose dropout differs from that of several")
    raise TrainingError(
        text(
            "the loss of step {step:,} (epoch {epoch}) is not finite: {cause}",
            step=step,
            epoch=learner.epoch + 1,
            cause=cause,
        ),
        text("lower the learning rate, or clip the gradients with `train clip=1`; {good}", good=good),
    )


def _replay(learner: Learner, data: Data) -> list[Batch]:
    """Takes all the steps that a learner has left; returns the batches of the one that would come next."""
    while learner.step < learner.steps or learner.batch == data.train.batches:
        for _ in training_steps(learner, data.train):
            pass
        if learner.batch == data.train.batches:
            learner.epoch, learner.batch = learner.epoch + 1, 0
    learner.train()
    batches = data.train.epoch(learner.epoch, start=learner.batch)
    return next(group_batches(batches, learner.settings.accumulate))


def find_cause(network: Network, learner: Learner, batch: Batch) -> Text | None:
    """What turns a batch into NaN or infinity, in words; None where nothing does."""
    if not all(map(_is_finite, tensors_of(batch.x))):
        return text("the batch itself holds values that are not finite")
    nodes = {node.path: node for node in network.walk()}
    with _watch_outputs(learner.module) as found, torch.no_grad(), learner.autocast:
        loss = learner.loss(learner.module(batch.x).float(), batch.y)
    if found:
        return _blame(nodes[found[0]], learner.module.get_submodule(found[0]))
    return None if _is_finite(loss) else text("every layer's output is finite; the loss itself is not")


@contextmanager
def _watch_outputs(module: nn.Module) -> Iterator[list[str]]:
    """The names of the modules whose output is not finite, in the order in which they finish."""
    found: list[str] = []

    def watch(name: str) -> Hook:
        return lambda _module, _inputs, output: None if _is_finite(output) else found.append(name)

    handles = [inner.register_forward_hook(watch(name)) for name, inner in module.named_modules() if name]
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()


def _blame(node: Node, module: nn.Module) -> Text:
    template = (
        "`{layer}` at {file}:{line} is the first layer whose output is not finite"
        if all(_is_finite(parameter) for parameter in module.parameters())
        else "`{layer}` at {file}:{line} is the first layer whose weights are not finite: the step before made them so"
    )
    return text(template, layer=node.written, file=node.span.source.name, line=node.span.position.line)


def _is_finite(value: object) -> bool:
    return not isinstance(value, Tensor) or not value.is_floating_point() or bool(value.isfinite().all())

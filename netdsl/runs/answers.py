"""What an output of a net says of samples: their classes, or their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from netdsl.components import Facts, Loss
from netdsl.data.target_scale import unscale
from netdsl.program import Use
from netdsl.runs.prediction import Prediction
from netdsl.training.metric_setup import gives_probabilities
from netdsl.training.metrics import scores
from netdsl.training.positions import classes_second


def read_answers(
    output: Tensor, loss: Use[Loss] | None, facts: Facts, classes: tuple[str, ...], places: Sequence[int]
) -> list[Any]:
    """The answer of one output for each sample of a batch.

    Args:
        output: what the net gives.
        loss: what compares it with the targets; of an output that nothing compares, the answer is its own numbers.
        facts: those of the data, whose targets it answers.
        classes: their names.
        places: the sizes of the axes along which each position has a target of its own.

    Returns:
        Of each sample a number or a list of them, a `Prediction`, for a sequence a list of these, or for an image the
        probabilities classes×h×w.
    """
    if loss is None:
        return list(output.float().cpu().tolist())
    if facts.classes is None:
        # One number to a sample is a number, whether or not the net has an axis for it.
        found = unscale(output, facts.scale).reshape(len(output), *(int(str(dim)) for dim in facts.target))
        return list(found.float().cpu().tolist())
    found = scores(classes_second(output, places), probabilities=gives_probabilities(loss))
    shares = found.softmax(1).float().cpu()
    if len(places) == 2:
        return list(shares)
    if places:
        return [[Prediction(classes, share) for share in steps.T] for steps in shares]
    return [Prediction(classes, share) for share in shares]

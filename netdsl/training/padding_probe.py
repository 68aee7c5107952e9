"""Whether a net sees what shorter samples are filled up with: tried on some, for any layer could look there."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from netdsl.core.text import Text, text
from netdsl.data import Data
from netdsl.data.inputs import tensors_of

TRIED = 4
"""So many samples are tried."""


@torch.no_grad()
def warn_of_padding(net: nn.Module, data: Data) -> Text | None:
    """What to say where samples of the training set are answered otherwise than without their padding."""
    places = [place for place, one in enumerate(data.facts.all_inputs) if one.padded]
    if not places:
        return None
    was_training = net.training
    net.eval()
    try:
        x = tensors_of(next(iter(data.test.epoch(0))).x)
        if not any(_sees_padding(net, x, place) for place in places):
            return None
    except (RuntimeError, ValueError):  # it takes samples of one length only
        pass
    finally:
        net.train(was_training)
    return text(
        "warning: the net sees the zeros behind shorter texts; `last`, `mean`, `max`, `attention`, `transformer`, "
        "`lstm`, `gru` and `rnn` do not see them, if the layers before them treat each step by itself"
    )


def _sees_padding(net: nn.Module, x: tuple[Tensor, ...], place: int) -> bool:
    """Whether samples are answered otherwise where one of their inputs ends with them."""
    lengths = (x[place] != 0).sum(1)
    shorter = (lengths < x[place].shape[1]).nonzero().flatten()[:TRIED]
    for row in shorter.tolist():
        whole = [part[row : row + 1] for part in x]
        cut = [part[:, : lengths[row]] if number == place else part for number, part in enumerate(whole)]
        answer, alone = net(*whole)[0], net(*cut)[0]
        # Where each step has an answer of its own, those behind the end are nobody's.
        if not torch.allclose(answer[: len(alone)] if answer.dim() > 1 else answer, alone, rtol=1e-3, atol=1e-4):
            return True
    return False

"""Whether a net sees what shorter samples are filled up with: tried on some, for any layer could look there."""

from __future__ import annotations

import torch
from torch import nn

from netdsl.core.text import Text, text
from netdsl.data import Data

TRIED = 4
"""So many samples are tried."""


@torch.no_grad()
def warn_of_padding(net: nn.Module, data: Data) -> Text | None:
    """What to say where samples of the training set are answered otherwise than without their padding."""
    if not data.facts.padded:
        return None
    was_training = net.training
    net.eval()
    try:
        x = next(iter(data.test.epoch(0))).x
        lengths = (x != 0).sum(1)
        shorter = (lengths < x.shape[1]).nonzero().flatten()[:TRIED]
        if not len(shorter):
            return None
        answers = net(x[shorter])
        alone = [net(x[row : row + 1, : lengths[row]])[0] for row in shorter.tolist()]
        if torch.allclose(answers, torch.stack(alone), rtol=1e-3, atol=1e-4):
            return None
    except (RuntimeError, ValueError):  # it takes samples of one length only
        pass
    finally:
        net.train(was_training)
    return text(
        "warning: the net sees the zeros behind shorter texts; `last`, `mean`, `max`, `attention`, `transformer`, "
        "`lstm`, `gru` and `rnn` do not see them, if the layers before them treat each step by itself"
    )

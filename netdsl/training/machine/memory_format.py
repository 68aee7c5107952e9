"""How images lie in memory: channel by channel (contiguous), or pixel by pixel (channels last).

Channels last is the layout that convolution kernels of CPUs and of GPUs with tensor cores work in: where the tensors
lie so already, nothing has to be reordered before and after each of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import nn

from netdsl.data import Data
from netdsl.training.learner import Learner
from netdsl.training.machine.lanes import Lanes


@dataclass(frozen=True)
class Choice:
    """How a run uses the machine.

    Args:
        layout: how images lie in memory.
        test_batch: how many samples are evaluated at once.
        lanes: into how many parts a batch is cut that go through the net side by side.
    """

    layout: str
    test_batch: int
    lanes: int = 1

    def __str__(self) -> str:
        """As a file would ask for it: `speed=contiguous test_batch=256`."""
        lanes = [f"lanes={self.lanes}"] if self.lanes > 1 else []
        return " ".join([f"speed={self.layout}", f"test_batch={self.test_batch}", *lanes])


def arrange(module: nn.Module, choice: Choice) -> None:
    """Puts the weights of a net into the layout that was chosen."""
    if choice.layout == "channels_last":
        module.to(memory_format=torch.channels_last)


def lay_out(learner: Learner, data: Data, choice: Choice) -> Data:
    """Has the loop call the net as was chosen, and returns data in the chosen layout and the chosen test batch."""
    if choice.layout == "channels_last":
        for module in filter(None, (learner.module, learner.average)):
            arrange(module, choice)
        data = data.channels_last()
    if choice.lanes > 1:
        learner.model = Lanes(learner.module, choice.lanes)
    return replace(data, test=data.test.batched(choice.test_batch))

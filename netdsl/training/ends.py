"""The two ends of a net in the loop: it is called with what a batch holds, and gives what the loss compares.

A net of several inputs is called with one thing, as any other, and receives the tensors in it one after the other. A
net of several outputs gives all of them in training, and the last alone where nothing is learned, unless all are asked
for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from netdsl.data.inputs import InputTensors
from netdsl.program import Network
from netdsl.training.heads import Heads

ALL_OUTPUTS = "gives_all_outputs"
"""The attribute of a net that is asked for all its outputs."""


def attach_ends(module: nn.Module, network: Network) -> None:
    """Lets a net of several inputs be called with `InputTensors`, and one of several outputs choose among them."""
    if len(network.inputs) > 1:
        module.register_forward_pre_hook(_spread)
    if len(network.outputs) > 1:
        module.register_forward_hook(_choose)


# Functions of their own, and no closures: a net with them can be copied and sent to other processes.
def _spread(_module: nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...] | None:
    return given[0].parts if len(given) == 1 and isinstance(given[0], InputTensors) else None


def _choose(module: nn.Module, _: Any, outputs: tuple[Tensor, ...]) -> Heads | Tensor:
    return Heads(outputs) if module.training or getattr(module, ALL_OUTPUTS, False) else outputs[-1]


@contextmanager
def all_outputs(module: nn.Module) -> Iterator[None]:
    """A net of several outputs gives all of them here, whether it learns or not."""
    setattr(module, ALL_OUTPUTS, True)
    try:
        yield
    finally:
        delattr(module, ALL_OUTPUTS)

"""`train shard=fsdp`: each process keeps a part of every weight and of its optimizer state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from torch import Tensor, nn
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_optimizer_state_dict,
    set_model_state_dict,
    set_optimizer_state_dict,
)
from torch.distributed.fsdp import fully_shard
from torch.optim import Optimizer

WHOLE = StateDictOptions(full_state_dict=True, cpu_offload=True)
"""Gather the parts on the first process, in the memory of its CPU: a whole net may not fit on one GPU."""


def shard(module: nn.Sequential) -> nn.Module:
    """Divides the weights of a net among the processes, layer by layer."""
    # Layer by layer and then the rest: the whole weights of a layer then exist only while it is computed.
    for layer in module:
        if any(True for _ in layer.parameters()):
            fully_shard(layer)
    fully_shard(module)
    return module


def gather_state(module: nn.Module, optimizer: Optimizer) -> dict[str, Any]:
    """The whole weights and optimizer state on the first process, nothing on the others; all of them must call it."""
    return {"model": gather_weights(module), "optimizer": get_optimizer_state_dict(module, optimizer, options=WHOLE)}


def gather_weights(module: nn.Module) -> dict[str, Tensor]:
    """The whole weights on the first process, nothing on the others; all of them must call it."""
    return cast("dict[str, Tensor]", get_model_state_dict(module, options=WHOLE))


def load_state(module: nn.Module, optimizer: Optimizer, state: Mapping[str, Any]) -> None:
    """Gives each process its part of a state that was gathered, and that each of them has read."""
    options = StateDictOptions(full_state_dict=True)
    set_model_state_dict(module, state["model"], options=options)
    set_optimizer_state_dict(module, optimizer, state["optimizer"], options=options)

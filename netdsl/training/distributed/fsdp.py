"""`train shard=fsdp`: each process keeps a part of every weight and of its optimizer state."""

from __future__ import annotations

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


def shard(module: nn.Sequential) -> nn.Module:
    """Divides the weights of a net among the processes, layer by layer."""
    for layer in module:
        if any(True for _ in layer.parameters()):
            fully_shard(layer)
    fully_shard(module)
    return module


def state(module: nn.Module, optimizer: Optimizer) -> dict[str, Any]:
    """The whole of weights and optimizer state, gathered: on the first process alone."""
    return {"model": weights(module), "optimizer": get_optimizer_state_dict(module, optimizer, options=WHOLE)}


def weights(module: nn.Module) -> dict[str, Tensor]:
    """The whole weights, gathered: on the first process alone."""
    return cast("dict[str, Tensor]", get_model_state_dict(module, options=WHOLE))


def load(module: nn.Module, optimizer: Optimizer, state: dict[str, Any]) -> None:
    """Gives each process its part of what was gathered."""
    options = StateDictOptions(full_state_dict=True)
    set_model_state_dict(module, state["model"], options=options)
    set_optimizer_state_dict(module, optimizer, state["optimizer"], options=options)

"""`train shard=fsdp`: each process keeps a part of every weight and of its optimizer state.

torch's modules for it are imported where they are used: that takes a second, and most runs are not sharded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from torch import Tensor, nn
from torch.optim import Optimizer

if TYPE_CHECKING:
    from torch.distributed.checkpoint.state_dict import StateDictOptions


def shard(module: nn.Sequential) -> nn.Module:
    """Divides the weights of a net among the processes, layer by layer."""
    from torch.distributed.fsdp import fully_shard

    # Layer by layer and then the rest: the whole weights of a layer then exist only while it is computed.
    for layer in module:
        if any(True for _ in layer.parameters()):
            fully_shard(layer)
    fully_shard(module)
    return module


def gather_state(module: nn.Module, optimizer: Optimizer) -> dict[str, Any]:
    """The whole weights and optimizer state on the first process, nothing on the others; all of them must call it."""
    from torch.distributed.checkpoint.state_dict import get_optimizer_state_dict

    return {
        "model": gather_weights(module),
        "optimizer": get_optimizer_state_dict(module, optimizer, options=_gathering()),
    }


def gather_weights(module: nn.Module) -> dict[str, Tensor]:
    """The whole weights on the first process, nothing on the others; all of them must call it."""
    from torch.distributed.checkpoint.state_dict import get_model_state_dict

    return cast("dict[str, Tensor]", get_model_state_dict(module, options=_gathering()))


def load_state(module: nn.Module, optimizer: Optimizer, state: Mapping[str, Any]) -> None:
    """Gives each process its part of a state that was gathered, and that each of them has read."""
    from torch.distributed.checkpoint.state_dict import (
        StateDictOptions,
        set_model_state_dict,
        set_optimizer_state_dict,
    )

    options = StateDictOptions(full_state_dict=True)
    set_model_state_dict(module, state["model"], options=options)
    set_optimizer_state_dict(module, optimizer, state["optimizer"], options=options)


def _gathering() -> StateDictOptions:
    """Gather the parts on the first process, in the memory of its CPU: a whole net may not fit on one GPU."""
    from torch.distributed.checkpoint.state_dict import StateDictOptions

    return StateDictOptions(full_state_dict=True, cpu_offload=True)

"""The states that recurrent nets carry from batch to batch: switched on and off, forgotten, kept and restored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn

from netdsl.modules.sequences import Recurrent


def recurrent_modules(net: nn.Module) -> dict[str, Recurrent]:
    """The recurrent modules of a net, by their names."""
    return {name: module for name, module in net.named_modules() if isinstance(module, Recurrent)}


@contextmanager
def carried_states(net: nn.Module) -> Iterator[None]:
    """A context in which the recurrent modules of a net carry their states, from zeros at its beginning."""
    modules = recurrent_modules(net).values()
    forget_states(net)
    for module in modules:
        module.carries = True
    try:
        yield
    finally:
        for module in modules:
            module.carries = False
        forget_states(net)


def forget_states(net: nn.Module) -> None:
    """Has the next batch begin with zeros."""
    for module in recurrent_modules(net).values():
        module.state = None


def copy_states(net: nn.Module) -> dict[str, Any]:
    """The states by the names of their modules; of those that have none, None."""
    return {name: module.state for name, module in recurrent_modules(net).items() if module.carries}


def restore_states(net: nn.Module, states: dict[str, Any]) -> None:
    """Gives the modules of these names their states."""
    device = next(net.parameters()).device
    for name, module in recurrent_modules(net).items():
        state = states.get(name)
        if isinstance(state, tuple):
            module.state = tuple(part.to(device) for part in state)
        else:
            module.state = None if state is None else state.to(device)

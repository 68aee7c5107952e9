"""The states that recurrent nets carry from batch to batch: switched on and off, forgotten, kept and restored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from netdsl.modules.sequences import GRU, LSTM, RNN

Recurrent = LSTM | GRU | RNN


class CarryingForward:
    """Stands for the `forward` of a recurrent module while its state is carried, sample by sample.

    Attributes:
        state: that with which the last batch ended, without its gradient; None where the next one begins with zeros.
    """

    def __init__(self, module: Recurrent) -> None:
        self.module = module
        self.state: Any = None

    def __call__(self, x: Tensor) -> Tensor:
        """The output at every step, from the state that is carried."""
        torch_s_own: Any = next(base for base in type(self.module).__mro__ if base in (nn.LSTM, nn.GRU, nn.RNN))
        output: Tensor
        output, state = torch_s_own.forward(self.module, x, self._begin(x))
        self.state = _map_state(Tensor.detach, state)
        return output

    def _begin(self, x: Tensor) -> Any:
        """The state that a batch begins with; one of fewer samples is that of the first ones."""
        if self.state is None:
            return None
        first = self.state[0] if isinstance(self.state, tuple) else self.state
        if first.shape[1] < len(x):  # another batch altogether
            return None
        return _map_state(lambda part: part[:, : len(x)], self.state)


def recurrent_modules(net: nn.Module) -> dict[str, Recurrent]:
    """The recurrent modules of a net, by their names."""
    return {name: module for name, module in net.named_modules() if isinstance(module, Recurrent)}


@contextmanager
def carried_states(net: nn.Module) -> Iterator[None]:
    """A context in which the recurrent modules of a net carry their states, from zeros at its beginning."""
    modules = recurrent_modules(net).values()
    for module in modules:
        module.forward = CarryingForward(module)  # type: ignore[method-assign]  # for a while, of this module alone
    try:
        yield
    finally:
        for module in modules:
            del module.forward


def forget_states(net: nn.Module) -> None:
    """Has the next batch begin with zeros."""
    for forward in _carrying(net).values():
        forward.state = None


def copy_states(net: nn.Module) -> dict[str, Any]:
    """The states by the names of their modules; of those that have none, None."""
    return {name: forward.state for name, forward in _carrying(net).items()}


def restore_states(net: nn.Module, states: dict[str, Any]) -> None:
    """Gives the modules of these names their states."""
    device = next(net.parameters()).device
    for name, forward in _carrying(net).items():
        state = states.get(name)
        forward.state = None if state is None else _map_state(lambda part: part.to(device), state)


def _carrying(net: nn.Module) -> dict[str, CarryingForward]:
    found = {name: vars(module).get("forward") for name, module in recurrent_modules(net).items()}
    return {name: forward for name, forward in found.items() if isinstance(forward, CarryingForward)}


def _map_state(function: Callable[[Tensor], Tensor], state: Any) -> Any:
    """The state of an lstm is a pair of tensors, that of the others is one."""
    return tuple(map(function, state)) if isinstance(state, tuple) else function(state)

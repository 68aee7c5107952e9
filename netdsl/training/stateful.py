"""Training on batches that continue each other: recurrent layers carry their state from one to the next."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack

from netdsl.core.errors import TrainingError
from netdsl.core.text import text
from netdsl.modules.carried_state import carried_states, recurrent_modules
from netdsl.training.learner import Learner


def carrying(learner: Learner) -> AbstractContextManager[object]:
    """A context in which the net that is trained, and the one that is tested, carry their states.

    Raises:
        TrainingError: the net has no layer that could carry one, or one that reads from the end.
    """
    modules = recurrent_modules(learner.module)
    if not modules:
        raise TrainingError(
            "`stateful` is for nets with `lstm`, `gru` or `rnn`, and this one has none",
            "leave `stateful` out of the `data` line",
        )
    for name, module in modules.items():
        if module.bidirectional:
            raise TrainingError(
                text("`stateful` carries a state forwards, but `{layer}` is bidirectional", layer=name),
                "leave `bidirectional` or `stateful` out",
            )
    stack = ExitStack()
    stack.enter_context(carried_states(learner.module))
    if learner.weights is not learner.module:
        stack.enter_context(carried_states(learner.weights))
    return stack

"""What is said when a training stops before its end: what stopped it, why, and how to go on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial

from netdsl.core.errors import CompileError, TrainingError
from netdsl.core.text import Text, text
from netdsl.data import Data, DataError, open_data
from netdsl.program import Experiment
from netdsl.runs.checkpointer import Checkpointer
from netdsl.training.machine.device import is_out_of_memory
from netdsl.training.machine.memory_format import Choice
from netdsl.training.machine.out_of_memory import explain_out_of_memory
from netdsl.training.nan_trace import explain_divergence
from netdsl.training.recorder import Diverged


@contextmanager
def explain_failures(experiment: Experiment, data: Data, checkpointer: Checkpointer, choice: Choice) -> Iterator[None]:
    """Turns what stops a training into an error that says why, and how to go on.

    Raises:
        TrainingError: the loss is not finite, memory or the disk is full, or the net cannot be compiled.
        DataError: the data cannot be read any more; the run has saved itself if it could.
    """
    learner = checkpointer.learner
    try:
        with checkpointer.explain_failed_save():
            yield
    except Diverged as error:
        checkpointer.mark_failed()
        assert experiment.data is not None  # or there would have been no step
        seed = experiment.train.seed
        # One process replays the step, with the whole batches, of which `data` has only its share in a team.
        whole = data if learner.team.alone else open_data(experiment.data, learner.device, seed=seed)
        learner.team.on_rank0(partial(explain_divergence, experiment, whole, checkpointer, choice, error.step))
    except CompileError:
        checkpointer.mark_failed()
        raise
    except DataError as error:
        how = _rescue(checkpointer)
        advice = text("{help}; {how}", help=error.help, how=how) if error.help else how
        raise DataError(error.message, advice) from error
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        checkpointer.mark_failed()
        raise explain_out_of_memory(experiment, data, learner, error, checkpointer.how_to_go_on()) from error


def _rescue(checkpointer: Checkpointer) -> Text:
    """Saves a training that stopped between two steps, if it can; how to go on."""
    learner = checkpointer.learner
    # With `accumulate` a part of the next step may be in the gradients already; a team cannot agree on a step any more.
    if learner.team.alone and learner.settings.accumulate == 1:
        with suppress(TrainingError, Diverged):
            checkpointer.save("stopped")
    return checkpointer.how_to_go_on()

"""Training: the loop and what surrounds it."""

from netdsl.training.errors import Interrupted, TrainingError
from netdsl.training.run import Saving
from netdsl.training.session import RunResult, train

__all__ = ["Interrupted", "RunResult", "Saving", "TrainingError", "train"]

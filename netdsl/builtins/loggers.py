"""The loggers: where the numbers of a run are written, besides the terminal."""

from __future__ import annotations

from netdsl.components import logger


@logger("netdsl.training.reporting.tensorboard:TensorBoard", example="logger tensorboard")
def tensorboard() -> None:
    """TensorBoard's event files, in the run's folder `tensorboard/`."""


@logger("netdsl.training.reporting.loggers:Csv", example="logger csv")
def csv() -> None:
    """A table for spreadsheets and pandas, `metrics.csv` in the run's folder."""


@logger("netdsl.training.reporting.loggers:Jsonl", example="logger jsonl")
def jsonl() -> None:
    """One JSON object a line, `metrics.jsonl` in the run's folder."""

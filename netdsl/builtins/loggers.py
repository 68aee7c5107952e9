"""The loggers: where the numbers of a run are written, besides the terminal."""

from __future__ import annotations

from netdsl.components import logger


@logger("netdsl.training.reporting.tensorboard:TensorBoard", example="logger tensorboard")
def tensorboard() -> None:
    """Writes TensorBoard's event files, into `tensorboard/` in the run's folder."""


@logger("netdsl.training.reporting.loggers:Csv", example="logger csv")
def csv() -> None:
    """Writes a table for spreadsheets and pandas, `metrics.csv` in the run's folder."""


@logger("netdsl.training.reporting.loggers:Jsonl", example="logger jsonl")
def jsonl() -> None:
    """Writes one JSON object a line, `metrics.jsonl` in the run's folder."""

"""The logger `wandb`. The client is imported when a run begins."""

from typing import Literal

from netdsl import hookimpl
from netdsl.components import logger


@logger("netdsl_wandb.curves:Curves", example="logger wandb project=digits tags=small,first")
def wandb(
    *,
    project: str = "netdsl",
    name: str | None = None,
    entity: str | None = None,
    group: str | None = None,
    tags: tuple[str, ...] = (),
    notes: str | None = None,
    mode: Literal["online", "offline", "disabled"] | None = None,
) -> None:
    """Curves in Weights & Biases, together with the text of the net and everything that `run.json` says.

    Without a `name` a run is called after its folder. `netdsl run --resume` goes on with the same curves. `mode` is
    `online` unless it is given here or by `WANDB_MODE`; what was logged `offline` is sent with `wandb sync`.
    """


@hookimpl
def netdsl_loggers():
    return [wandb]

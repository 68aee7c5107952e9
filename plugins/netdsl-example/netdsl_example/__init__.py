"""The tutorial: one plugin that adds one of each kind. Nothing here imports torch; `things` does, when it is named."""

from pathlib import Path

from netdsl import hookimpl
from netdsl.components import Dataset, Facts, Layer, Logger, Loss, Metric, Optimizer, Result, Schedule, call, layer

THINGS = "netdsl_example.things"
BLOCKS = Path(__file__).with_name("blocks.net")


@layer("activation", example="quick_gelu")
def quick_gelu(x, scale: float = 1.702):
    """Sigmoid of `scale` times x, times x: close to gelu and cheaper."""
    return Result(x, call(f"{THINGS}:QuickGELU", scale=scale))


@hookimpl
def netdsl_layers():
    snake = Layer.of(f"{THINGS}:Snake", doc="x plus the square of its sine: for what repeats itself.")
    return [quick_gelu, snake, Layer.from_net(BLOCKS, "bottleneck", doc="Through a narrow place and back.")]


@hookimpl
def netdsl_losses():
    return [Loss.of(f"{THINGS}:focal", wants="classes", doc="Cross-entropy that cares less for what is easy.")]


@hookimpl
def netdsl_optimizers():
    return [Optimizer.of(f"{THINGS}:SignSGD", doc="Steps of one size, whatever the gradient's.")]


@hookimpl
def netdsl_schedules():
    return [Schedule.of(f"{THINGS}:warmup", doc="From nothing to the full rate, then constant.")]


@hookimpl
def netdsl_metrics():
    return [Metric.of(f"{THINGS}:confidence", wants="classes", doc="The mean probability of the chosen class.")]


@hookimpl
def netdsl_datasets():
    return [Dataset.of(f"{THINGS}:swirl", facts=Facts((2,), 2), doc="Two spirals, one wound into the other.")]


@hookimpl
def netdsl_loggers():
    return [Logger.of(f"{THINGS}:Lines", doc="A line a record, in `lines.txt` of the run's folder.")]

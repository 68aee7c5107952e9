"""The kinds of components around a net: data sets, transforms, losses, optimizers and the rest."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from math import inf
from typing import Any, ClassVar, Literal, NamedTuple, Self

from netdsl.components.component import Borrowed, Component, Parameter, parameters_of
from netdsl.components.rule import Dtype
from netdsl.core.records import record
from netdsl.core.sizes import Shape
from netdsl.core.text import text

__all__ = [
    "Dataset", "Facts", "Initializer", "InputFacts", "Logger", "Loss", "Metric", "NamedShapes", "Optimizer",
    "Schedule", "Transform",
    "dataset", "initializer", "logger", "loss", "metric", "optimizer", "schedule", "transform",
]  # fmt: skip


class TargetScale(NamedTuple):
    """How targets are made small for the net: less `mean`, over `std`, one each for every number of a target.

    With `logarithm` it is the logarithms that are.
    """

    logarithm: bool
    mean: tuple[float, ...]
    std: tuple[float, ...]


class InputFacts(NamedTuple):
    """What is known of one input that a data set gives.

    Args:
        name: what the input of a net is called that takes it.
        shape, dtype, indices, padded, mean, std: of this input, as `Facts` has them.
    """

    name: str
    shape: Shape | None
    dtype: Dtype = "float"
    indices: int | None = None
    padded: bool = False
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()


class Facts(NamedTuple):
    """What is known of a data set before a sample is read.

    Args:
        input: the shape of one sample; None where only reading can tell.
        classes: how many classes; None where the target is numbers.
        target: the shape of a target, `()` for one number or one class; of a class for each step of a sequence (T,), of
            a mask (H, W). A mask of its image's own height and width goes through the transforms with it.
        names: the classes' names, where they have any.
        mean, std: of each channel over the training set, with values scaled to 0…1.
        sizes: how many samples in training and test, where that is known.
        dtype: what the net is fed: real numbers, or indices for an embedding.
        indices: how many there are, of which each needs an entry in an embedding; None where that is not known.
        padded: whether samples are filled up with the index 0 behind their ends, which nets do not see.
        scale: how the targets are scaled, where they are; known once the data are read.
        inputs: those that have names, where samples are tensors by name; `input`, `dtype`, `indices`, `padded`, `mean`
            and `std` are then those of the first.
        writes: the input that is fed what a net has written so far, where the targets are what follows.
        predicts_next: whether the target of each step is the step that follows it, which no layer may see.
    """

    input: Shape | None
    classes: int | None
    target: Shape = ()
    names: tuple[str, ...] = ()
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    sizes: tuple[int, int] | None = None
    dtype: Dtype = "float"
    indices: int | None = None
    padded: bool = False
    scale: TargetScale | None = None
    predicts_next: bool = False
    inputs: tuple[InputFacts, ...] = ()
    writes: str = ""

    @property
    def all_inputs(self) -> tuple[InputFacts, ...]:
        """What a sample consists of; the only input of a data set that names none has no name."""
        own = InputFacts("", self.input, self.dtype, self.indices, self.padded, self.mean, self.std)
        return self.inputs or (own,)

    def with_inputs(self, inputs: Sequence[InputFacts]) -> Facts:
        """The same with these inputs; a single one may have no name, as `all_inputs` gives it."""
        first = inputs[0]
        return self._replace(
            input=first.shape,
            dtype=first.dtype,
            indices=first.indices,
            padded=first.padded,
            mean=first.mean,
            std=first.std,
            inputs=tuple(inputs) if first.name else (),
        )

    def with_statistics(self, mean: tuple[float, ...], std: tuple[float, ...]) -> Facts:
        """The same with this mean and deviation, for each input where there are several."""
        inputs = tuple(one._replace(mean=mean, std=std) for one in self.inputs)
        return self._replace(mean=mean, std=std, inputs=inputs)


INPUTS = "inputs"
"""The parameter of a data set that the net fills: its inputs, where they have names and are several."""

NamedShapes = tuple[tuple[str, Shape], ...]
"""The inputs of a net by name, each with its shape, in their order."""


@record(frozen=True, kw_only=True, eq=False)
class Dataset(Component):
    """A data set: the function returns its `Facts`, and `target` loads it.

    `target` is a callable `(root: Path, **arguments) -> netdsl.data.Splits`. The function receives paths
    already made absolute; it may raise `Refusal`, and `OSError` where it has to look at files.

    `reader` reads the samples that a trained net is given, as `netdsl.data.given` says; without one, they are images or
    arrays.

    Samples of several inputs are tensors by name: `Facts.inputs` says which there are, and the loader's `x` is a
    mapping from names to tensors; a net takes those that its inputs name. Where function and loader have a parameter
    `inputs`, both are told the `NamedShapes` of a net with several.
    """

    kind: ClassVar[str] = "data set"
    unknown: ClassVar[str] = "unknown data set `{name}`"
    plural: ClassVar[str] = "data sets"
    supplied: ClassVar[tuple[str, ...]] = ("root",)
    adapter: ClassVar[str | None] = "netdsl.adapters:dataset"

    reader: str = ""

    @cached_property
    def parameters(self) -> Mapping[str, Parameter]:
        """The parameters that a text may give."""
        return {
            name: one for name, one in parameters_of(self.function).items() if name != INPUTS or not self.is_told_inputs
        }

    @cached_property
    def is_told_inputs(self) -> bool:
        """Whether it wants to know the named inputs of the net."""
        # A borrowed function may have a parameter of that name for something else.
        return not self.is_lazy and INPUTS in inspect.signature(self.function).parameters

    @classmethod
    def of(cls, target: str, *, name: str = "", doc: str = "", facts: Facts | None = None, **options: Any) -> Self:
        """A data set of a function that returns tensors `(x, y)`, a `torch.utils.data.Dataset`, or two of either.

        Of two, the first trains and the second tests. Without `facts` every target is read to check a file. A data set
        with a length that takes more than 64 MiB is read sample by sample, from then on as `cache=` says.
        """
        return replace(super().of(target, name=name, **options), function=Borrowed(target, doc, facts))

    def facts(self, **arguments: Any) -> Facts:
        """What is known of the data set with these arguments."""
        facts: Facts = self.ask(**arguments)
        return facts


@record(frozen=True, kw_only=True, eq=False)
class Transform(Component):
    """A step between the data set and the net: the function maps the shape, `target` the batch.

    `target` is a class: `target(**arguments)(batch, generator)` maps a batch of samples on their device. `random` ones
    act in training only.
    """

    kind: ClassVar[str] = "transform"
    unknown: ClassVar[str] = "unknown transform `{name}`"
    plural: ClassVar[str] = "transforms"
    inputs: ClassVar[int] = 1

    random: bool = False

    def apply(self, x: Shape, /, **arguments: Any) -> Shape:
        """The shape of a transformed sample; raises `Refusal`."""
        shape: Shape = self.ask(x, **arguments)
        return shape


@record(frozen=True, kw_only=True, eq=False)
class Loss(Component):
    """A loss: `target(**arguments)(output, target)` is a scalar.

    Args:
        wants: what kind of target it compares with.
        outputs: what it takes a single output for two classes for: its score, above or below 0, or its probability.
        applies: the traits of the activations that it applies itself, to the scores of the last layer.
        needs: the trait of the activation that the net must end in; it is named as netdsl's layer that has it.
        on_scores: the loss that computes the same of the scores as they are, where this one needs an activation.
    """

    kind: ClassVar[str] = "loss"
    unknown: ClassVar[str] = "unknown loss `{name}`"
    plural: ClassVar[str] = "losses"
    inputs: ClassVar[int] = 2
    adapter: ClassVar[str | None] = "netdsl.adapters:loss"

    wants: Literal["classes", "numbers", "binary"] = "numbers"
    outputs: Literal["scores", "probabilities"] = "scores"
    applies: frozenset[str] = frozenset()
    needs: str = ""
    on_scores: str = ""


@record(frozen=True, kw_only=True, eq=False)
class Initializer(Component):
    """First values of weights: `target(tensor, **arguments)` fills a tensor in place, from torch's global generator.

    `dims` are the fewest and the most dimensions of the tensors that it can fill.
    """

    kind: ClassVar[str] = "initializer"
    unknown: ClassVar[str] = "unknown initializer `{name}`"
    plural: ClassVar[str] = "initializers"
    supplied: ClassVar[tuple[str, ...]] = ("tensor", "generator")
    inputs: ClassVar[int] = 1

    dims: tuple[int, float] = (1, inf)

    @property
    def dims_in_words(self) -> str:
        """`2`, `2 or more`, `3 to 5`."""
        least, most = self.dims
        if least == most:
            return str(least)
        return text("{least} or more" if most == inf else "{least} to {most}", least=least, most=most)


@record(frozen=True, kw_only=True, eq=False)
class Optimizer(Component):
    """An optimizer: `target(parameters, **arguments)` is a `torch.optim.Optimizer`.

    `whole` has the numbers that one group of parameters cannot have for itself.
    """

    kind: ClassVar[str] = "optimizer"
    unknown: ClassVar[str] = "unknown optimizer `{name}`"
    plural: ClassVar[str] = "optimizers"
    supplied: ClassVar[tuple[str, ...]] = ("params",)

    whole: frozenset[str] = frozenset()


class Schedule(Component):
    """A schedule of the learning rate: `target(optimizer, steps, **arguments)` is a scheduler stepped every batch."""

    kind: ClassVar[str] = "schedule"
    unknown: ClassVar[str] = "unknown schedule `{name}`"
    plural: ClassVar[str] = "schedules"
    supplied: ClassVar[tuple[str, ...]] = ("optimizer", "steps", "total_steps", "last_epoch")
    inputs: ClassVar[int] = 2
    adapter: ClassVar[str | None] = "netdsl.adapters:schedule"


@record(frozen=True, kw_only=True, eq=False)
class Metric(Component):
    """A metric: `target(**arguments)` is a `torchmetrics.Metric`; `best` says which end of it is better."""

    kind: ClassVar[str] = "metric"
    unknown: ClassVar[str] = "unknown metric `{name}`"
    plural: ClassVar[str] = "metrics"
    inputs: ClassVar[int] = 2
    adapter: ClassVar[str | None] = "netdsl.adapters:metric"

    wants: Literal["classes", "numbers", "binary"] = "numbers"
    best: Literal["highest", "lowest"] = "highest"


class Logger(Component):
    """A logger: `target(folder, **arguments)` has `log(metrics, step)` and `close()`."""

    kind: ClassVar[str] = "logger"
    unknown: ClassVar[str] = "unknown logger `{name}`"
    plural: ClassVar[str] = "loggers"
    supplied: ClassVar[tuple[str, ...]] = ("folder",)
    adapter: ClassVar[str | None] = "netdsl.adapters:logger"


dataset = Dataset.declare
transform = Transform.declare
loss = Loss.declare
optimizer = Optimizer.declare
schedule = Schedule.declare
metric = Metric.declare
initializer = Initializer.declare
logger = Logger.declare

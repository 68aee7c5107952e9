"""What a plugin hands over: layers, data sets, losses and the rest, as plain descriptions.

A component is one Python function whose signature *is* its signature in the language: names, types and defaults of
the parameters, and the docstring that `netdsl layers NAME` prints. Nothing here imports torch; a component names
what it builds as `"module:attribute"`, and only building imports it.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from types import UnionType
from typing import Any, ClassVar, Final, Literal, Self, Union, get_args, get_origin, get_type_hints

from netdsl.lazy import Lazy
from netdsl.sizes import Dim, Shape, Unknown, format_shape

Size = int | tuple[int, ...]
"""One number for every spatial axis, or one for each: `k3`, `k3x5`."""

INFERRED: Final[Any] = None
"""The default of a parameter that the checker fills in from the input's shape."""

Dtype = Literal["float", "index", "any"]


class Refusal(Exception):
    """Raised by a rule when torch would refuse: what was expected and what was found.

    `at` names the parameter at fault, so that the message can point at it; `help` says what to write instead.
    """

    def __init__(self, message: str, at: str | None = None, help: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.at = at
        self.help = help


class Undetermined(Refusal):
    """Raised by a rule that needs a number where the size is a symbol: to be stated, not mended."""


@dataclass(frozen=True, slots=True)
class Call:
    """A constructor call as data: `torch.nn:Conv2d` and its keyword arguments."""

    target: str
    arguments: Mapping[str, Any]

    @property
    def dotted(self) -> str:
        """`torch.nn.Conv2d`."""
        return self.target.replace(":", ".")


def call(target: str, /, **arguments: Any) -> Call:
    """`call("torch.nn:Linear", in_features=8, out_features=2)`."""
    return Call(target, arguments)


@dataclass(frozen=True, slots=True)
class Requirement:
    """Something that must hold of the input's sizes: checked at once for integers, solved for symbols.

    `left` and `right` are dimensions; `at` names the parameter that the message should point at.
    """

    left: Dim
    relation: Literal[">=", "=="]
    right: Dim
    message: str
    at: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What a layer makes of its input.

    Args:
        out: the shape of one sample's output, without the batch.
        call: the module that does it.
        params: how many numbers the module learns.
        macs: multiplications that are followed by an addition, for one sample, of the weights with the input.
        formula: the size arithmetic with its numbers in it, one line an axis: `(32 + 2·2 − 5)/1 + 1 = 32`.
        requires: what must hold of the sizes for torch to accept the input.
        extra: bodies that the rule asks the checker to write in the author's stead, as text by parameter.
    """

    out: Shape
    call: Call
    params: int = 0
    macs: Dim = 0
    formula: tuple[str, ...] = ()
    requires: tuple[Requirement, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Parameter:
    """One parameter of a component: its name, its type as annotated, and its default (`REQUIRED` where it has none)."""

    REQUIRED: ClassVar[Any] = inspect.Parameter.empty

    name: str
    type: Any
    default: Any
    positional: bool

    @property
    def required(self) -> bool:
        """Whether it must be given."""
        return self.default is Parameter.REQUIRED

    @cached_property
    def options(self) -> tuple[Any, ...]:
        """The types that a value may have, `Literal[…]` among them."""
        return get_args(self.type) if get_origin(self.type) in (Union, UnionType) else (self.type,)

    @cached_property
    def choices(self) -> tuple[str, ...]:
        """The words that it may be, such as `zeros` and `reflect`."""
        literals = (option for option in self.options if get_origin(option) is Literal)
        return tuple(word for option in literals for word in get_args(option))

    @cached_property
    def is_branch(self) -> bool:
        """Whether it is filled by the output of a body: a `Shape`, or a tuple of them."""
        return self.is_many or Shape in self.options

    @cached_property
    def is_many(self) -> bool:
        """Whether any number of bodies fill it."""
        return any(get_args(option)[:1] == (Shape,) for option in self.options)


@dataclass(frozen=True, kw_only=True, eq=False)
class Component:
    """A name of the language and the function that describes it."""

    kind: ClassVar[str] = "component"

    name: str
    function: Callable[..., Any] = field(repr=False)
    target: str | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)
    example: str = ""

    @cached_property
    def parameters(self) -> Mapping[str, Parameter]:
        """The parameters in the order of the signature, those that the checker supplies (`x`) left out."""
        types = get_type_hints(self.function)
        return {
            name: Parameter(name, types.get(name, Any), given.default, given.kind is not given.KEYWORD_ONLY)
            for name, given in inspect.signature(self.function).parameters.items()
            if name != "x" or given.kind is given.KEYWORD_ONLY
        }

    @cached_property
    def branches(self) -> tuple[str, ...]:
        """The parameters that bodies fill."""
        return tuple(name for name, parameter in self.parameters.items() if parameter.is_branch)

    @cached_property
    def required(self) -> tuple[str, ...]:
        """The parameters that must be given, bodies apart."""
        return tuple(
            name for name, parameter in self.parameters.items() if parameter.required and not parameter.is_branch
        )

    @cached_property
    def takes_labels(self) -> bool:
        """Whether labelled outputs may join its bodies."""
        return any(parameter.is_many for parameter in self.parameters.values())

    @classmethod
    def of(cls, target: str, *, name: str = "", doc: str = "", **options: Any) -> Self:
        """A component of any class or function, by its `"module:attribute"`: the parameters are its own.

        It is imported when a file names it. The name is the attribute's in lower case, unless one is given; `doc` is
        what is said of it in lists, and its documentation where it has none.
        """
        name = name or target.rpartition(":")[2].lower()
        function = Lazy(partial(_adapted, cls.__name__, target, name, doc, options), doc or f"`{target}`")
        adapter = f"netdsl.adapters:{cls.__name__.lower()}"
        return cls(name=name, function=function, target=f"{adapter}({target})", **options)

    @property
    def is_lazy(self) -> bool:
        """Whether the signature is read only when somebody asks for it, which imports the target."""
        return isinstance(self.function, Lazy)

    @property
    def doc(self) -> str:
        """The docstring."""
        return inspect.getdoc(self.function) or ""

    @property
    def summary(self) -> str:
        """The docstring's first line; of what is not imported yet, what it says of itself."""
        doc = self.function.doc if isinstance(self.function, Lazy) else self.doc
        return doc.partition("\n")[0]

    def resolve(self, name: str) -> str | None:
        """The parameter that a name, an alias or a one-letter short stands for."""
        name = self.aliases.get(name, name)
        return name if name in self.parameters else None


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer(Component):
    """A layer: a rule from the input's shape and the arguments to a `Result`.

    Args:
        family: the heading it is listed under.
        shorts: one-letter names, `{"k": "kernel_size"}`.
        flow: the parameters that `3->32` fills.
        stated: parameters that name a size of the input, and its axis; left out they are inferred, written they are
            checked, and the rule always receives the number.
        accepts: the layouts it takes, a letter an axis: `("CL", "CHW", "CDHW")`; empty, it takes any.
        assumes: the layout taken for granted when nothing is known of the input; empty, none is.
        formula: the size formula in words of its parameters.
        takes: `float`, `index` (whole numbers, for embeddings) or `any` (only moves values around).
        feeds: of a composite, what each of its bodies receives, from the input and the number of bodies; without it
            every body receives the input. It raises `Refusal`.
        file: of a layer that is written in the language, the `.net` file that defines it as a block.
    """

    kind: ClassVar[str] = "layer"

    family: str
    shorts: Mapping[str, str] = field(default_factory=dict)
    flow: tuple[str, str] | None = None
    stated: Mapping[str, int] = field(default_factory=dict)
    accepts: tuple[str, ...] = ()
    assumes: str = ""
    formula: str = ""
    takes: Dtype = "float"
    feeds: Callable[[Shape, int], Shape] | None = None
    file: Path | None = None

    @classmethod
    def from_net(cls, file: str | Path, name: str, *, doc: str = "", family: str = "plugin") -> Self:
        """A layer that is the block `name` of a `.net` file: its parameters are the block's."""
        path = Path(file)

        def describe() -> Callable[..., Any]:
            described: Callable[..., Any] = importlib.import_module("netdsl.checker.shipped").describe(path, name)
            return described

        doc = doc or f"The block `{name}` of {path.name}."
        return cls(name=name, function=Lazy(describe, doc), family=family, file=path)

    @classmethod
    def of(cls, target: str, *, name: str = "", doc: str = "", **options: Any) -> Self:
        """A layer of any `nn.Module` class that maps a batch to a batch. It is checked by running it without data."""
        return super().of(target, name=name, doc=doc, **{"family": "plugin", **options})

    @property
    def is_composite(self) -> bool:
        """Whether it has bodies."""
        return bool(self.branches)

    @cached_property
    def takes_labels(self) -> bool:
        """Whether labelled outputs may join its bodies: not where each body receives a part of the input."""
        return self.feeds is None and any(parameter.is_many for parameter in self.parameters.values())

    def resolve(self, name: str) -> str | None:
        """The parameter that a name, an alias or a one-letter short stands for."""
        return super().resolve(self.shorts.get(name, name))

    def apply(self, x: Shape, /, **arguments: Any) -> Result:
        """What the layer makes of `x`; raises `Refusal` where torch would refuse."""
        if self.accepts and len(x) not in map(len, self.accepts):
            raise Refusal(f"`{self.name}` expects {one_of(self.accepts)} but receives {format_shape(x)}")
        result: Result = self.function(x, **arguments)
        return result

    def only(self, name: str, layout: str) -> Layer:
        """The same layer under another name, for one layout alone: `conv2d` of `conv`."""
        return replace(self, name=name, accepts=(layout,), assumes=layout)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a data set before a sample is read.

    Args:
        input: the shape of one sample; None where only reading can tell.
        classes: how many classes; None where the target is numbers.
        target: the shape of a numeric target, `()` for one number or a class.
        names: the classes' names, where they have any.
        mean, std: of each channel over the training set, with values scaled to 0…1.
        sizes: how many samples in training and test, where that is known.
        dtype: what the net is fed: real numbers, or indices for an embedding.
    """

    input: Shape | None
    classes: int | None
    target: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    sizes: tuple[int, int] | None = None
    dtype: Dtype = "float"


class Dataset(Component):
    """A data set: the function returns its `Facts`, and `target` loads it.

    `target` is a callable `(root: Path, **arguments) -> netdsl.data.Splits`. The function receives paths
    already made absolute; it may raise `Refusal`, and `OSError` where it has to look at files.
    """

    kind: ClassVar[str] = "data set"

    @classmethod
    def of(cls, target: str, *, name: str = "", doc: str = "", facts: Facts | None = None, **options: Any) -> Self:
        """A data set of a function that returns tensors `(x, y)`, a `torch.utils.data.Dataset`, or two of either.

        Of two, the first trains and the second tests. Without `facts` it is read at once, to know them.
        """
        made = super().of(target, name=name, doc=doc, **options)
        if facts is None:
            return made
        function = Lazy(partial(_adapted, "Stated", target, made.name, doc, {"facts": facts}), doc or f"`{target}`")
        return replace(made, function=function)

    def facts(self, **arguments: Any) -> Facts:
        """What is known of the data set with these arguments."""
        facts: Facts = self.function(**arguments)
        return facts


@dataclass(frozen=True, kw_only=True, eq=False)
class Transform(Component):
    """A step between the data set and the net: the function maps the shape, `target` the batch.

    `target` is a class: `target(**arguments)(batch, generator)` maps a batch of samples on their device. `random` ones
    act in training only.
    """

    kind: ClassVar[str] = "transform"

    random: bool = False

    def apply(self, x: Shape, /, **arguments: Any) -> Shape:
        """The shape of a transformed sample; raises `Refusal`."""
        shape: Shape = self.function(x, **arguments)
        return shape


@dataclass(frozen=True, kw_only=True, eq=False)
class Loss(Component):
    """A loss: `target(**arguments)(output, target)` is a scalar. `wants` says what kind of target it compares with."""

    kind: ClassVar[str] = "loss"

    wants: Literal["classes", "numbers", "binary"] = "numbers"


class Optimizer(Component):
    """An optimizer: `target(parameters, **arguments)` is a `torch.optim.Optimizer`."""

    kind: ClassVar[str] = "optimizer"


class Schedule(Component):
    """A schedule of the learning rate: `target(optimizer, steps, **arguments)` is a scheduler stepped every batch."""

    kind: ClassVar[str] = "schedule"


@dataclass(frozen=True, kw_only=True, eq=False)
class Metric(Component):
    """A metric: `target(**arguments)` is a `torchmetrics.Metric`; `best` says which end of it is better."""

    kind: ClassVar[str] = "metric"

    wants: Literal["classes", "numbers", "binary"] = "numbers"
    best: Literal["highest", "lowest"] = "highest"


class Logger(Component):
    """A logger: `target(folder, **arguments)` has `log(metrics, step)` and `close()`."""

    kind: ClassVar[str] = "logger"


def _adapted(kind: str, target: str, name: str, doc: str, options: Mapping[str, Any]) -> Callable[..., Any]:
    """What describes a component made by `of`; a target that cannot be imported is refused where it is used."""
    adapters = importlib.import_module("netdsl.adapters")
    described: Callable[..., Any] = adapters.describe(kind, target, name, doc, options)
    return described


def layer(family: str, *, name: str = "", **options: Any) -> Callable[[Callable[..., Result]], Layer]:
    """Makes a `Layer` of the rule below it: `@layer("activation")`. The options are the fields of `Layer`."""
    return lambda rule: Layer(name=name or rule.__name__, function=rule, family=family, **options)


def dataset(target: str, *, name: str = "", **options: Any) -> Callable[[Callable[..., Facts]], Dataset]:
    """Makes a `Dataset` of the function below it, which returns its `Facts`."""
    return lambda facts: Dataset(name=name or facts.__name__, function=facts, target=target, **options)


def transform(target: str, *, name: str = "", **options: Any) -> Callable[[Callable[..., Shape]], Transform]:
    """Makes a `Transform` of the function below it, which maps the shape of a sample."""
    return lambda rule: Transform(name=name or rule.__name__, function=rule, target=target, **options)


def loss(target: str, *, name: str = "", **options: Any) -> Callable[[Callable[..., None]], Loss]:
    """Makes a `Loss` of the signature and docstring below it."""
    return lambda signature: Loss(name=name or signature.__name__, function=signature, target=target, **options)


def optimizer(target: str, *, name: str = "", **options: Any) -> Callable[[Callable[..., None]], Optimizer]:
    """Makes an `Optimizer` of the signature and docstring below it."""
    return lambda signature: Optimizer(name=name or signature.__name__, function=signature, target=target, **options)


def schedule(target: str, *, name: str = "", **options: Any) -> Callable[[Callable[..., None]], Schedule]:
    """Makes a `Schedule` of the signature and docstring below it."""
    return lambda signature: Schedule(name=name or signature.__name__, function=signature, target=target, **options)


def metric(target: str, *, name: str = "", **options: Any) -> Callable[[Callable[..., None]], Metric]:
    """Makes a `Metric` of the signature and docstring below it."""
    return lambda signature: Metric(name=name or signature.__name__, function=signature, target=target, **options)


def logger(target: str, *, name: str = "", **options: Any) -> Callable[[Callable[..., None]], Logger]:
    """Makes a `Logger` of the signature and docstring below it."""
    return lambda signature: Logger(name=name or signature.__name__, function=signature, target=target, **options)


def per_axis(size: Size, axes: int, at: str) -> tuple[int, ...]:
    """A size for each of the axes: 3 -> (3, 3); (3, 5) stays; another length is refused."""
    if isinstance(size, int):
        return (size,) * axes
    if len(size) != axes:
        given = "x".join(map(str, size))
        raise Refusal(f"`{at}` {given} has {len(size)} sizes but the input has {axes} spatial axes", at)
    return size


def divisible(size: Dim, divisor: int) -> bool:
    """Whether a size is a multiple of the divisor; an unknown size is given the benefit of the doubt."""
    return isinstance(size, Unknown) or (isinstance(size, int) and size % divisor == 0)


def one_of(layouts: tuple[str, ...]) -> str:
    """`C×L, C×H×W or C×D×H×W`."""
    *most, last = ("×".join(layout) for layout in layouts)
    return f"{', '.join(most)} or {last}" if most else last

"""What one check carries from statement to statement: its report, its limits, its assumptions, the blocks in use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from netdsl.checker.memory import Memory
from netdsl.checker.recover.unreadable import Unreadable
from netdsl.checker.report import Report
from netdsl.components import Component, Dtype
from netdsl.components.registry import Registry
from netdsl.core.limits import MAX_CHECKED, MAX_LAYERS
from netdsl.core.sizes import Dim, Expr, Shape
from netdsl.core.source import Source, Span
from netdsl.core.text import LateText
from netdsl.program import Experiment

if TYPE_CHECKING:
    from netdsl.checker.trace import Trace


class Constraint(NamedTuple):
    """Something that must hold of the symbols of the input, and the place that asks for it.

    `joins` says that it comes from outputs that are joined, as in a sum.
    """

    left: Dim
    relation: Literal[">=", "=="]
    right: Dim
    message: LateText
    span: Span
    joins: bool = False


@dataclass(slots=True)
class Placeholder:
    """A `?` and what is known of the value it asks for.

    Args:
        span: where it stands.
        parameter: what it is given to.
        stated: whether it stands for a size of the input; `value` is then that size.
        several: whether the statement has several inputs, of different sizes.
        undetermined: whether the size is a symbol; a diagnostic says so already.
    """

    span: Span
    parameter: str
    stated: bool
    value: int | None = None
    several: bool = False
    undetermined: bool = False

    @property
    def open(self) -> bool:
        """Whether its value has to be searched for."""
        return not self.stated

    def learn(self, size: Dim) -> None:
        """Takes in a size of the input that it stands for."""
        if isinstance(size, int):
            # Only the last round of a `repeat` stays as the value, so that a difference has to be remembered.
            self.several = self.several or self.value not in (None, size)
            self.value = size
        self.undetermined = self.undetermined or isinstance(size, Expr)


@dataclass(eq=False)
class Limits:
    """How large the net has become.

    Args:
        layers: the statements on their way into the net so far, each `repeat` and use of a block written out.
        checked: those of them that were checked one by one.
        exceeded: whether there are too many; nothing more is checked then, and a diagnostic says so.
    """

    layers: int = 0
    checked: int = 0
    exceeded: bool = False

    def count(self, statements: int) -> bool:
        """Counts copies of statements on their way into the net; False where the net becomes too large with them."""
        self.layers += statements
        self.exceeded = self.exceeded or self.layers > MAX_LAYERS or self.checked > MAX_CHECKED
        return not self.exceeded

    def count_checked(self) -> bool:
        """Counts a statement that is about to be checked; False where there are too many."""
        self.checked += 1
        return self.count(1)


@dataclass(eq=False)
class Assumptions:
    """What a check takes for granted where the text does not say it.

    Args:
        input: the shape that comes in, where no `input` and no data says it.
        wanted: the input that the first layer takes for granted which needs one; the net is then checked again with it.
        dtype: the kind of numbers that come in, as far as the layers have told.
        values: the values tried for placeholders, by their place.
        placeholders: the `?` met so far, by their place.
        constraints: what must hold of the symbols of the input.
        unreadable: the statements that could not be read, and might have said anything.
        incomplete: whether a definition is lost, so that an unknown name may be its.
    """

    input: Shape | None = None
    wanted: Shape | None = None
    dtype: Dtype = "any"
    values: Mapping[Span, int] = field(default_factory=dict)
    placeholders: dict[Span, Placeholder] = field(default_factory=dict)
    constraints: list[Constraint] = field(default_factory=list)
    unreadable: Unreadable = field(default_factory=Unreadable)
    incomplete: bool = False


@dataclass(eq=False)
class Expansion:
    """The blocks that the statement at hand stands in.

    Args:
        open: the blocks whose bodies are being checked, the outermost first.
        used: every block that a statement has named.
        repeated: above 0, the statement at hand stands for several layers, whose inputs may differ.
        recursions: how many uses were refused because their block, or too many blocks, are open.
        checked: what the uses of blocks came to, by everything that it depends on; most blocks are used alike.
        unused: whether the body at hand stands nowhere in the net; each block in it is then opened once at most.
        net_layers: the blocks of the `.net` files of plugins, by file.
    """

    open: list[Component] = field(default_factory=list)
    used: set[Component] = field(default_factory=set)
    repeated: int = 0
    recursions: int = 0
    checked: dict[tuple[object, ...], tuple[Any, ...]] = field(default_factory=dict)
    unused: bool = False
    net_layers: dict[Path, dict[str, Component]] = field(default_factory=dict)


@dataclass(eq=False)
class Context:
    """One check of one text.

    Args:
        registry: the names of the language.
        source: the text.
        folder: what paths in it are relative to.
        memory: what earlier statements, and earlier checks, have found out.
        trace: where the way of the check is noted; None, it is not.
    """

    registry: Registry
    source: Source
    folder: Path
    assumptions: Assumptions = field(default_factory=Assumptions)
    limits: Limits = field(default_factory=Limits)
    expansion: Expansion = field(default_factory=Expansion)
    memory: Memory = field(default_factory=Memory)
    trace: Trace | None = None

    def __post_init__(self) -> None:
        self.report = Report(self.registry)

    @property
    def stopped(self) -> bool:
        """Whether nothing more is to be checked: too much is wrong, or the net is checked again with another input."""
        return self.limits.exceeded or self.report.is_full or self.assumptions.wanted is not None

    @contextmanager
    def inside(self, block: Component, use: Span, *, is_first: bool) -> Iterator[None]:
        """Remembers, while a block's body is checked, that it is, and for which use."""
        expansion = self.expansion
        expansion.open.append(block)
        # The statements of a body stand for every use of the block, so that no fix may suit one use alone.
        expansion.repeated += 1
        with self.report.inside(use, is_first=is_first):
            yield
        expansion.repeated -= 1
        expansion.open.pop()


Guesses = dict[Span, int]


class Attempt(NamedTuple):
    """One check of a file: what it has carried along, and what came of it."""

    context: Context
    experiment: Experiment | None

"""The state of one check: its report, its limits, its assumptions, the blocks in use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from netdsl.checker.memory import CheckedUse, Memory
from netdsl.checker.recover.unreadable import Unreadable
from netdsl.checker.report import Report
from netdsl.components import Component, Dtype
from netdsl.components.registry import Registry
from netdsl.core.limits import MAX_CHECKED, MAX_LAYERS
from netdsl.core.records import record
from netdsl.core.sizes import Dim, Expr, Shape
from netdsl.core.source import Source, Span
from netdsl.core.text import LateText
from netdsl.program import Experiment

if TYPE_CHECKING:
    from netdsl.checker.trace import Trace
    from netdsl.checker.value import Value


class Constraint(NamedTuple):
    """A condition on the symbols of the input, and the place that requires it.

    `joins` says that it comes from joined outputs, as in a sum.
    """

    left: Dim
    relation: Literal[">=", "=="]
    right: Dim
    message: LateText
    span: Span
    joins: bool = False


@record(eq=False)
class Placeholder:
    """A `?` and what is known about its value.

    Args:
        span: where it stands.
        parameter: the parameter that it fills.
        stated: whether it stands for a size of the input, which is then its `value`.
        several: whether the statement has several inputs of different sizes.
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
        """Whether its value must be searched for."""
        return not self.stated

    def learn(self, size: Dim) -> None:
        """Notes a size of the input that it stands for."""
        if isinstance(size, int):
            # Only the last round of a `repeat` remains as the value, so a difference must be noted.
            self.several = self.several or self.value not in (None, size)
            self.value = size
        self.undetermined = self.undetermined or isinstance(size, Expr)


@record(eq=False)
class Limits:
    """How large the net has become.

    Args:
        layers: the statements of the net so far, with each `repeat` and each use of a block written out.
        checked: the statements that were checked one by one.
        exceeded: whether there are too many. Nothing more is checked then, and a diagnostic says so.
    """

    layers: int = 0
    checked: int = 0
    exceeded: bool = False

    def count(self, statements: int) -> bool:
        """Counts copies of statements that enter the net. False if the net becomes too large."""
        self.layers += statements
        self.exceeded = self.exceeded or self.layers > MAX_LAYERS or self.checked > MAX_CHECKED
        return not self.exceeded

    def count_checked(self) -> bool:
        """Counts a statement before it is checked. False if there are too many."""
        self.checked += 1
        return self.count(1)


@record(eq=False)
class Assumptions:
    """What a check assumes if the text does not say it.

    Args:
        input: the input shape, if no `input` line and no data give it.
        wanted: the input that the first layer which needs one assumes; the net is then checked again with it.
        dtypes: the kind of numbers of each input, by its name, as far as the layers say it.
        values: the values tried for placeholders, by their place.
        placeholders: the `?` met so far, by their place.
        constraints: what must hold of the symbols of the input.
        unreadable: the statements that could not be read.
        incomplete: whether a definition could not be read; an unknown name may be defined in it.
    """

    input: Shape | None = None
    wanted: Shape | None = None
    dtypes: dict[str, Dtype] = field(default_factory=dict)
    values: Mapping[Span, int] = field(default_factory=dict)
    placeholders: dict[Span, Placeholder] = field(default_factory=dict)
    constraints: list[Constraint] = field(default_factory=list)
    unreadable: Unreadable = field(default_factory=Unreadable)
    incomplete: bool = False

    def dtype_of(self, inputs: Sequence[str]) -> Dtype:
        """The kind of numbers that inputs have together: where one has real numbers, so has what they are joined to."""
        found = {self.dtypes.get(name, "any") for name in inputs}
        return "float" if "float" in found else "any" if "any" in found else "index"

    def settle_dtype(self, inputs: Sequence[str], wanted: Dtype) -> Dtype:
        """The same, once the inputs of which nothing is known are taken to be what a layer wants."""
        if self.dtype_of(inputs) == "any":
            for name in inputs:
                self.dtypes.setdefault(name, wanted)
        return self.dtype_of(inputs)


@record(eq=False)
class Expansion:
    """The blocks around the current statement.

    Args:
        open: the blocks whose bodies are being checked, outermost first.
        used: every block that a statement has used.
        uses: the same, one for each use, in the order of the check.
        repeated: if above 0, the current statement stands for several layers, whose inputs may differ.
        recursions: how many uses were refused, because their block or too many blocks are open.
        checked: the results of uses of blocks, by everything that they depend on; many uses are alike.
        unused: whether the current body is not part of the net; each block in it is then opened at most once.
        net_layers: the blocks of the `.net` files of plugins, by file.
    """

    open: list[Component] = field(default_factory=list)
    used: set[Component] = field(default_factory=set)
    uses: list[Component] = field(default_factory=list)
    repeated: int = 0
    recursions: int = 0
    checked: dict[tuple[Value, tuple[object, ...]], CheckedUse] = field(default_factory=dict)
    unused: bool = False
    net_layers: dict[Path, dict[str, Component]] = field(default_factory=dict)

    def note(self, blocks: Sequence[Component]) -> None:
        """Notes uses of blocks."""
        self.used.update(blocks)
        self.uses += blocks


@record(eq=False)
class Context:
    """One check of one text.

    Args:
        registry: the names of the language.
        source: the text.
        folder: the folder to which paths in it are relative.
        memory: results of earlier statements and earlier checks.
        trace: records the statements of the check, for an editor; None if nobody asks.
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
        """Whether the check stops: there are too many mistakes, or the net is checked again with another input."""
        return self.limits.exceeded or self.report.is_full or self.assumptions.wanted is not None

    def without_reports(self) -> Context:
        """A check of the same text whose report and conditions are apart, for an attempt."""
        assumptions = replace(self.assumptions, constraints=[], placeholders={})
        return replace(self, assumptions=assumptions, trace=None)

    @contextmanager
    def inside(self, block: Component, use: Span, *, is_first: bool) -> Iterator[None]:
        """Notes the block and its use while the body of the block is checked."""
        expansion = self.expansion
        expansion.open.append(block)
        # The statements of a body stand for every use of the block, so a fix must not suit only one use.
        expansion.repeated += 1
        with self.report.inside(use, is_first=is_first):
            yield
        expansion.repeated -= 1
        expansion.open.pop()


Guesses = dict[Span, int]


class Attempt(NamedTuple):
    """One check of a file: its state and its result."""

    context: Context
    experiment: Experiment | None

"""The checked program: a network of nodes and the experiment around it, as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from netdsl.components import (
    Call,
    Component,
    Dataset,
    Dtype,
    Facts,
    Layer,
    Logger,
    Loss,
    Metric,
    Optimizer,
    Schedule,
    Transform,
)
from netdsl.components.settings import DataSettings, TrainSettings
from netdsl.components.traits import Declared, Traits, find_traits
from netdsl.core.sizes import Dim, Shape
from netdsl.core.source import Source, Span
from netdsl.core.text import text

if TYPE_CHECKING:
    from netdsl.core.size_sets import SizeSet

SEQUENTIAL = Call("torch.nn:Sequential", {})
SKIPPING = Call("netdsl.modules:Skipping", {})
"""The containers of a body: a plain one, and one whose labelled outputs skip layers."""

IDENTITY = Call("torch.nn:Identity", {})
"""What stands for a layer of which nothing is known."""

SEQUENCES = (SEQUENTIAL.target, SKIPPING.target)
NO_TRAITS: Traits = frozenset()


class BlockUse(NamedTuple):
    """The block that a statement uses, what its parameters stand for there, and what a plugin says is true of it."""

    name: str
    arguments: Mapping[str, Any]
    traits: Declared = frozenset()


class Node(NamedTuple):
    """One layer in its place.

    Args:
        path: its name in `nn.Module.named_modules()`: `0`, `stem`, `3.body.1`.
        name: the word that the author wrote: `conv`, a block's name; `body`, `shortcut` or a number for a body.
        layer: what it is; None for a body and for a block's use.
        written: the statement as the author wrote it, its bodies left out.
        span: where that is.
        input, out: one sample's shapes.
        call: the module; its children are built first and handed to it.
        params, macs: of the layer and everything in it.
        formula: the size arithmetic with its numbers in it.
        depth: how deep it is nested, 0 at the top.
        takes: the labels from outside whose outputs it, or something in it, is given besides its input.
        block: of a block's use, the block: `name` may be a variable that holds it.
    """

    path: str
    name: str
    layer: Layer | None
    written: str
    span: Span
    input: Shape
    out: Shape
    call: Call
    params: int
    macs: Dim
    formula: tuple[str, ...] = ()
    depth: int = 0
    children: tuple[Node, ...] = ()
    takes: frozenset[str] = frozenset()
    block: BlockUse | None = None

    @property
    def key(self) -> str:
        """Its name among its siblings."""
        return self.path.rpartition(".")[2]

    @property
    def traits(self) -> Traits:
        """What is true of the layer with these arguments; nothing is known of a body or a block as a whole."""
        declared = self.layer.traits if self.layer else self.block.traits if self.block else NO_TRAITS
        return find_traits(declared, self.call.arguments)

    @property
    def is_sequence(self) -> bool:
        """Whether it only hands on from child to child, so that its output is its last child's."""
        return self.call.target in SEQUENCES

    def walk(self) -> Iterator[Node]:
        """This node, then everything in it, in the order of the text."""
        yield self
        for child in self.children:
            yield from child.walk()


class OpenSizes(NamedTuple):
    """The sizes that fit where the input leaves them open.

    Args:
        symbols: one, or several that share a condition.
        fit: the sizes that fit; of several symbols, those that fit all of them at once.
        equal: whether only equal sizes are known to fit several symbols.
        conditions: what several symbols have to meet, in words: `(H/2)*(W/2) = 32`.
    """

    symbols: tuple[str, ...]
    fit: SizeSet
    equal: bool = False
    conditions: tuple[str, ...] = ()

    @property
    def heads(self) -> tuple[str, ...]:
        """The symbols as they stand before the sizes: `H = W`; none where the conditions stand for the sizes."""
        if self._is_condition or not self.words:
            return (" = ".join(self.symbols),) if self.equal and not self._is_condition else ()
        return (" = ".join(self.symbols),) if self.equal else self.symbols

    @property
    def words(self) -> str:
        """`= 32…39`, `≥ 5`, or the conditions; empty where every size fits."""
        if self._is_condition:
            equations = [condition for condition in self.conditions if "≥" not in condition]
            return "; ".join(equations or self.conditions)
        if self.fit.is_bound:
            return f"≥ {self.fit.start}" if self.fit.start > 1 else ""
        if not self.fit:
            return text("unknown: no size up to {largest} fits", largest=f"{self.fit.searched or 0:,}")
        return f"= {self.fit}"

    @property
    def _is_condition(self) -> bool:
        """Whether the conditions say it better than equal sizes do."""
        inexact = not self.fit or all("≥" in condition for condition in self.conditions)
        return bool(self.conditions) and self.equal and inexact


class Network(NamedTuple):
    """The net alone: what `shapes` prints and `build` builds.

    Args:
        input, out: one sample's shapes; symbols stand for sizes that may vary.
        nodes: the layers at the top, in order.
        call: the container that they go into.
        fits: the input sizes that fit, in words, where some are symbols: `H, W = 32…39`.
        example: one input shape that fits.
        open_sizes: the input sizes that fit, symbol by symbol.
        dtype: what the net is fed: `float`, or `index` where it begins with an embedding.
    """

    input: Shape
    out: Shape
    nodes: tuple[Node, ...]
    call: Call = SEQUENTIAL
    fits: str | None = None
    example: tuple[int, ...] | None = None
    open_sizes: tuple[OpenSizes, ...] = ()
    dtype: Dtype = "float"

    def walk(self) -> Iterator[Node]:
        """Every node, composites before their children."""
        for node in self.nodes:
            yield from node.walk()

    @property
    def params(self) -> int:
        """How many numbers the net learns."""
        return sum(node.params for node in self.nodes)

    @property
    def macs(self) -> Dim:
        """Multiply-adds for one sample."""
        total: Dim = 0
        for node in self.nodes:
            total = total + node.macs
        return total


C = TypeVar("C", bound=Component, covariant=True)
K = TypeVar("K", bound=Component)


@dataclass(frozen=True, eq=False)
class Use(Generic[C]):
    """A component with its arguments, and where the file asks for it (None: a default)."""

    component: C
    arguments: Mapping[str, Any]
    span: Span | None = None

    @property
    def call(self) -> Call:
        """The constructor call."""
        return Call(self.component.target or "", self.arguments)


@dataclass(frozen=True, kw_only=True, eq=False)
class DataUse(Use[Dataset]):
    """A `data` line: the data set, how it is served, and what is done to a sample on its way.

    `shape` is a sample's when it reaches the net, after the transforms; None where only reading can tell.
    """

    facts: Facts
    shape: Shape | None
    settings: DataSettings
    transforms: tuple[Use[Transform], ...] = ()


class Experiment(NamedTuple):
    """A checked file: the network and, where there is a `data` line, how to train it.

    Args:
        uses: the components that the directives name, or that stand in their place, by kind.
        settings: the settings of the directives that name none, by their class.
    """

    source: Source
    network: Network
    data: DataUse | None = None
    uses: Mapping[type[Component], tuple[Use[Any], ...]] = MappingProxyType({})
    settings: Mapping[type[Any], Any] = MappingProxyType({})

    def all_of(self, kind: type[K]) -> tuple[Use[K], ...]:
        """The components of a kind, in the order of the file."""
        return self.uses.get(kind, ())

    def one_of(self, kind: type[K]) -> Use[K] | None:
        """The component of a kind of which there is one at most."""
        return next(iter(self.all_of(kind)), None)

    @property
    def loss(self) -> Use[Loss] | None:
        """The function that training minimises."""
        return self.one_of(Loss)

    @property
    def optimizer(self) -> Use[Optimizer] | None:
        """How the weights are changed."""
        return self.one_of(Optimizer)

    @property
    def schedule(self) -> Use[Schedule] | None:
        """How the learning rate changes."""
        return self.one_of(Schedule)

    @property
    def metrics(self) -> tuple[Use[Metric], ...]:
        """What is measured on the test set."""
        return self.all_of(Metric)

    @property
    def loggers(self) -> tuple[Use[Logger], ...]:
        """Where curves are written."""
        return self.all_of(Logger)

    @property
    def train(self) -> TrainSettings:
        """The `train` line."""
        return self.settings.get(TrainSettings) or TrainSettings()

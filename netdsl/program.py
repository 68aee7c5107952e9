"""The checked program: a network of nodes and the experiment around it, as plain data."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, chain, groupby, repeat
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar, cast, overload

from netdsl.components import (
    Call,
    Component,
    Dataset,
    Dtype,
    Facts,
    Initializer,
    InputFacts,
    Layer,
    Logger,
    Loss,
    Metric,
    Optimizer,
    Schedule,
    Transform,
)
from netdsl.components.settings import (
    DataSettings,
    InitSettings,
    OptimizerSettings,
    PretrainedSettings,
    TrainSettings,
)
from netdsl.components.traits import Declared, Traits, find_traits
from netdsl.core.records import record
from netdsl.core.shown import Printer, print_shown
from netdsl.core.sizes import Dim, Shape, format_shape
from netdsl.core.source import Source, Span
from netdsl.core.text import text

if TYPE_CHECKING:
    from netdsl.core.size_sets import SizeSet

SEQUENTIAL = Call("torch.nn:Sequential", {})
SKIPPING = Call("netdsl.modules:Skipping", {})
MULTI_INPUT = Call("netdsl.modules:MultiInput", {})
"""The containers of a body: a plain one, one whose labelled outputs skip layers, one of a net with named inputs."""

IDENTITY = Call("torch.nn:Identity", {})
"""What stands for a layer of which nothing is known."""

SEQUENCES = (SEQUENTIAL.target, SKIPPING.target, MULTI_INPUT.target)
NO_TRAITS: Traits = frozenset()
NO_SOURCE = Source("<net>", "")


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
        children: what is in it, in the order of the text; `Siblings` where some of it is kept once for several places.
        takes: the labels from outside whose outputs it, or something in it, is given besides its input.
        block: of a block's use, the block: `name` may be a variable that holds it.
        start: the label whose output is its input, where `from` stands before it; else what stands before it gives it.
        again: where it is a module that stands above and is used once more, what tells this use from others. Its path
            is that of the module.
        shared: the parameters of a module that is used once more, of which `params` counts none.
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
    formula: Sequence[str] = ()
    depth: int = 0
    children: Sequence[Node] = ()
    takes: frozenset[str] = frozenset()
    block: BlockUse | None = None
    start: str = ""
    again: str = ""
    shared: int = 0

    @property
    def key(self) -> str:
        """Its name among its siblings."""
        return self.path.rpartition(".")[2]

    @property
    def step(self) -> str:
        """What tells it from its siblings: its name, or that of the use of a module that stands above."""
        return self.again or self.key

    @property
    def traits(self) -> Traits:
        """What is true of the layer with these arguments; nothing is known of a body or a block as a whole."""
        declared = self.layer.traits if self.layer else self.block.traits if self.block else NO_TRAITS
        if callable(declared) and self.call is IDENTITY:  # a mistake has lost the arguments that they depend on
            return NO_TRAITS
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

    def at(self, path: str) -> Node:
        """The same node in another place; what is in it is moved when it is asked for."""
        if path == self.path:
            return self
        return self._replace(path=path, children=Siblings(self.children, path) if self.children else ())

    def use_again(self, step: str, **changes: Any) -> Node:
        """The same module once more, at the path where it stands; its parameters are counted there."""
        return _without_params(self)._replace(again=step, **changes)


class Stretch(NamedTuple):
    """Siblings that stand several times in a row, as `repeat` leaves them: one round, and how many there are.

    None of them has a label, so that each is named by its place among its siblings.
    """

    kept: tuple[Node | Stretch, ...]
    times: int

    @property
    def length(self) -> int:
        """The siblings of all rounds. None is a module that is used once more, so that each has a number."""
        return self.times * sum(map(_length, self.kept))


class Siblings(Sequence[Node]):
    """Nodes that stand side by side, of which many may be kept once.

    A net of a hundred thousand layers is seldom more than a dozen that `repeat` and blocks have multiplied. What
    stands several times in a row is a `Stretch`; the layers of a block that is used several times are kept by its
    first use. A node of another place gets its path when it is asked for. Who looks at the whole net asks for
    `stretches`, or for `count_nodes`, and sees once what is kept once.

    Args:
        kept: the nodes and stretches.
        parent: the path of the node that they are in.
        start: how many siblings stand before them.
        in_round: whether they are a round of a stretch: a node's own path is then that of any round.
    """

    __slots__ = ("_numbers", "_starts", "in_round", "kept", "parent", "start")

    def __init__(self, kept: Sequence[Node | Stretch], parent: str, start: int = 0, *, in_round: bool = False) -> None:
        self.kept: tuple[Node | Stretch, ...] = kept.kept if isinstance(kept, Siblings) else tuple(kept)
        self.parent = parent
        self.start = start
        self.in_round = in_round
        self._starts = tuple(accumulate(map(_length, self.kept), initial=0))
        # What is used once more has a place among its siblings, and no number of its own.
        self._numbers = tuple(accumulate(map(_modules, self.kept), initial=0))

    def __len__(self) -> int:
        """How many there are, each round counted."""
        return self._starts[-1]

    @overload
    def __getitem__(self, index: int) -> Node: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Node, ...]: ...
    def __getitem__(self, index: int | slice) -> Node | tuple[Node, ...]:
        """One of them, or several, at their paths."""
        if isinstance(index, slice):
            return tuple(self[place] for place in range(*index.indices(len(self))))
        place = range(len(self))[index]
        number = bisect_right(self._starts, place) - 1
        kept = self.kept[number]
        if isinstance(kept, Stretch):
            one, inside = Siblings(kept.kept, self.parent), place - self._starts[number]
            start = self.start + self._numbers[number] + inside
            return one[inside % len(one)].at(self._path(str(start)))
        return kept.at(self._path(str(self.start + place) if self.in_round else kept.key))

    def __iter__(self) -> Iterator[Node]:
        """All of them at their paths."""
        for path, node in self.places():
            yield node.at(path)

    def __eq__(self, other: object) -> bool:
        """Whether the other has the same nodes, however they are kept."""
        return isinstance(other, (Siblings, tuple)) and tuple(self) == tuple(other)

    def __repr__(self) -> str:
        """As a tuple is shown."""
        return repr(tuple(self))

    def places(self) -> Iterator[tuple[str, Node]]:
        """The path of each, and the node that is kept for it, whose own path may be that of another place."""
        prefix = self._path("")
        for number, kept in enumerate(self.kept):
            start = self.start + self._numbers[number]
            if isinstance(kept, Stretch):
                yield from ((f"{prefix}{place}", node) for place, node in enumerate(_written_out(kept), start))
            else:
                yield f"{prefix}{start if self.in_round else kept.key}", kept

    def stretches(self) -> Iterator[Sequence[Sequence[Node]]]:
        """They in their order, as stretches of rounds that are alike."""
        for repeats, run in groupby(enumerate(self.kept), lambda one: isinstance(one[1], Stretch)):
            numbered = list(run)
            if not repeats:
                start = self.start + self._numbers[numbered[0][0]]
                nodes = [kept for _, kept in numbered]
                yield (tuple(Siblings(nodes, self.parent, start, in_round=self.in_round)),)
                continue
            for number, kept in numbered:
                assert isinstance(kept, Stretch)
                yield _Rounds(kept, self.parent, self.start + self._numbers[number])

    def _path(self, key: str) -> str:
        return f"{self.parent}.{key}" if self.parent else key


class _Rounds(Sequence[Sequence[Node]]):
    """The rounds of a stretch, each made when it is asked for."""

    def __init__(self, stretch: Stretch, parent: str, start: int) -> None:
        self.stretch = stretch
        self.parent = parent
        self.start = start

    def __len__(self) -> int:
        return self.stretch.times

    @overload
    def __getitem__(self, index: int) -> Sequence[Node]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Sequence[Node]]: ...
    def __getitem__(self, index: int | slice) -> Sequence[Node] | Sequence[Sequence[Node]]:
        if isinstance(index, slice):
            return [self[turn] for turn in range(*index.indices(len(self)))]
        turn = range(len(self))[index]
        start = self.start + turn * (self.stretch.length // self.stretch.times)
        return Siblings(self.stretch.kept, self.parent, start, in_round=True)


def arrange(kept: Sequence[Node | Stretch], parent: str) -> Sequence[Node]:
    """The children of the node at a path: a tuple, unless something of them is kept for several places."""
    nodes = tuple(one for one in kept if not isinstance(one, Stretch))
    return nodes if len(nodes) == len(kept) else Siblings(kept, parent)


def stretches(nodes: Sequence[Node]) -> Iterator[Sequence[Sequence[Node]]]:
    """Siblings in their order, as stretches of rounds that are alike; what stands once is a stretch of one round."""
    if isinstance(nodes, Siblings):
        return nodes.stretches()
    return iter([(nodes,)] if nodes else [])


def kept_nodes(nodes: Sequence[Node]) -> Iterator[Node]:
    """Siblings, each as it is kept: its own path may be that of another place."""
    if isinstance(nodes, Siblings):
        return (node for kept in nodes.kept for node in _written_out(kept))
    return iter(nodes)


def count_nodes(kept: Iterable[Node | Stretch], times: int = 1) -> Iterator[tuple[Node, int]]:
    """What is kept of siblings and all in them, in the order of the text, and in how many places it stands."""
    for one in kept.kept if isinstance(kept, Siblings) else kept:
        if isinstance(one, Stretch):
            yield from count_nodes(one.kept, times * one.times)
            continue
        yield one, times
        if one.children:
            yield from count_nodes(one.children, times)


def add_up(kept: Iterable[Node | Stretch]) -> tuple[int, Dim]:
    """The parameters and the multiply-adds of siblings."""
    params, macs = 0, cast("Dim", 0)
    for one in kept.kept if isinstance(kept, Siblings) else kept:
        if isinstance(one, Stretch):
            once = add_up(one.kept)
            params, macs = params + one.times * once[0], macs + one.times * once[1]
        else:
            params, macs = params + one.params, macs + one.macs
    return params, macs


def _written_out(kept: Node | Stretch) -> Iterator[Node]:
    if not isinstance(kept, Stretch):
        yield kept
    elif not any(isinstance(one, Stretch) for one in kept.kept):
        yield from cast("Iterable[Node]", chain.from_iterable(repeat(kept.kept, kept.times)))
    else:
        for _ in range(kept.times):
            for one in kept.kept:
                yield from _written_out(one)


def _length(kept: Node | Stretch) -> int:
    return kept.length if isinstance(kept, Stretch) else 1


def _modules(kept: Node | Stretch) -> int:
    return kept.length if isinstance(kept, Stretch) else not kept.again


def _without_params(node: Node) -> Node:
    """A node whose parameters, and those of all in it, are counted elsewhere."""
    if not node.params:
        return node
    children: Sequence[Node] = node.children
    if isinstance(children, Siblings):
        kept = [_kept_without_params(one) for one in children.kept]
        children = Siblings(kept, children.parent, children.start, in_round=children.in_round)
    else:
        children = tuple(map(_without_params, children))
    return node._replace(params=0, shared=node.params, children=children)


def _kept_without_params(kept: Node | Stretch) -> Node | Stretch:
    if isinstance(kept, Stretch):
        return kept._replace(kept=tuple(map(_kept_without_params, kept.kept)))
    return _without_params(kept)


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


class NetInput(NamedTuple):
    """One of the tensors that a net is fed: its name, a sample's shape, its numbers, and one shape that fits.

    `padded` says whether samples are filled up with the index 0, which is not to be seen.
    """

    name: str
    shape: Shape
    dtype: Dtype = "float"
    example: tuple[int, ...] | None = None
    padded: bool = False


class NetOutput(NamedTuple):
    """One of the tensors that a net gives: its label, and a sample's shape."""

    name: str
    shape: Shape


class Network(NamedTuple):
    """The net alone: what `shapes` prints and `build` builds. Printed, or in a notebook, it is the table of its shapes.

    Args:
        input, out: one sample's shapes, of the first input and the last output; symbols stand for sizes that may vary.
        nodes: the layers at the top, in order; `Siblings` where some are kept once for several places.
        call: the container that they go into.
        fits: the input sizes that fit, in words, where some are symbols: `H, W = 32…39`.
        example: one input shape that fits.
        open_sizes: the input sizes that fit, symbol by symbol.
        dtype: what the net is fed: `float`, or `index` where it begins with an embedding.
        padded: whether samples, or those of some inputs, are filled up with the index 0, which is not to be seen.
        inits: what its weights begin with, instead of torch's own values; of a layer, the last that reaches it.
        inputs, outputs: those that have names, in their order; empty where the file names none.
    """

    input: Shape
    out: Shape
    nodes: Sequence[Node]
    call: Call = SEQUENTIAL
    fits: str | None = None
    example: tuple[int, ...] | None = None
    open_sizes: tuple[OpenSizes, ...] = ()
    dtype: Dtype = "float"
    padded: bool = False
    inits: tuple[InitUse, ...] = ()
    inputs: tuple[NetInput, ...] = ()
    outputs: tuple[NetOutput, ...] = ()

    @property
    def all_inputs(self) -> tuple[NetInput, ...]:
        """What the net is fed; the only input of a net that names none has no name."""
        return self.inputs or (NetInput("", self.input, self.dtype, self.example),)

    @property
    def all_outputs(self) -> tuple[NetOutput, ...]:
        """What the net gives; the only output of a net that names none has no name."""
        return self.outputs or (NetOutput("", self.out),)

    @property
    def input_dims(self) -> Shape:
        """The sizes of all inputs, one after the other."""
        return tuple(dim for one in self.all_inputs for dim in one.shape)

    @property
    def shapes_in_words(self) -> str:
        """`3x32x32 -> 10`, `user 1, item 1 -> score 1`."""
        return f"{tensors_in_words(self.all_inputs)} -> {tensors_in_words(self.all_outputs)}"

    def walk(self) -> Iterator[Node]:
        """Every node, composites before their children."""
        for node in self.nodes:
            yield from node.walk()

    @property
    def source(self) -> Source:
        """The text that the layers at the top stand in."""
        return self.nodes[0].span.source if self.nodes else NO_SOURCE

    def places(self) -> Iterator[tuple[str, Node]]:
        """The path of every node, in the same order, and what is kept for it: copies are equal but for their paths."""
        return _places(self.nodes)

    def count_nodes(self) -> Iterator[tuple[Node, int]]:
        """What is kept, in the same order, and in how many places it stands: its own path is that of one of them."""
        return count_nodes(self.nodes)

    @property
    def params(self) -> int:
        """How many numbers the net learns."""
        return add_up(self.nodes)[0]

    @property
    def macs(self) -> Dim:
        """Multiply-adds for one sample."""
        return add_up(self.nodes)[1]

    def __repr__(self) -> str:
        return text(
            "<Network {name}: {shapes}, {params:,} parameters>",
            name=self.source.name,
            shapes=self.shapes_in_words,
            params=self.params,
        )

    def _repr_pretty_(self, printer: Printer, cycle: bool) -> None:
        print_shown(self, printer, cycle)

    # What shows a net is imported when one is shown.

    def __str__(self) -> str:
        from netdsl.render.table import shapes_table

        return shapes_table(self, self.source)

    def _repr_html_(self) -> str:
        from netdsl.render.shapes_html import shapes_html

        return shapes_html(self)


def is_rewired(network: Network) -> bool:
    """Whether a layer receives another output than the one before it, or stands twice, or not the last gives all."""
    return bool(network.call.arguments.get("outputs")) or any(
        node.start or node.again or (node.is_sequence and node.call.arguments.get("outputs"))
        for node, _ in network.count_nodes()
    )


def tensors_in_words(tensors: Sequence[NetInput] | Sequence[NetOutput]) -> str:
    """`3x32x32`; of several, each with its name: `left 1x28x28, right 1x28x28`."""
    return ", ".join(f"{one.name} {format_shape(one.shape)}".strip() for one in tensors)


def _places(nodes: Sequence[Node]) -> Iterator[tuple[str, Node]]:
    for path, node in nodes.places() if isinstance(nodes, Siblings) else ((node.path, node) for node in nodes):
        yield path, node
        if node.children:
            yield from _places(node.children if path == node.path else Siblings(node.children, path))


C = TypeVar("C", bound=Component, covariant=True)
K = TypeVar("K", bound=Component)


@record(frozen=True, eq=False)
class Use(Generic[C]):
    """A component with its arguments, and where the file asks for it (None: a default)."""

    component: C
    arguments: Mapping[str, Any]
    span: Span | None = None

    @property
    def call(self) -> Call:
        """The constructor call."""
        return Call(self.component.target or "", self.arguments)


@record(frozen=True, kw_only=True, eq=False)
class LossUse(Use[Loss]):
    """A loss of one of several outputs, by its place among them, and what it counts in the sum."""

    output: int = -1
    weight: float = 1.0


@record(frozen=True, kw_only=True, eq=False)
class InitUse(Use[Initializer]):
    """An `init` line: the initializer, and the layers whose weights it fills; `on_span` is where these stand."""

    settings: InitSettings
    on_span: Span | None = None


class LayerSettings(NamedTuple):
    """What an `optimizer` line gives the layers of a name: `head.lr=0.1 head.momentum=0`."""

    name: str
    arguments: Mapping[str, Any]
    span: Span


@record(frozen=True, kw_only=True, eq=False)
class OptimizerUse(Use[Optimizer]):
    """An `optimizer` line: the optimizer, the settings of all layers, and those of the layers of some names."""

    settings: OptimizerSettings = OptimizerSettings()
    layers: tuple[LayerSettings, ...] = ()

    @property
    def of_layers(self) -> dict[str, Any]:
        """The settings of the layers of names, as they are written: `head.lr`."""
        return {f"{one.name}.{setting}": value for one in self.layers for setting, value in one.arguments.items()}


class DataInput(NamedTuple):
    """One of several inputs on its way to the net: what is known of it, and the transforms that act on it.

    `shape` is a sample's when it reaches the net; None where only reading can tell.
    """

    facts: InputFacts
    shape: Shape | None
    transforms: tuple[Use[Transform], ...] = ()

    @property
    def is_image(self) -> bool:
        """Whether it holds images."""
        return self.facts.dtype == "float" and len(self.facts.shape or (0, 0, 0)) == 3


@record(frozen=True, kw_only=True, eq=False)
class DataUse(Use[Dataset]):
    """A `data` line: the data set, how it is served, and what is done to a sample on its way.

    `shape` is a sample's when it reaches the net, after the transforms; None where only reading can tell. Of a net with
    several inputs, `inputs` has them in its order, and `shape` is that of the first. `declared`
    are the facts that the data set told a check, before the transforms.
    """

    facts: Facts
    shape: Shape | None
    settings: DataSettings
    transforms: tuple[Use[Transform], ...] = ()
    inputs: tuple[DataInput, ...] = ()
    declared: Facts | None = None


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

    @property
    def losses(self) -> tuple[LossUse, ...]:
        """The losses of several outputs, that of the main one first; empty where there is one output."""
        return tuple(use for use in self.all_of(Loss) if isinstance(use, LossUse))

    @property
    def outputs(self) -> Mapping[str, Use[Loss] | None]:
        """The outputs by name, each with its loss, if it has one; an only output has no name here."""
        if len(self.network.outputs) < 2:
            return {"": self.loss}
        losses = {use.output: use for use in self.losses}
        return {one.name: losses.get(place) for place, one in enumerate(self.network.outputs)}

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
    def optimizer(self) -> OptimizerUse | None:
        """How the weights are changed."""
        return cast("OptimizerUse | None", self.one_of(Optimizer))

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

    @property
    def pretrained(self) -> PretrainedSettings:
        """The `pretrained` line."""
        return self.settings.get(PretrainedSettings) or PretrainedSettings()

"""What is drawn: a net as a series-parallel tree of statements.

    Box        one statement, or one block that stays closed
    Frame      an opened block, or statements that `repeat` wrote: the content, and how many times it stands
    Series     one after the other, and the labelled outputs that skip from one to a later one
    Parallel   one input into several arms, and how their outputs are joined

Rounds of `repeat` have one structure and may have other sizes (DenseNet's grow), so that a tree is made of all rounds
at once: a size that changes is written `64…224`.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf
from types import MappingProxyType
from typing import Any

from netdsl.components.traits import Trait
from netdsl.core.diagnostics import Diagnostic, errors
from netdsl.core.sizes import UNKNOWN, Dim, Expr, Shape, Unknown, evaluate, symbols
from netdsl.core.source import Source, Span
from netdsl.core.text import ntext, text
from netdsl.drawing.joins import Join, find_join
from netdsl.drawing.lost import LostStatements
from netdsl.program import NO_TRAITS, Experiment, NetInput, NetOutput, Network, Node
from netdsl.render.folding import fold

MOST_BOXES = 30
"""So many boxes are drawn at most where the author does not say how deep blocks are opened."""

SHORT = re.compile(r"[a-z]\d[\dx]*")
"""A one-letter setting: `k5`, `k3x5`."""

MAKERS = frozenset({Trait.CONVOLUTION, Trait.LINEAR, Trait.RECURRENT, Trait.WINDOW})
"""Traits of layers whose output are new features."""

KEEPERS = frozenset({Trait.ACTIVATION, Trait.AFFINE, Trait.NORMALISES, Trait.RESCALES})
"""Traits of other layers that learn, and yet change their input's features one by one."""

NO_WIRING: Mapping[str, Any] = MappingProxyType({})
DEEPEST = 64
MANY_DIVISORS = 2**10 * 3**4 * 5 * 7
"""The value of a symbol where two resolutions are compared: as most nets halve and none of their floors bites."""


@dataclass(frozen=True)
class Box:
    """One statement.

    Args:
        title: the layer's name.
        detail: its arguments, variables replaced by what they stand for.
        family: its family, which decides the colour; `block` of a closed block, empty where nobody knows the layer.
        path: the module's name; of a statement that the net lacks, a name that no module has.
        span: where it is written.
        inputs, shapes: the shapes of its input and its output, one a round.
        params: how many numbers it learns, one a round.
        times: how often it stands in a row.
        label, takes: its own label, and the labels of the outputs that join its input.
        start: the label of the output that it receives, where that is not the output before it.
        summary: what it does.
        formula, formulas: of its sizes: in words of its parameters, and with the numbers in it.
        messages: what is wrong with it.
        closed: whether it is a block, or several, that could be opened.
        window: the size of the window that it moves over a map, an axis each; empty where it has none.
        makes_map: whether its output are new features, and not its input's, changed one by one.
    """

    title: str
    detail: str
    family: str
    path: str
    span: Span
    inputs: tuple[Shape, ...]
    shapes: tuple[Shape, ...]
    params: tuple[int, ...]
    times: int = 1
    label: str = ""
    takes: frozenset[str] = frozenset()
    start: str = ""
    summary: str = ""
    formula: str = ""
    formulas: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    closed: bool = False
    window: tuple[int, ...] = ()
    makes_map: bool = False


@dataclass(frozen=True)
class Frame:
    """An opened block, or what stands several times in a row."""

    title: str
    content: Series
    times: int = 1
    label: str = ""
    takes: frozenset[str] = frozenset()
    start: str = ""
    path: str = ""
    messages: tuple[str, ...] = ()
    box: Box | None = None
    """What stands in its place where it is closed; None of what `repeat` wrote."""

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The shapes of its output."""
        return self.content.shapes

    @property
    def inputs(self) -> tuple[Shape, ...]:
        """The shapes of its input."""
        return self.content.inputs


@dataclass(frozen=True)
class Parallel:
    """One input into several arms; an empty one hands it on."""

    join: Join
    arms: tuple[Series, ...]
    box: Box
    """The statement itself."""

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The shapes of its output."""
        return self.box.shapes

    @property
    def inputs(self) -> tuple[Shape, ...]:
        """The shapes of its input."""
        return self.box.inputs

    @property
    def label(self) -> str:
        """The label of its output."""
        return self.box.label

    @property
    def takes(self) -> frozenset[str]:
        """The labelled outputs that join its arms."""
        return self.box.takes

    @property
    def start(self) -> str:
        """The label of the output that it receives, where that is not the output before it."""
        return self.box.start


Part = Box | Frame | Parallel


@dataclass(frozen=True)
class Skip:
    """A labelled output and the later part that takes it, both by their places in a series."""

    label: str
    start: int
    end: int


@dataclass(frozen=True)
class Series:
    """Parts one after the other; the shapes of its input and its output, one a round.

    `outputs` are the labels of what it gives, where that is not the output of its last part.
    """

    parts: tuple[Part, ...]
    inputs: tuple[Shape, ...]
    shapes: tuple[Shape, ...]
    outputs: tuple[str, ...] = ()

    @property
    def is_rewired(self) -> bool:
        """Whether some part does not follow the one before it, or another than the last gives the output."""
        return bool(self.outputs and self.parts) or any(part.start for part in self.parts)

    @cached_property
    def skips(self) -> tuple[Skip, ...]:
        """The labelled outputs that later parts of this series take."""
        found, seen = [], dict[str, int]()
        for place, part in enumerate(self.parts):
            found += [Skip(label, seen[label], place) for label in sorted(part.takes) if label in seen]
            if part.label:
                seen[part.label] = place
        return tuple(found)

    def boxes(self) -> Iterator[Box]:
        """Every statement that is drawn, those inside others included."""
        for part in self.parts:
            match part:
                case Box():
                    yield part
                case Frame(content=content):
                    yield from content.boxes()
                case Parallel(arms=arms, box=box):
                    for arm in arms:
                        yield from arm.boxes()
                    yield box


@dataclass(frozen=True)
class Note:
    """A mistake and its line."""

    line: int
    message: str


@dataclass(frozen=True)
class Diagram:
    """A net as it is drawn.

    Args:
        title, subtitle: the file's name; its shapes and sums.
        root: the parts at the top.
        inputs: what comes in, where it has names.
        notes: every mistake.
        sizes: shorter formulas for sizes that the net itself requires to be equal.
        depth: how deep its blocks are opened.
    """

    title: str
    subtitle: str
    root: Series
    inputs: tuple[NetInput, ...] = ()
    notes: tuple[Note, ...] = ()
    sizes: Mapping[Dim, Dim] | None = None
    depth: int = 0

    def write_size(self, dims: Sequence[Dim]) -> str:
        """One size, one a round: `64`, `64…224`."""
        known = [(self.sizes or {}).get(dim, dim) for dim in dims]
        words = list(dict.fromkeys(str(dim).replace("*", "·") for dim in known))
        return words[0] if len(words) == 1 else f"{words[0]}…{words[-1]}"

    def write_shape(self, shapes: Sequence[Shape]) -> str:
        """A shape as a picture has it: `64×32×32`, `64 × H/2 × W/2`."""
        if len({len(shape) for shape in shapes}) != 1:
            shapes = shapes[-1:]
        sizes = [self.write_size(dims) for dims in zip(*shapes, strict=True)]
        return " × ".join(sizes) if any(not size.isalnum() for size in sizes) else "×".join(sizes)

    def write_all(self, tensors: Sequence[NetInput] | Sequence[NetOutput]) -> str:
        """Several shapes with their names: `user 1, item 1`."""
        return ", ".join(f"{one.name} {self.write_shape([one.shape])}".strip() for one in tensors)


def make_diagram(
    source: Source, experiment: Experiment | None, diagnostics: Sequence[Diagnostic], depth: int | None = None
) -> Diagram:
    """The diagram of a checked file, its blocks opened `depth` levels deep.

    Without a depth, blocks are opened as long as the picture stays small.
    """
    wrong = errors(diagnostics)
    notes = tuple(Note(one.span.position.line, one.message) for one in wrong)
    title = source.name.replace("\\", "/").rpartition("/")[2]
    if experiment is None:
        return Diagram(title, text("no net to draw"), Series((), (), ()), (), notes)
    network = experiment.network
    tree, depth = _fitting(network, _Mistakes(source, wrong, network), depth)
    diagram = Diagram(title, "", tree, network.inputs, notes, _equal_sizes(network), depth)
    return replace(diagram, subtitle=_subtitle(diagram, network))


def spatial_size(shape: Shape) -> int | None:
    """How many places a feature map has, its symbols taken as large; None where that is unknown or it is none."""
    places = shape[1:]
    if not places or any(isinstance(dim, Unknown) for dim in places):
        return None
    values = dict.fromkeys(symbols(places), MANY_DIVISORS)
    size = 1
    for dim in places:
        size *= evaluate(dim, values)
    return size


def _fitting(network: Network, wrong: _Mistakes, depth: int | None) -> tuple[Series, int]:
    """The tree opened as deep as it should be, and how deep that is."""
    if depth is not None:
        return _TreeBuilder(wrong, depth).net(network), depth
    best, level = _TreeBuilder(wrong, 0).net(network), 0
    while level < DEEPEST and any(box.closed for box in best.boxes()):
        opened = _TreeBuilder(wrong, level + 1, Allowance(MOST_BOXES)).net(network)
        if sum(1 for _ in opened.boxes()) > MOST_BOXES:
            break
        best, level = opened, level + 1
    return best, level


def count_parts(network: Network) -> int:
    """The parts at the top of a net's diagram, all blocks closed, counted without making them."""
    return sum(1 for _ in _stretches(network.nodes))


def _subtitle(diagram: Diagram, network: Network) -> str:
    shapes = f"{diagram.write_all(network.all_inputs)} → {diagram.write_all(network.all_outputs)}"
    if diagram.notes:
        return text("{shapes} · as far as it is known", shapes=shapes)
    count = ntext("{number} parameter", "{number} parameters", count=network.params, number=f"{network.params:,}")
    if not isinstance(network.macs, int):
        return text("{shapes} · {parameters}", shapes=shapes, parameters=count)
    return text("{shapes} · {parameters} · {macs:,} multiply-adds", shapes=shapes, parameters=count, macs=network.macs)


def _equal_sizes(network: Network) -> dict[Dim, Dim]:
    """For each formula the shortest that it must equal, where a labelled output meets what came another way."""
    found: dict[Dim, Dim] = {}
    labelled: dict[str, Shape] = {}
    before = network.input
    labelled |= {given.name: given.shape for given in network.inputs}
    for node in network.nodes:
        # A label of a layer with a mistake has no shape, and no node.
        before = labelled.get(node.start, ()) if node.start else before
        for label in node.takes & labelled.keys():
            for one, other in zip(labelled[label][1:], before[1:], strict=False):
                if one != other and isinstance(one, Expr) and isinstance(other, Expr):
                    short, long = sorted((one, other), key=lambda dim: len(str(dim)))
                    found[long] = short
        before = node.out
        labelled[network.call.arguments.get("keeps", {}).get(node.step, node.step)] = before
    return found


class _Mistakes:
    """The mistakes of a text, found by their places: thousands of boxes may be asked for thousands of them."""

    def __init__(self, source: Source, found: Sequence[Diagnostic], network: Network) -> None:
        self.found = found
        self._starts: dict[Source, list[tuple[int, int]]] = {}
        for number, diagnostic in enumerate(found):
            self._starts.setdefault(diagnostic.span.source, []).append((diagnostic.span.start, number))
        for starts in self._starts.values():
            starts.sort()
        spans = {one.span for node in network.nodes for one in node.walk()} if found else ()
        self.lost = LostStatements(source, found, ((span, self.within([span])) for span in spans))

    def within(self, spans: Iterable[Span]) -> set[int]:
        """The numbers of those that stand in one of the spans."""
        return {number for span in spans for number in self._in(span)}

    def _in(self, span: Span) -> Iterator[int]:
        starts = self._starts.get(span.source, [])
        for _, number in starts[bisect_left(starts, (span.start, 0)) : bisect_left(starts, (span.end + 1, 0))]:
            if self.found[number].span.end <= span.end:
                yield number


@dataclass
class Allowance:
    """How many more boxes are worth making: of a tree that has more than it may, the rest is left out."""

    boxes: float = inf


class _TreeBuilder:
    """Makes parts of nodes. What stands in rounds is given as one node a round."""

    def __init__(self, wrong: _Mistakes, depth: int, allowance: Allowance | None = None) -> None:
        self.wrong = wrong
        self.depth = depth
        self.allowance = allowance or Allowance()

    def net(self, network: Network) -> Series:
        """The whole net."""
        return self.series([network.nodes], (network.input,), network.call.arguments, top=True)

    def series(
        self,
        rounds: Sequence[Sequence[Node]],
        inputs: tuple[Shape, ...],
        wiring: Mapping[str, Any] = NO_WIRING,
        *,
        top: bool = False,
    ) -> Series:
        """Siblings one after the other, those of each round; `wiring` are the arguments of what they stand in."""
        parts: list[Part] = []
        places = list(_stretches(rounds[0]))
        used_again = {node.key for node in rounds[0] if node.again}
        for start, length, times in places:
            if self.allowance.boxes < 0:
                break
            stretch = [
                nodes[start + length * turn : start + length * (turn + 1)] for nodes in rounds for turn in range(times)
            ]
            part = self._repeated(stretch, times) if times > 1 else self._part([nodes[0] for nodes in stretch])
            # What is repeated, or in a frame, has been counted on the way.
            self.allowance.boxes -= times == 1 and not isinstance(part, Frame)
            if rounds[0][start].key in used_again and times == 1:
                part = _with_title(part)
            label = wiring.get("keeps", {}).get(rounds[0][start + length * times - 1].step)
            parts.append(_labelled(part, label) if label and not part.label else part)
        if self.wrong.lost.at and self.allowance.boxes >= 0:
            # What stands in a `repeat` is among the parts of its own series.
            heads = [(rounds[0][start].span, times == 1) for start, _, times in places]
            self._add_lost(parts, heads, inputs, top=top)
        return Series(tuple(parts), inputs, parts[-1].shapes if parts else inputs, wiring.get("outputs", ()))

    def _add_lost(
        self, parts: list[Part], heads: Sequence[tuple[Span, bool]], inputs: tuple[Shape, ...], *, top: bool
    ) -> None:
        """Adds the statements that the net lacks, each before the first part that stands behind it in the text."""
        starts, begun = [span for span, _ in heads], 0
        for lost in self.wrong.lost.among((span for span, is_one in heads if is_one), top=top):
            left = range(begun, len(starts))  # both are in the order of the text
            behind = (at for at in left if starts[at].source is lost.span.source and starts[at] > lost.span)
            begun = place = next(behind, len(parts))
            word, _, rest = lost.span.text.partition(" ")
            box = Box(
                title=word,
                detail=rest.strip(),
                family="",
                path=f"?{lost.span.start}",
                span=lost.span,
                inputs=parts[place - 1].shapes if place else inputs,
                shapes=parts[place].inputs if place < len(parts) else ((UNKNOWN,),),
                params=(0,),
                messages=tuple(self.wrong.found[number].message for number in lost.mistakes),
            )
            parts.insert(place, box)
            starts.insert(place, lost.span)

    def body(self, nodes: Sequence[Node]) -> Series:
        """What is in a block, or in a body of a composite."""
        return self.series([one.children for one in nodes], _inputs(nodes), nodes[0].call.arguments)

    def _repeated(self, rounds: Sequence[Sequence[Node]], times: int) -> Part:
        """What stands several times in a row; one part alone carries the number itself."""
        content = self.series(rounds, tuple(nodes[0].input for nodes in rounds))
        if len(content.parts) == 1 and isinstance(only := content.parts[0], (Box, Frame)) and only.times == 1:
            box = replace(only.box, times=times) if isinstance(only, Frame) and only.box else None
            return replace(only, times=times, box=box) if isinstance(only, Frame) else replace(only, times=times)
        takes = frozenset(label for nodes in rounds for node in nodes for label in (node.start, *node.takes) if label)
        return Frame("", content, times, takes=takes - {part.label for part in content.parts})

    def _part(self, nodes: Sequence[Node]) -> Part:
        node = nodes[0]
        # It is drawn where it stands first.
        if node.again:
            return self._box(nodes)
        if node.layer is not None and node.layer.is_composite and not node.is_sequence and node.children:
            return self._composite(nodes)
        if not node.children:
            return self._box(nodes)
        if node.layer is not None and node.layer.is_composite:
            # `residual matching` without its sum: only the body is left
            inside = [[inner for child in one.children for inner in child.children] for one in nodes]
            content = self.series(inside, _inputs(nodes))
            return Frame(node.name, content, label=_label(node), start=node.start, path=node.path)
        closed = replace(self._box(nodes), family="block", closed=True)
        if self.depth <= 0:
            return closed
        deeper = _TreeBuilder(self.wrong, self.depth - 1, self.allowance)
        content = deeper.body(nodes)
        title = f"{closed.title} {closed.detail}".strip()
        return Frame(title, content, label=closed.label, takes=node.takes, start=node.start, path=node.path, box=closed)

    def _composite(self, nodes: Sequence[Node]) -> Part:
        node = nodes[0]
        join = find_join(node)
        arms = [self.body(children) for children in zip(*(one.children for one in nodes), strict=True)]
        if join.with_input and len(arms) == 1:
            arms.append(Series((), _inputs(nodes), _inputs(nodes)))
        return Parallel(join, tuple(arms), self._box(nodes, deep=False))

    def _box(self, nodes: Sequence[Node], *, deep: bool = True) -> Box:
        node = nodes[0]
        layer = node.layer
        messages = tuple(self._messages(node, deep))
        # A statement with a mistake may lack the arguments that its traits depend on.
        traits = NO_TRAITS if messages else node.traits
        return Box(
            title=layer.name if layer else node.block.name if node.block else node.name,
            detail=write_arguments(node),
            family=layer.family if layer else "block",
            path=node.path,
            span=node.span,
            inputs=_inputs(nodes),
            shapes=tuple(one.out for one in nodes),
            params=tuple(one.params for one in nodes),
            label=_label(node),
            takes=node.takes,
            start=node.start,
            summary=layer.summary if layer else "",
            formula=layer.formula if layer else "",
            formulas=tuple(dict.fromkeys(node.formula)),
            messages=messages,
            window=_window(node) if Trait.WINDOW in traits else (),
            makes_map=bool(traits & MAKERS) or bool(node.params and not traits & KEEPERS),
        )

    def _messages(self, node: Node, deep: bool) -> Iterator[str]:
        """What is wrong with a statement; with `deep`, in it too."""
        if not self.wrong.found:
            return
        spans = {one.span for one in node.walk()} if deep else {node.span}
        held = self.wrong.within(spans)
        if deep:
            within = spans - {node.span}
            held |= {number for lost in self.wrong.lost.among(within) for number in lost.mistakes}
        else:
            held -= self.wrong.within({child.span for child in node.children}) | self.wrong.lost.mistakes
        yield from (self.wrong.found[number].message for number in sorted(held))


def _labelled(part: Part, label: str) -> Part:
    """A part that was given its label as a whole, as a `repeat` is."""
    if isinstance(part, Parallel):
        return replace(part, box=replace(part.box, label=label))
    return replace(part, label=label)


def _with_title(part: Part) -> Part:
    """A part whose label is seen, for others name it: a box shows its own, what is open is framed."""
    match part:
        case Frame():
            return replace(part, title=text("{title} as {label}", title=part.title, label=part.label))
        case Parallel(box=box):
            title = text("{title} as {label}", title=f"{box.title} {box.detail}".strip(), label=box.label)
            inside = Series((replace(part, box=replace(box, label="", start="")),), part.inputs, part.shapes)
            return Frame(title, inside, label=box.label, takes=box.takes, start=box.start, path=box.path)
    return part


def write_arguments(node: Node) -> str:
    """What follows the name in the statement, without its label; variables are replaced by their values."""
    words = _words(node.written)[1:]
    if "as" in words:
        words = words[: words.index("as")]
    if node.again:
        return " ".join([node.name, *words])
    if node.block is not None:
        values: Mapping[str, Any] = node.block.arguments
        names = list(values)
    elif node.layer is not None:
        values, names = node.call.arguments, list(node.layer.parameters)
    else:
        return ""
    written, place = [], 0
    for word in words:
        name, equals, value = word.partition("=")
        if equals:
            resolved = (node.layer.resolve(name) if node.layer else name) or name
            written.append(f"{name}={_value(value, values.get(resolved))}")
        else:
            is_flag = isinstance(values.get(word), bool) or word in node.takes
            is_short = SHORT.fullmatch(word) is not None
            known = values.get(names[place]) if place < len(names) and not (is_flag or is_short) else None
            written.append(_value(word, known))
            place += not (is_flag or is_short)
    return " ".join(written)


def _value(word: str, known: Any) -> str:
    """A value as the statement has it; a variable or a sum as what it comes to."""
    if not (word.isidentifier() or word.startswith("(")) or word in ("true", "false", "none"):
        return word
    if isinstance(known, bool):
        return str(known).lower()
    return f"{known}" if isinstance(known, (int, float, str)) else word


def _words(written: str) -> list[str]:
    """The words of a statement; what stands in brackets or quotes is one."""
    words, depth, quoted = [""], 0, False
    for character in written:
        quoted ^= character == '"'
        depth += (character == "(") - (character == ")")
        if character.isspace() and not depth and not quoted:
            words.append("")
        else:
            words[-1] += character
    return [word for word in words if word]


def _stretches(nodes: Sequence[Node]) -> Iterator[tuple[int, int, int]]:
    """Where each stretch of siblings starts, its length, and how many times it stands in a row."""
    start = 0
    for stretch, times in fold(nodes, _structure):
        yield start, len(stretch), times
        start += len(stretch) * times


def _structure(node: Node) -> Hashable:
    """What two rounds share, whatever their sizes."""
    return node.span, node.written, node.start, tuple(map(_structure, node.children))


def _window(node: Node) -> tuple[int, ...]:
    """The window of a convolution or a pooling, one size an axis."""
    size = node.call.arguments.get("kernel_size")
    axes = len(node.input) - 1
    return (size,) * axes if isinstance(size, int) else tuple(size) if isinstance(size, (tuple, list)) else ()


def _inputs(nodes: Sequence[Node]) -> tuple[Shape, ...]:
    return tuple(node.input for node in nodes)


def _label(node: Node) -> str:
    """The label that its author gave it; a node without one has a number for a key."""
    # A use of a module without a label of its own is told apart by two words.
    unnamed = node.step.isdigit() or " " in node.step
    return "" if unnamed or (node.layer is None and node.block is None) else node.step

"""What the statements of a text take and give, and what of it is kept while a line is half-written."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from netdsl.checker import Checked
from netdsl.checker.trace import Passage
from netdsl.components import Layer
from netdsl.core.sizes import Expr, Shape, Unknown
from netdsl.language.syntax import Body, Item, Setting, Short, Statement


class Taken(NamedTuple):
    """A size that a statement takes without saying so.

    Args:
        behind: how many characters of the statement stand before its place.
        said: the size as it would stand there: `8192->`.
        insert: what is to be written there to have it said; empty where that cannot be written.
        kept: whether it is from an earlier version of the text.
    """

    behind: int
    said: str
    insert: str
    kept: bool = False


class Output(NamedTuple):
    """What a statement leaves behind: the shapes of all places that it stands for.

    Args:
        start, end: the statement's text.
        shapes: different ones where a block is used, or a `repeat` goes round, with different sizes.
        taken: the size before `->` that it does not say.
        kept: whether that is from an earlier version of the text, since a mistake hides it in this one.
    """

    start: int
    end: int
    shapes: tuple[Shape, ...]
    taken: Taken | None = None
    kept: bool = False


def settle(checked: Checked, earlier: Iterable[Output]) -> list[Output]:
    """What each statement gives, as it is known now and else as it was known, in the order of the text."""
    source, trace = checked.file.source, checked.trace
    assert trace is not None
    found: dict[tuple[int, int], list[Passage]] = {(span.start, span.end): [] for span in checked.file.invalid}
    for passage in trace.passages:
        span = passage.statement.span
        if span.source is source:
            found.setdefault((span.start, span.end), []).append(passage)
    before = {output.start: output for output in earlier}
    outputs = (_settled(*place, passages, before.get(place[0])) for place, passages in found.items())
    return sorted((output for output in outputs if output.shapes), key=lambda output: output.start)


def move(outputs: Sequence[Output], old: str, new: str) -> Iterator[Output]:
    """Outputs of an earlier version where their statements begin in a later one; none of what was rewritten."""
    if not outputs:
        return
    same = common_prefix(old, new)
    tail = common_suffix(old, new, same)
    by, last = len(new) - len(old), len(old) - tail
    for output in outputs:
        taken = output.taken
        # One that begins where something was inserted still begins there.
        if output.start >= last and output.start > same:
            yield output._replace(start=output.start + by, end=output.end + by)
        elif output.start <= same:
            is_rewritten = taken is not None and same < output.start + taken.behind
            yield output._replace(taken=None) if is_rewritten else output


def common_prefix(old: str, new: str) -> int:
    """How many characters two texts begin with alike."""
    # By halves, since each comparison is one of C's.
    return bisect_left(range(min(len(old), len(new))), True, key=lambda at: old[: at + 1] != new[: at + 1])


def common_suffix(old: str, new: str, prefix: int) -> int:
    """How many characters two texts end with alike, apart from those of their prefix."""
    most = min(len(old), len(new)) - prefix
    return bisect_left(range(most), True, key=lambda at: old[len(old) - at - 1 :] != new[len(new) - at - 1 :])


def is_value(item: Item) -> bool:
    """Whether an item is a value without a name."""
    return not isinstance(item, (Short, Setting, Body))


def _settled(start: int, end: int, passages: Sequence[Passage], earlier: Output | None) -> Output:
    shapes: list[Shape] = []
    for passage in passages:
        shape = passage.after.shape
        if shape and shape not in shapes and not _is_unknown(shape):
            shapes.append(shape)
    known = tuple(shapes) if not _is_lost(shapes) else tuple(shape for shape in shapes if not _is_lost((shape,)))
    taken = _taken(passages) if passages else None
    if earlier is None:
        return Output(start, end, known or tuple(shapes), taken)
    if taken is None and earlier.taken and _is_lost([passage.before.shape for passage in passages] or [None]):
        taken = earlier.taken._replace(kept=True)
    if known:
        return Output(start, end, known, taken)
    return Output(start, end, earlier.shapes, taken, kept=earlier.shapes != tuple(shapes))


def _is_unknown(shape: Shape) -> bool:
    return all(isinstance(dim, Unknown) for dim in shape)


def _is_lost(shapes: Iterable[Shape | None]) -> bool:
    """Whether a size of one of these shapes is not known."""
    return any(shape is None or Unknown in map(type, shape) for shape in shapes)


def _taken(passages: Sequence[Passage]) -> Taken | None:
    """The size before `->`; nothing where it is written, is not known, or differs from place to place."""
    statement, node = passages[0].statement, passages[0].node
    flow, layer = statement.flow, node.layer if node else None
    if layer is None or layer.flow is None or (flow and flow.left) or layer.flow[0] not in layer.stated:
        return None
    sizes = {_stated(one, layer) for one in passages}
    size = next(iter(sizes))
    if len(sizes) > 1 or not isinstance(size, (int, Expr)) or _names(statement, layer, layer.flow[0]):
        return None
    # A formula over symbols cannot be written before an arrow.
    insert = str(size) if isinstance(size, int) else ""
    if flow is not None:
        return Taken(flow.span.start - statement.span.start, str(size), insert)
    item = next(filter(is_value, statement.items), None)
    if item is None:
        return None
    return Taken(item.span.start - statement.span.start, f"{size}->", insert and f"{insert}->")


def _stated(passage: Passage, layer: Layer) -> object:
    assert layer.flow is not None
    shape, axis = passage.before.shape, layer.stated[layer.flow[0]]
    # After a mistake an input may have fewer dimensions than the layer looks at.
    return shape[axis] if shape and -len(shape) <= axis < len(shape) else None


def _names(statement: Statement, layer: Layer, parameter: str) -> bool:
    return any(isinstance(item, Setting) and layer.resolve(item.name.text) == parameter for item in statement.items)

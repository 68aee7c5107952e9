"""The whole picture: the net with its title above, and mistakes and legend below."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from netdsl.core.text import text
from netdsl.core.translation import translate
from netdsl.drawing.diagram import Diagram
from netdsl.drawing.laid import Direction, Laid
from netdsl.drawing.layout import Layout, Placed, place
from netdsl.drawing.levels import find_levels, lay_out_levels
from netdsl.drawing.picture import Area, Face, Picture, Swatch, Words
from netdsl.drawing.text_width import crop_to, measure
from netdsl.drawing.themes import HUES

MARGIN = 24.0
TITLE, SUBTITLE, NOTE, LEGEND = 17.0, 11.0, 11.0, 10.5
NARROWEST, WIDEST_NOTE = 260.0, 520.0
HEAD = MARGIN + TITLE + SUBTITLE + 26


def compose(diagram: Diagram, direction: Direction | None = None, *, foldable: bool = False) -> Picture:
    """The picture of a net; without a direction, nets of several resolutions with skips become a U, others a column.

    One that is `foldable` has room for the closed box of each of its frames.
    """
    laid, chosen = _lay_out(diagram, direction, foldable)
    placed = Placed()
    down = chosen == "down"
    wide, high = (laid.high - laid.low, laid.length) if down else (laid.length, laid.high - laid.low)
    beside = MARGIN + (max(wide, _least(diagram)) - wide) / 2 if down else MARGIN
    along, across = (HEAD, beside - laid.low) if down else (beside, HEAD - laid.low)
    place(laid, chosen, along, across, placed)
    return finish(diagram, placed, wide, HEAD + high, foldable=foldable)


def finish(
    diagram: Diagram,
    placed: Placed,
    wide: float,
    low: float,
    faces: Sequence[Face] = (),
    *,
    foldable: bool = False,
) -> Picture:
    """Sets title, mistakes and legend around what is placed: `wide` from the margin on, down to `low`."""
    room = max(wide, _least(diagram))
    placed.words.insert(0, Words(MARGIN, MARGIN + TITLE - 3, diagram.title, TITLE, "strong"))
    placed.words.insert(1, Words(MARGIN, MARGIN + TITLE + SUBTITLE + 4, diagram.subtitle, SUBTITLE, "muted"))
    bottom = low + 26
    for note in diagram.notes:
        message = text("line {line}: {message}", line=note.line, message=note.message)
        room = max(room, min(measure(message, NOTE), WIDEST_NOTE))
        placed.words.append(Words(MARGIN, bottom, crop_to(message, room, NOTE), NOTE, "wrong"))
        bottom += 16
    bottom += 8 if diagram.notes else 0
    swatches = []
    for swatch, words in _legend(_families(placed, faces, foldable=foldable), room, bottom):
        swatches.append(swatch)
        placed.words.append(words)
    if swatches:
        bottom = swatches[-1].area.bottom + 6
    return Picture(
        width=round(room + 2 * MARGIN, 1),
        height=round(bottom + MARGIN - 10, 1),
        title=diagram.title,
        description=_describe(diagram),
        boxes=placed.boxes,
        frames=sorted(placed.frames, key=lambda one: -one.area.width * one.area.height),  # the outer ones first
        circles=placed.circles,
        lines=placed.lines,
        words=placed.words,
        swatches=swatches,
        faces=faces,
        net=Area(MARGIN, HEAD, wide, low - HEAD),
    )


def _least(diagram: Diagram) -> float:
    """The room that the title needs."""
    return max(NARROWEST, measure(diagram.subtitle, SUBTITLE), measure(diagram.title, TITLE, bold=True))


def _lay_out(diagram: Diagram, direction: Direction | None, foldable: bool) -> tuple[Laid, Direction]:
    levels = find_levels(diagram) if direction is None else None
    if levels is not None:
        return lay_out_levels(diagram, levels, foldable=foldable), "right"
    chosen = direction or "down"
    return Layout(diagram, chosen, foldable=foldable).series(diagram.root, diagram.root.inputs, ends=True), chosen


def _families(placed: Placed, faces: Sequence[Face], *, foldable: bool) -> list[str]:
    """The families that are drawn, in the order of the palette."""
    found = {face.family for face in faces if not face.wrong}
    found |= {one.box.family for one in placed.boxes if not one.box.messages}
    if foldable:
        found |= {one.closed.box.family for one in placed.frames if one.closed}
    return [family for family in HUES if family in found] + sorted(found - HUES.keys() - {""})


def _legend(families: Iterable[str], room: float, top: float) -> Iterator[tuple[Swatch, Words]]:
    """A colour and a name for each family, in as many rows as they need."""
    x = MARGIN
    for family in families:
        name = text("block") if family == "block" else translate(family)
        wide = 13 + 6 + measure(name, LEGEND)
        if x > MARGIN and x + wide > MARGIN + room:
            x, top = MARGIN, top + 19
        yield Swatch(Area(x, top - 10, 13, 13), family), Words(x + 19, top + 0.5, name, LEGEND, "muted")
        x += wide + 16


def _describe(diagram: Diagram) -> str:
    """The net in words, for those who do not see the picture."""
    boxes = list(diagram.root.boxes())
    steps = "; ".join(f"{box.title} {box.detail}".strip() for box in boxes[:60])
    return text("{summary}. The statements in their order: {steps}", summary=diagram.subtitle, steps=steps)

"""The whole picture: the net with its title above, and mistakes and legend below."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from netdsl.core.text import text
from netdsl.drawing.diagram import Diagram
from netdsl.drawing.layout import Direction, Laid, Layout, Placed, place
from netdsl.drawing.levels import find_levels, lay_out_levels
from netdsl.drawing.picture import Area, Picture, Swatch, Words
from netdsl.drawing.text_width import crop_to, measure
from netdsl.drawing.themes import HUES

MARGIN = 24.0
TITLE, SUBTITLE, NOTE, LEGEND = 17.0, 11.0, 11.0, 10.5
NARROWEST = 260.0


def compose(diagram: Diagram, direction: Direction | None = None) -> Picture:
    """The picture of a net; without a direction, nets of several resolutions with skips become a U, others a column."""
    laid, chosen = _lay_out(diagram, direction)
    placed = Placed()
    head = MARGIN + TITLE + SUBTITLE + 26
    down = chosen == "down"
    wide, high = (laid.high - laid.low, laid.length) if down else (laid.length, laid.high - laid.low)
    families = _families(diagram)
    notes = [text("line {line}: {message}", line=note.line, message=note.message) for note in diagram.notes]
    least = max(
        [
            NARROWEST,
            *(measure(words, SUBTITLE) for words in (diagram.subtitle,)),
            measure(diagram.title, TITLE, bold=True),
        ]
    )
    room = max(wide, least)
    beside = MARGIN + (room - wide) / 2 if down else MARGIN
    along, across = (head, beside - laid.low) if down else (beside, head - laid.low)
    place(laid, chosen, along, across, placed)
    placed.words.insert(0, Words(MARGIN, MARGIN + TITLE - 3, diagram.title, TITLE, "strong"))
    placed.words.insert(1, Words(MARGIN, MARGIN + TITLE + SUBTITLE + 4, diagram.subtitle, SUBTITLE, "muted"))
    bottom = head + high + 26
    for note in notes:
        placed.words.append(Words(MARGIN, bottom, crop_to(note, max(room, 520), NOTE), NOTE, "wrong"))
        room = max(room, min(measure(note, NOTE), 520))
        bottom += 16
    swatches = []
    for area, words in _legend(families, room, bottom):
        swatches.append(Swatch(area, words.text))
        placed.words.append(words)
    if swatches:
        bottom = swatches[-1].area.bottom + 6
    return Picture(
        round(room + 2 * MARGIN, 1),
        round(bottom + MARGIN - 10, 1),
        diagram.title,
        _describe(diagram),
        placed.boxes,
        sorted(placed.frames, key=lambda frame: -frame.area.width * frame.area.height),  # outer ones first
        placed.circles,
        placed.lines,
        placed.words,
        swatches,
    )


def _lay_out(diagram: Diagram, direction: Direction | None) -> tuple[Laid, Direction]:
    levels = find_levels(diagram) if direction is None else None
    if levels is not None:
        return lay_out_levels(diagram, levels), "right"
    chosen = direction or "down"
    return Layout(diagram, chosen).series(diagram.root, diagram.root.inputs, ends=True), chosen


def _families(diagram: Diagram) -> list[str]:
    """The families that occur, in the order of the palette."""
    found = {box.family for box in diagram.root.boxes()}
    return [family for family in HUES if family in found] + sorted(found - HUES.keys())


def _legend(families: Iterable[str], room: float, top: float) -> Iterator[tuple[Area, Words]]:
    """A colour and a name for each family, in as many rows as they need."""
    x = MARGIN
    for family in families:
        wide = 13 + 6 + measure(family, LEGEND)
        if x > MARGIN and x + wide > MARGIN + room:
            x, top = MARGIN, top + 19
        yield Area(x, top - 10, 13, 13), Words(x + 19, top + 0.5, family, LEGEND, "muted")
        x += wide + 16


def _describe(diagram: Diagram) -> str:
    """The net in words, for those who do not see the picture."""
    boxes = list(diagram.root.boxes())
    steps = "; ".join(f"{box.title} {box.detail}".strip() for box in boxes[:60])
    return text("{summary}. The statements in their order: {steps}", summary=diagram.subtitle, steps=steps)

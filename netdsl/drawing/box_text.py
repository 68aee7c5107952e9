"""What stands in a box, and how large that makes it."""

from __future__ import annotations

from typing import NamedTuple

from netdsl.core.text import ntext, text
from netdsl.drawing.diagram import Box
from netdsl.drawing.picture import Area, Tone, Words
from netdsl.drawing.text_width import crop_to, measure

TITLE, SMALL = 12.0, 10.0
WIDEST = {"down": 230.0, "right": 96.0}
MESSAGE = {"down": 230.0, "right": 150.0}
MARGIN = 10.0
MOST_LINES = 3


class TextLine(NamedTuple):
    """Runs of one line: a text and its tone each."""

    runs: tuple[tuple[str, Tone], ...]
    size: float

    @property
    def width(self) -> float:
        """All runs with a blank between them."""
        return self.blank * (len(self.runs) - 1) + sum(
            measure(run, self.size, bold=tone == "strong") for run, tone in self.runs
        )

    @property
    def blank(self) -> float:
        """Between two runs: more than a blank, since a bold one may be drawn wider than it is measured."""
        return measure(" ", self.size) + 1.5

    @property
    def height(self) -> float:
        """The distance to the next line."""
        return self.size * 1.3


class BoxText(NamedTuple):
    """The lines of a box, and the size of the box around them."""

    lines: tuple[TextLine, ...]
    width: float
    height: float

    def place(self, area: Area) -> tuple[Words, ...]:
        """The lines in the middle of an area."""
        placed = []
        y = area.y + (area.height - sum(line.height for line in self.lines)) / 2
        for line in self.lines:
            x = area.x + (area.width - line.width) / 2
            base = y + 0.98 * line.size
            for run, tone in line.runs:
                placed.append(Words(round(x, 1), round(base, 1), run, line.size, tone))
                x += measure(run, line.size, bold=tone == "strong") + line.blank
            y += line.height
        return tuple(placed)


def set_text(box: Box, direction: str) -> BoxText:
    """The lines of a box: in a column its name and arguments side by side, in a row below each other."""
    widest = WIDEST[direction]
    title = crop_to(box.title, widest, TITLE, bold=True)
    lines = []
    joined = TextLine(((title, "strong"), (box.detail, "plain")), TITLE)
    if not box.detail:
        lines.append(TextLine(((title, "strong"),), TITLE))
    elif direction == "down" and joined.width <= widest:
        lines.append(joined)
    else:
        lines.append(TextLine(((title, "strong"),), TITLE))
        lines += [TextLine(((line, "plain"),), SMALL) for line in wrap(box.detail, widest)]
    facts: list[tuple[str, Tone]] = []
    if box.times > 1:
        facts.append((f"× {box.times}", "strong"))
    if params := write_params(box):
        facts.append((params, "soft"))
    if box.label:
        facts.append((text("as {label}", label=crop_to(box.label, widest / 2, SMALL)), "label"))
    lines += _facts(facts, widest, direction)
    lines += [
        TextLine(((line, "wrong"),), SMALL) for message in box.messages for line in wrap(message, MESSAGE[direction])
    ]
    width = max(line.width for line in lines) + 2 * MARGIN
    height = sum(line.height for line in lines) + (10 if len(lines) > 1 else 9)
    return BoxText(tuple(lines), round(width, 1), round(height, 1))


def write_params(box: Box) -> str:
    """`36.9k params`; of rounds that differ the first and the last."""
    counts = [box.params[0], box.params[-1]]
    if not any(counts):
        return ""
    numbers = list(dict.fromkeys(map(_short, counts)))
    return ntext("{number} param", "{number} params", count=max(counts), number="…".join(numbers))


def _short(count: int) -> str:
    """A count as papers write it: `896`, `36.9k`, `23.5M`."""
    for unit, power in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if count >= power:
            number = f"{count / power:.1f}" if count < 100 * power else f"{count / power:.0f}"
            return f"{number.removesuffix('.0')}{unit}"
    return str(count)


def _facts(facts: list[tuple[str, Tone]], widest: float, direction: str) -> list[TextLine]:
    if not facts:
        return []
    together = TextLine(tuple(facts), SMALL)
    if direction == "down" and together.width <= widest:
        return [together]
    return [TextLine((fact,), SMALL) for fact in facts]


def wrap(words: str, room: float) -> list[str]:
    """The words in lines as wide as the room, the last one cut where there would be too many."""
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if measure(longer, SMALL) <= room or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 1], f"{lines[MOST_LINES - 1]}…"]
    return [crop_to(line, room, SMALL) for line in lines]

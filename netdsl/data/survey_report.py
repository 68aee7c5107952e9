"""What `netdsl data` prints of a data set, and what a notebook shows of it."""

from __future__ import annotations

from netdsl.core.sizes import format_shape
from netdsl.core.text import text
from netdsl.data.sample_grid import grid_png
from netdsl.data.survey import Survey, SurveyedSample
from netdsl.render.cells import crop, left, painter, right, width
from netdsl.render.html import image_html, pre_html

MOST_LINES = 40
"""So many classes, channels and columns are shown."""

MOST_WIDTH = 70
"""So many characters of a text are shown."""

MOST_WORDS = 6
"""So many words of a column are shown."""


def survey_text(found: Survey, *, color: bool = False) -> str:
    """A survey as text: sizes, shapes, classes with their counts, statistics of the channels, files left out."""
    paint = painter(color)
    lines = [
        paint(found.name, bold=True) + f": {_sizes(found)}",
        text("served    {served}", served=found.served),
        *(_inputs(found) if found.inputs else [_samples(found)]),
        *_texts(found),
    ]
    if found.targets:
        low, mean, high = found.targets
        lines.append(
            text("targets   numbers from {low:.4g} to {high:.4g}, mean {mean:.4g}", low=low, high=high, mean=mean)
        )
    several = bool(found.inputs)
    lines += ["", *(_columns(found) if found.columns else [] if several else _statistics(found)), *_classes(found)]
    lines += [text("left out: {file}", file=line) for line in found.skipped]
    return "\n".join(lines).rstrip() + "\n"


def survey_html(found: Survey) -> str:
    """A survey as HTML. Images are added: left as they are stored, right as the net receives them."""
    described = pre_html(survey_text(found, color=True))
    if not found.raw:
        return described
    label = text("training images: left as they are stored, right as the net receives them")
    return described + image_html(grid_png(found.raw, found.transformed, found.labels, found.mask_classes), label)


def _sizes(found: Survey) -> str:
    train, test = found.facts.sizes or (0, 0)
    if found.facts.classes and found.facts.classes == found.facts.indices:
        return text(
            "{train:,} samples to train on and {test:,} to test, {tokens:,} tokens",
            train=train,
            test=test,
            tokens=found.facts.indices,
        )
    if found.facts.classes:
        return text(
            "{train:,} to train on and {test:,} to test, {classes} classes",
            train=train,
            test=test,
            classes=found.facts.classes,
        )
    return text("{train:,} to train on and {test:,} to test", train=train, test=test)


def _samples(found: Survey) -> str:
    low, high = map(format_shape, found.stored)
    received = format_shape(found.shape)
    if low == high:
        return text("samples   {stored}; the net receives {received}", stored=low, received=received)
    return text("samples   from {low} to {high}; the net receives {received}", low=low, high=high, received=received)


def _inputs(found: Survey) -> list[str]:
    """Each of several inputs: what the net receives, and the range of what is stored."""
    room = max(width(one.name) for one in found.inputs)
    lines: list[str] = [text("inputs")]
    for one in found.inputs:
        low, mean, high = (f"{value:.4g}" for value in one.numbers)
        name, shape = left(one.name, room), format_shape(one.shape)
        if one.indices is not None:
            words = text("{shape}, indices 0…{last:,}", shape=shape, last=one.indices - 1)
        else:
            words = text(
                "{shape}, numbers from {low} to {high}, mean {mean}", shape=shape, low=low, high=high, mean=mean
            )
        lines.append(f"          {name}  {words}")
        lines += [f"          {' ' * room}  {crop(sample, MOST_WIDTH - room)}" for sample in one.texts]
    return lines


def _texts(found: Survey) -> list[str]:
    """Some samples of a text as tokens; below a text with classes, how many tokens there are."""
    if not found.texts:
        return []
    entries = text("tokens    {count:,}; some samples:", count=found.facts.indices)
    return [entries, *(f"          {crop(sample, MOST_WIDTH)}" for sample in found.texts)]


def _statistics(found: Survey) -> list[str]:
    """The mean and the deviation, a line for each of the first channels."""
    if not found.facts.mean:
        return []
    pairs = list(zip(found.facts.mean, found.facts.std, strict=True))
    lines = [f"{number:>7}  {mean:>10.4f}  {std:>10.4f}" for number, (mean, std) in enumerate(pairs[:MOST_LINES])]
    if len(pairs) > MOST_LINES:
        lines.append(text("… and {count:,} more channels", count=len(pairs) - MOST_LINES))
    head = "  ".join((right(text("channel"), 7), right(text("mean"), 10), right(text("deviation"), 10)))
    return [head, *lines, ""]


def _columns(found: Survey) -> list[str]:
    """A line for each column of a table: its range or its words, after missing values are filled in."""
    shown = found.columns[:MOST_LINES]
    room = max(6, min(30, max(width(column.name) for column in shown)))
    head = (
        f"{left(text('column'), room)}  {'  '.join(right(one, 10) for one in (text('min'), text('mean'), text('max')))}"
    )
    lines = []
    for column in shown:
        name = f"{left(crop(column.name, room), room)}  "
        if column.words:
            words = ", ".join(f"{word} {count:,}" for word, count in column.words[:MOST_WORDS])
            lines.append(name + words + (" …" if len(column.words) > MOST_WORDS else ""))
        else:
            lines.append(name + "  ".join(f"{number:>10.4g}" for number in column.numbers))
    if len(found.columns) > MOST_LINES:
        lines.append(text("… and {count:,} more columns", count=len(found.columns) - MOST_LINES))
    return [head, *lines, ""]


def sample_text(sample: SurveyedSample) -> str:
    """One sample as text: its class, its row, and its shape and range, as stored and as the net receives it."""
    lines: list[str] = [text("training sample {number}", number=sample.number)]
    if sample.label:
        lines.append(text("target    {label}", label=sample.label))
    stages = ((text("stored"), sample.raw), (text("received"), sample.x))
    for name, values in stages:
        real = values.double()
        low, mean, high = (f"{value.item():.4g}" for value in (real.min(), real.mean(), real.max()))
        shape = format_shape(values.shape)
        lines.append(
            text(
                "{name:<8}  {shape}, {low} … {high}, mean {mean}", name=name, shape=shape, low=low, high=high, mean=mean
            )
        )
    if sample.cells:
        room = max(width(name) for name, _ in sample.cells)
        lines += ["", *(f"{left(name, room)}  {value}" for name, value in sample.cells)]
    return "\n".join(lines) + "\n"


def _classes(found: Survey) -> list[str]:
    if not found.counts:
        return []
    shown = list(zip(class_names(found), found.counts, strict=True))[:MOST_LINES]
    head = text("pixels of class") if found.mask_classes else text("class")
    room = max(width(head), min(40, max(width(name) for name, _ in shown)))
    lines = [f"{left(crop(name, room), room)}  {train:>9,}  {test:>9,}" for name, (train, test) in shown]
    if len(found.counts) > MOST_LINES:
        lines.append(text("… and {count:,} more classes", count=len(found.counts) - MOST_LINES))
    return [f"{left(head, room)}  {right(text('training'), 9)}  {right(text('test'), 9)}", *lines]


def class_names(found: Survey) -> tuple[str, ...]:
    """The names of the classes: their numbers where they have no names."""
    return found.facts.names or tuple(map(str, range(len(found.counts))))

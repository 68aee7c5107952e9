"""What stands above a line of code: what can be done with the net, and what it costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Literal, NamedTuple

from netdsl.core.diagnostics import errors
from netdsl.core.text import ntext, text
from netdsl.editor.occurrences import find_occurrences
from netdsl.editor.reading import Reading
from netdsl.language.statements import AT_THE_TOP

UNITS = ((10**9, "G"), (10**6, "M"), (10**3, "k"))


class Lens(NamedTuple):
    """A line above a line.

    Args:
        offset: where the line begins that it stands above.
        title: what it says.
        act: what a click does; `show` nothing but to show where, of a block, it is used.
    """

    offset: int
    title: str
    act: Literal["train", "draw", "say", "show"]


def lenses(reading: Reading) -> list[Lens]:
    """The lines above the net, and above each block."""
    return [*_of_net(reading), *_of_blocks(reading)]


def abbreviate(count: int) -> str:
    """`4.1 M` for 4,123,456; small numbers as they are."""
    # From there on the number would be rounded to 1000.0 of the smaller unit.
    for size, unit in UNITS:
        if count >= size * 0.99995:
            return f"{count / size:.1f} {unit}"
    return str(count)


def _of_net(reading: Reading) -> Iterator[Lens]:
    first = next((one for one in reading.file.statements if one.name.text not in AT_THE_TOP), None)
    experiment = reading.experiment
    if first is None or experiment is None:
        return
    at = first.span.start
    if not errors(reading.checked.found) and experiment.data is not None:
        yield Lens(at, text("Train"), "train")
    yield Lens(at, text("Draw"), "draw")
    if not errors(reading.checked.found):
        params = experiment.network.params
        # The number decides between one and many, its short form is what is read.
        yield Lens(at, ntext("{short} parameter", "{short} parameters", count=params, short=abbreviate(params)), "say")


def _of_blocks(reading: Reading) -> Iterator[Lens]:
    found = find_occurrences(reading)
    uses = Counter(one.home for one in found if one.kind == "block" and not one.defines)
    for one in found:
        if one.kind == "block" and one.defines:
            count = uses[one.span]
            yield Lens(one.span.start, ntext("used {count} time", "used {count} times", count=count), "show")

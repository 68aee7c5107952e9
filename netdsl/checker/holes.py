"""Holes: `p?`, `linear ?->64` ask the checker for a value that makes the rest fit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from netdsl.checker.context import Context, Hole
from netdsl.diagnostics import Edit, Fix
from netdsl.language.syntax import File

_USUAL: Mapping[str, Sequence[int]] = {
    "kernel_size": (3, 1, 5, 7, 2, 4, *range(6, 32)),
    "stride": (1, 2, *range(3, 17)),
    "padding": (*range(17),),
    "dilation": (*range(1, 17),),
    "groups": (*range(1, 65),),
}
_TRIED = 512


def candidates(hole: Hole, file: File) -> Sequence[int]:
    """Values to try, the likeliest first: the usual ones of a parameter, or the numbers that the file itself holds."""
    if hole.parameter in _USUAL:
        return _USUAL[hole.parameter]
    written = sorted({int(number) for number in re.findall(r"\b\d{1,6}\b", file.source.text)})
    return list(dict.fromkeys([*written, *range(1, _TRIED)]))


def report(context: Context, guesses: Mapping[int, int] | None) -> None:
    """Notes what every hole should be: the values found, or that there are none."""
    for start, hole in context.holes.items():
        value = hole.value if hole.value is not None else (guesses or {}).get(start)
        if value is None:
            message = f"no value of `{hole.parameter}` makes the rest fit"
            context.error("NET115", message, hole.span, help="change the layers around it")
            continue
        mark = hole.span.text.find("?") + hole.span.start
        span = hole.span.source.span(mark, mark + 1)
        text = hole.span.text.replace("?", str(value))
        message = f"`{hole.parameter}` is left open; {value} makes the rest fit"
        context.error("NET115", message, hole.span, fix=Fix(f"write `{text}`", (Edit(span, str(value)),)))

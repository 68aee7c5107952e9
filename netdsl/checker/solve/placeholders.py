"""Placeholders: `p?` and `linear ?->64` ask the checker for a value that fits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from math import prod

from netdsl.checker.context import Attempt, Context, Guesses, Placeholder
from netdsl.core.diagnostics import Code, Edit, Fix, errors
from netdsl.core.limits import MAX_LAYERS_TRIED
from netdsl.core.sizes import Shape
from netdsl.core.source import Span
from netdsl.core.text import text
from netdsl.language.syntax import File

OPEN_PLACEHOLDER = Code(
    "NET115",
    title="a `?` to fill in",
    meaning=(
        "`?` asks the checker for a value that makes the rest fit. `netdsl fix FILE` writes the value that it found "
        "into the file. If no value fits, the layers around it must change."
    ),
    example="input 3x32x32\nresidual { conv 3 k5 p?; relu }",
    instead="input 3x32x32\nresidual { conv 3 k5 p2; relu }",
)


ATTEMPTS = 512
"""At most so many combinations of values are tried, and fewer if the net is large."""

MOST_AT_ONCE = 8
"""At most so many placeholders are filled at once."""

_USUAL: Mapping[str, Sequence[int]] = {
    "kernel_size": (3, 1, 5, 7, 2, 4, *range(6, 32)),
    "stride": (1, 2, *range(3, 17)),
    "padding": (*range(17),),
    "dilation": (*range(1, 17),),
    "groups": (*range(1, 65),),
}
_TRIED = 512


def fill(first: Attempt, file: File, attempt: Callable[[Guesses, Shape | None], Attempt]) -> Attempt:
    """The attempt with values that fit, or the first attempt. Reports the values.

    In the first attempt the placeholders are unknown sizes, so its mistakes do not come from them. Values fit if they
    add no other mistake.
    """
    asked = [hole for hole in first.context.assumptions.placeholders.values() if hole.open]
    excused = _mistakes(first)
    layers = first.context.limits.layers
    lists = [candidates(hole, file) for hole in asked]
    tries = 0
    for values in islice(by_sum(lists), ATTEMPTS if 0 < len(asked) <= MOST_AT_ONCE else 0):
        tries += 1
        guesses = {hole.span: value for hole, value in zip(asked, values, strict=True)}
        tried = attempt(guesses, first.context.assumptions.input)
        if _mistakes(tried) <= excused:
            _report(tried.context, guesses)
            return tried
        layers += tried.context.limits.layers
        if layers > MAX_LAYERS_TRIED:
            break
    is_cut_short = tries < prod(map(len, lists))
    _report(first.context, {}, tries if is_cut_short else None)
    return first


def candidates(hole: Placeholder, file: File) -> Sequence[int]:
    """Values to try, the most likely first: the usual ones of a parameter, or the numbers in the file."""
    if hole.parameter in _USUAL:
        return _USUAL[hole.parameter]
    written = sorted({int(number) for number in re.findall(r"\b[0-9]{1,6}\b", file.source.text[:_READ])})
    return list(dict.fromkeys([*written, *range(1, _TRIED)]))


_READ = 1 << 16
"""At most so many characters of a file are searched for numbers."""


def by_sum(lists: Sequence[Sequence[int]]) -> Iterator[tuple[int, ...]]:
    """Every combination of elements; those near the front of their lists come first."""
    for total in range(sum(len(values) - 1 for values in lists) + 1):
        yield from _summing(lists, total)


def _summing(lists: Sequence[Sequence[int]], total: int) -> Iterator[tuple[int, ...]]:
    """The combinations whose indices have the sum `total`."""
    if not lists:
        yield from [()] if total == 0 else []
        return
    first, *rest = lists
    reach = sum(len(values) - 1 for values in rest)
    for index in range(max(0, total - reach), min(total, len(first) - 1) + 1):
        yield from ((first[index], *others) for others in _summing(rest, total - index))


def _mistakes(attempt: Attempt) -> set[tuple[str, Span]]:
    return {(found.code, found.span) for found in errors(attempt.context.report.diagnostics)}


def _report(context: Context, guesses: Guesses, tries: int | None = None) -> None:
    """Reports the value of every placeholder, or that there is none, or that none was found in so many tries."""
    for hole in context.assumptions.placeholders.values():
        value = hole.value if hole.value is not None else guesses.get(hole.span)
        if hole.undetermined:
            continue
        if value is None or hole.several:
            template = "no value of `{parameter}` makes the rest fit"
            if tries is not None and hole.open:
                template = "no value of `{parameter}` was found in {tries} tries that makes the rest fit"
            message = text(template, parameter=hole.parameter, tries=tries)
            context.report(OPEN_PLACEHOLDER, message, hole.span, help=_advice(hole, tries))
            continue
        mark = hole.span.text.find("?") + hole.span.start
        span = hole.span.source.span(mark, mark + 1)
        filled = hole.span.text.replace("?", str(value))
        message = text("`{parameter}` is left open; {value} makes the rest fit", parameter=hole.parameter, value=value)
        context.report(
            OPEN_PLACEHOLDER,
            message,
            hole.span,
            fix=Fix(text("write `{filled}`", filled=filled), (Edit(span, str(value)),)),
        )


def _advice(hole: Placeholder, tries: int | None) -> str:
    if tries == 0 and hole.open:
        return text("at most {number} are filled in at once: write the values of some", number=MOST_AT_ONCE)
    if hole.several:
        return "the inputs differ: leave it out, and each is inferred"
    return "correct the mistakes above it first" if hole.stated else "change the layers around it"

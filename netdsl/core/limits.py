"""The limits that keep hostile text harmless: each is an error with a code, never a hang or a crash."""

from __future__ import annotations

MAX_BYTES = 4 * 1024 * 1024
"""A file."""

MAX_LINE = 64 * 1024
"""A line, in characters."""

MAX_NESTING = 64
"""Braces and parentheses, bodies in bodies, blocks in blocks."""

MAX_STATEMENTS = 30_000
"""A file, those in bodies counted."""

MAX_WORDS = 200_000
"""A file: names, numbers and signs."""

MAX_SYNTAX_ERRORS = 1_000
"""After so many the text is hardly a net, and reading stops."""

MAX_MISTAKES = 1_000
"""After so many the rest is not checked."""

MAX_SUGGESTIONS = 200
"""Unknown names, each compared with all that are known."""

MAX_LAYERS = 100_000
"""What blocks and `repeat` may expand to."""

MAX_CHECKED = 20_000
"""Layers that are checked one by one, since no `repeat` and no block has made them alike."""

MAX_LAYERS_TRIED = 8_000
"""What looking for the values of holes may check, all attempts together."""

MAX_INTEGER = 2**31
"""Every integer of a layer is smaller."""

MAX_FLOAT = (2 - 2**-23) * 2.0**127
"""No fraction is larger: it must fit into the 32 bits that weights have."""

MAX_FORMULA = 256
"""What there is to write of a size that the input leaves open: `upsample 3; maxpool 2` doubles it each time."""

MAX_ELEMENTS = 2**53
"""Every count of a tensor's or a parameter's elements is smaller, so that a float can hold it."""


def beyond(value: object) -> str | None:
    """The limit that a value reaches, or one of several in it: `2^31`."""
    if isinstance(value, tuple):
        return next(filter(None, map(beyond, value)), None)
    if isinstance(value, int):
        return "2^31" if abs(value) >= MAX_INTEGER else None
    return "3.4e38" if isinstance(value, float) and abs(value) > MAX_FLOAT else None

"""What is said of a code beyond its message."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """The page of one code.

    Args:
        code: `NET201`.
        title: the mistake in a few words.
        meaning: what is wrong and why it matters, in a paragraph.
        example: a text that has the mistake; empty where none is small enough to show.
        instead: the text without it.
    """

    code: str
    title: str
    meaning: str
    example: str = ""
    instead: str = ""

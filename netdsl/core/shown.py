"""How IPython prints what shows itself: `str` is the text for people, `repr` a short name for lists and messages."""

from __future__ import annotations

from typing import Protocol


class Printer(Protocol):
    """What IPython writes the values of cells with."""

    def text(self, text: str) -> None:
        """Writes a text as it is."""


def print_shown(value: object, printer: Printer, cycle: bool) -> None:  # noqa: ARG001  # IPython's signature
    """The `_repr_pretty_` of a class whose `str` is what a person should see; IPython would print its `repr`."""
    printer.text(str(value).rstrip("\n"))

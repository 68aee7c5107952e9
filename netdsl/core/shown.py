"""What shows itself: as text where it is printed, and as HTML in a notebook."""

from __future__ import annotations

from typing import Protocol


class Printer(Protocol):
    """What IPython writes the values of cells with."""

    def text(self, text: str) -> None:
        """Writes a text as it is."""


class Shown:
    """The base of what shows itself: `str` is the text for people, `repr` a short name for lists and messages."""

    def __init_subclass__(cls) -> None:
        # IPython takes the first class that has a `__repr__` or a `_repr_pretty_`: a base would come too late.
        cls._repr_pretty_ = Shown._repr_pretty_  # type: ignore[method-assign]

    def _repr_pretty_(self, printer: Printer, cycle: bool) -> None:  # noqa: ARG002  # IPython's signature
        printer.text(str(self).rstrip("\n"))

"""Classes of the front end that are mostly fields, made with little work each time a command starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, TypeVar

__all__ = ["record"]

C = TypeVar("C")

if TYPE_CHECKING:
    # To mypy it is `dataclass` with all of its options: it keeps the fields of a frozen record from being set.
    from dataclasses import dataclass as record
else:

    def record(
        *,
        eq: bool,  # noqa: ARG001  # False, and written for mypy
        frozen: bool = False,  # noqa: ARG001  # likewise
        kw_only: bool = False,
        slots: bool = False,
    ) -> Callable[[type[C]], type[C]]:
        """A dataclass whose objects are compared by identity.

        Python writes and compiles the methods of a dataclass anew in every process. Those that forbid to set a field,
        that compare and that show take three times as long as the constructor alone, which is all that is made here;
        all records are shown by one method.
        """

        def make(cls: type[C]) -> type[C]:
            made = dataclass(eq=False, repr=False, kw_only=kw_only, slots=slots)(cls)
            if made.__repr__ is object.__repr__:
                made.__repr__ = _show
            return made

        return make


def _show(record: object) -> str:
    """As a dataclass shows itself: `Span(start=0, end=4)`."""
    shown = (f"{one.name}={getattr(record, one.name)!r}" for one in fields(record) if one.repr)  # type: ignore[arg-type]
    return f"{type(record).__qualname__}({', '.join(shown)})"

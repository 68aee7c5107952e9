"""Classes of the front end that are mostly fields, made with little work each time a command starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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
        repr: bool = False,
    ) -> Callable[[type[C]], type[C]]:
        """A dataclass whose objects are compared by identity.

        Python writes and compiles the methods of a dataclass anew in every process. Those that forbid to set a field,
        that compare and that show take three times as long as the constructor alone, which is all that is made here.
        """
        return dataclass(eq=False, repr=repr, kw_only=kw_only, slots=slots)

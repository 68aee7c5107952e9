"""A function that is fetched when it is first called or looked at, since fetching it may import something slow."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cached_property


class Lazy:
    """Stands for a function: `inspect` reads its signature, annotations and documentation from it.

    Args:
        fetch: makes the function.
        doc: what is said of it without fetching it.
    """

    def __init__(self, fetch: Callable[[], Callable[..., object]], doc: str = "") -> None:
        self._fetch = fetch
        self.doc = doc

    @cached_property
    def function(self) -> Callable[..., object]:
        """The function itself."""
        return self._fetch()

    def __call__(self, *values: object, **named: object) -> object:
        """Calls it."""
        return self.function(*values, **named)

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.function)

    @property
    def __annotations__(self) -> dict[str, object]:  # type: ignore[override]
        return self.function.__annotations__

    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        return self.function.__doc__ or self.doc

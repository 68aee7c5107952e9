"""What to do with broken items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from netdsl.core.errors import DataError
from netdsl.core.text import text
from netdsl.data.worker_reader import Broken


@dataclass
class Skips:
    """Stops at the first broken item, or leaves them out and keeps a list."""

    allowed: bool = False
    found: dict[str, Broken] = field(default_factory=dict)

    def note(self, broken: Sequence[Broken]) -> None:
        """Adds the broken items of a batch to the list. Raises `DataError` if they may not be left out."""
        for each in broken:
            if not self.allowed:
                message = text("`{file}` cannot be read: {reason}", file=each.name, reason=each.reason)
                raise DataError(message, "replace or delete it, or write `on_error=skip` to leave out such files")
            self.found.setdefault(each.name, each)

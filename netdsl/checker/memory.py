"""What one check leaves for the next one of a text that has changed in a few places."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from netdsl.core.diagnostics import Diagnostic
from netdsl.core.sizes import Shape
from netdsl.core.source import Source
from netdsl.language.parser import parse
from netdsl.language.recovery.torch_order import IsTorchOrder
from netdsl.language.syntax import File

if TYPE_CHECKING:
    from netdsl.components import Dtype, Layer, Result
    from netdsl.language.rereading import Rereader

    PlainKey = tuple[Layer, str, Shape, Dtype, Dtype]

MOST = 20_000
"""So many results are kept; who edits for hours gives nearly as many texts as there are key presses."""


@dataclass(eq=False)
class Memory:
    """What was found out that does not depend on where a statement stands.

    Args:
        results: what the rules have said; deep nets repeat themselves.
        plain: what becomes of statements that name nothing but their layer: the shape that they take and the rule's
            result, by the layer, the text and what comes in.
        rereader: reads the versions of a text; without one, the text is read as if for the only time.
        files: the texts that stand in the place of files, such as those that an editor has not saved yet.
    """

    results: MutableMapping[tuple[object, ...], Result] = field(default_factory=dict)
    plain: MutableMapping[PlainKey, tuple[Shape, Result]] = field(default_factory=dict)
    files: Mapping[Path, str] = field(default_factory=dict)
    rereader: Rereader | None = None

    def parse(self, source: Source, is_torch_order: IsTorchOrder) -> tuple[File, list[Diagnostic]]:
        """The tree of a text, and its syntax errors."""
        if self.rereader is None:
            return parse(source, is_torch_order)
        return self.rereader.parse(source, is_torch_order)

    def forget(self) -> None:
        """Lets go of what has become too much."""
        for found in (self.results, self.plain):
            if len(found) > MOST:
                found.clear()

"""What one check leaves for the next one of a text that has changed in a few places."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
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

MOST_FILES = 100
"""The trees of so many files are kept that the texts use."""


class Memory:
    """What was found out that does not depend on where a statement stands.

    `results` has what the rules have said: deep nets repeat themselves; `supposed` what they have said where arguments
    are lost. `plain` has what becomes of statements that
    name nothing but their layer: the shape that they take and the rule's result, by the layer, the text and what comes
    in.

    Args:
        files: the texts that stand in the place of files, such as those that an editor has not saved yet.
        rereader: reads the versions of a text; without one, the text is read as if for the only time.
    """

    def __init__(self, files: Mapping[Path, str] | None = None, rereader: Rereader | None = None) -> None:
        self.results: MutableMapping[tuple[object, ...], Result] = {}
        self.supposed: MutableMapping[tuple[object, ...], Result | None] = {}
        self.plain: MutableMapping[PlainKey, tuple[Shape, Result]] = {}
        self.files: Mapping[Path, str] = {} if files is None else files
        self._rereader = rereader
        self._used: dict[str, tuple[File, list[Diagnostic]]] = {}

    def parse(self, source: Source, is_torch_order: IsTorchOrder) -> tuple[File, list[Diagnostic]]:
        """The tree of a text, and its syntax errors."""
        if self._rereader is None:
            return parse(source, is_torch_order)
        return self._rereader.parse(source, is_torch_order)

    def parse_used(self, source: Source, is_torch_order: IsTorchOrder) -> tuple[File, list[Diagnostic]]:
        """The tree of a file that the text uses, and its mistakes; its source may be an earlier, equal one.

        Such a file seldom changes while the text that uses it does.
        """
        found = self._used.get(source.name)
        if found is None or found[0].source.text != source.text:
            found = self._used[source.name] = parse(source, is_torch_order)
        return found

    def forget(self) -> None:
        """Lets go of what has become too much."""
        for found in (self.results, self.supposed, self.plain):
            if len(found) > MOST:
                found.clear()
        if len(self._used) > MOST_FILES:
            self._used.clear()

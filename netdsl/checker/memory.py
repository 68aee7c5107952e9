"""What one check leaves for the next one of a text that has changed in a few places."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from math import inf
from pathlib import Path
from stat import S_ISDIR
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from netdsl.core.diagnostics import Diagnostic
from netdsl.core.errors import Refusal
from netdsl.core.sizes import Shape
from netdsl.core.source import Source
from netdsl.language.parser import parse
from netdsl.language.recovery.torch_order import IsTorchOrder
from netdsl.language.syntax import File

if TYPE_CHECKING:
    from netdsl.components import Dataset, Dtype, Facts, Layer, Result
    from netdsl.components.traits import Traits
    from netdsl.language.rereading import Rereader

    PlainKey = tuple[Layer, str, Shape | None, Dtype, Traits, bool, Dtype]

MOST = 4_000
"""So many results are kept: those of a long net, and no more of those that each key press adds."""

MOST_FILES = 100
"""The trees of so many files are kept that the texts use."""

PATIENCE = 2.0
"""Seconds for which a folder of data counts as it was seen."""


class FileState(NamedTuple):
    """What tells that a file or a folder has changed."""

    is_folder: bool
    changed: int
    size: int


class Look(NamedTuple):
    """What a look at a data set gave or raised, the state of its files, and until when it counts."""

    state: tuple[FileState | None, ...]
    until: float
    found: Facts | Exception


class Memory:
    """What was found out that does not depend on where a statement stands.

    `results` has what the rules have said: deep nets repeat themselves; `supposed` what they have said where arguments
    are lost. `plain` has what becomes of statements that
    name nothing but their layer: the shape that they take, whether it is assumed, and the rule's result, by the layer,
    the text and what comes in.

    Args:
        files: the texts that stand in the place of files, such as those that an editor has not saved yet.
        rereader: reads the versions of a text; without one, the text is read as if for the only time.
    """

    def __init__(self, files: Mapping[Path, str] | None = None, rereader: Rereader | None = None) -> None:
        self.results: MutableMapping[tuple[object, ...], Result] = {}
        self.supposed: MutableMapping[tuple[object, ...], Result | None] = {}
        self.plain: MutableMapping[PlainKey, tuple[Shape | None, bool, Result | None]] = {}
        self.files: Mapping[Path, str] = {} if files is None else files
        self._rereader = rereader
        self._used: dict[str, tuple[File, list[Diagnostic]]] = {}
        self._facts: dict[tuple[object, ...], Look] = {}

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

    def facts(self, dataset: Dataset, values: Mapping[str, object], look: Callable[[], Facts]) -> Facts:
        """What looking at a data set gives, or raises; a text that is edited looks again once its files have changed.

        Of a folder only its own entries show that, so that it is looked at again after a while too.
        """
        if self._rereader is None:
            return look()
        key = (dataset, *values.items())
        state = tuple(_state(value) for value in values.values() if isinstance(value, Path))
        known = self._facts.get(key)
        if known is None or known.state != state or monotonic() > known.until:
            until = inf if not any(one and one.is_folder for one in state) else monotonic() + PATIENCE
            try:
                known = Look(state, until, look())
            except (Refusal, OSError) as error:
                known = Look(state, until, error)
            self._facts[key] = known
        if isinstance(known.found, Exception):
            raise known.found
        return known.found

    def forget(self) -> None:
        """Lets go of what has become too much."""
        for found in (self.results, self.supposed, self.plain):
            if len(found) > MOST:
                found.clear()
        for files in (self._used, self._facts):
            if len(files) > MOST_FILES:
                files.clear()


def _state(path: Path) -> FileState | None:
    """The state of a file or a folder; None of what is not there."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return FileState(S_ISDIR(found.st_mode), found.st_mtime_ns, found.st_size)

"""Results of one check that the next check of the changed text uses again."""

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
    from netdsl.checker.names.scope import Block, Scope
    from netdsl.checker.value import Value
    from netdsl.components import Component, Dataset, Dtype, Facts, Layer, Result
    from netdsl.components.traits import Traits
    from netdsl.language.rereading import Rereader
    from netdsl.program import Node

    PlainKey = tuple[Layer, str, Shape | None, Dtype, Traits, bool, Dtype]

MOST = 4_000
"""At most so many results are kept: enough for a long net, but each key press adds some."""

MOST_FILES = 100
"""At most so many trees of used files are kept."""

PATIENCE = 2.0
"""Seconds after which a folder of data is looked at again."""


class FileState(NamedTuple):
    """The state of a file or a folder; a change of it means that the content has changed."""

    is_folder: bool
    changed: int
    size: int


class CachedFacts(NamedTuple):
    """The facts or the error that a look at a data set gave, the state of its files, and the time until it expires."""

    state: tuple[FileState | None, ...]
    until: float
    found: Facts | Exception


class CheckedUse(NamedTuple):
    """What the check of a block's body gave for one use of the block.

    Args:
        node: the container of its layers.
        value: its output.
        layers, checked: how many statements it stands for, and how many of them were checked one by one.
        blocks: the blocks that its statements use.
    """

    node: Node
    value: Value
    layers: int
    checked: int
    blocks: tuple[Component, ...]


class Memory:
    """Results that do not depend on the place of a statement.

    `results` has the results of rules, because deep nets repeat layers. `supposed` has results of rules with lost
    arguments. `plain` has the results of statements without any name except their layer: the shape that they take,
    whether it is assumed, and the rule's result, by layer, text and input. `uses` has those of blocks of used files, by
    their input, its kind of numbers, and the block with its arguments.

    Args:
        files: texts that replace files, such as those that an editor has not saved yet.
        rereader: parses a new version of a text faster with the help of the last one; None parses from the start.
        facts: those of the data set, where they are known: it is not looked at.
    """

    def __init__(
        self, files: Mapping[Path, str] | None = None, rereader: Rereader | None = None, facts: Facts | None = None
    ) -> None:
        self.results: MutableMapping[tuple[object, ...], Result] = {}
        self.supposed: MutableMapping[tuple[object, ...], Result | None] = {}
        self.plain: MutableMapping[PlainKey, tuple[Shape | None, bool, Result | None]] = {}
        self.uses: MutableMapping[tuple[Value, Dtype, tuple[object, ...]], CheckedUse] = {}
        self.files: Mapping[Path, str] = {} if files is None else files
        self._rereader = rereader
        self._told = facts
        self._used: dict[str, tuple[File, list[Diagnostic]]] = {}
        self._scopes: dict[str, tuple[File, Scope]] = {}
        self._facts: dict[tuple[object, ...], CachedFacts] = {}

    def parse(self, source: Source, is_torch_order: IsTorchOrder) -> tuple[File, list[Diagnostic]]:
        """The tree of a text, and its syntax errors."""
        if self._rereader is None:
            return parse(source, is_torch_order)
        return self._rereader.parse(source, is_torch_order)

    def parse_used(self, source: Source, is_torch_order: IsTorchOrder) -> tuple[File, list[Diagnostic]]:
        """The tree of a file that the text uses, and its mistakes. Its source may be an earlier, equal one.

        Such a file rarely changes while the text that uses it is edited.
        """
        found = self._used.get(source.name)
        if found is None or found[0].source.text != source.text:
            found = self._used[source.name] = parse(source, is_torch_order)
        return found

    def used_scope(self, file: File) -> Scope | None:
        """The names of a used file that has not changed, if they were kept."""
        kept, scope = self._scopes.get(file.source.name, (None, None))
        return scope if kept is file else None

    def keep_scope(self, file: File, scope: Scope) -> None:
        """Keeps the names of a used file that has no mistakes, so that its blocks stay the same ones."""
        self._scopes[file.source.name] = file, scope

    def keeps(self, block: Block) -> bool:
        """Whether a block is of a used file whose names are kept: what is found out of it serves the next check."""
        _, scope = self._scopes.get(block.defined.span.source.name, (None, None))
        return self._rereader is not None and scope is not None and scope.blocks.get(block.name) is block

    def facts(self, dataset: Dataset, values: Mapping[str, object], look: Callable[[], Facts]) -> Facts:
        """The facts that a look at a data set gives, or its error. The look is repeated only after its files change.

        The state of a folder shows only changes of its own entries, so a folder is also looked at again after a while.
        """
        if self._told is not None:
            return self._told
        if self._rereader is None:
            return look()
        key = (dataset, *values.items())
        state = tuple(_state(value) for value in values.values() if isinstance(value, Path))
        known = self._facts.get(key)
        if known is None or known.state != state or monotonic() > known.until:
            until = inf if not any(one and one.is_folder for one in state) else monotonic() + PATIENCE
            try:
                known = CachedFacts(state, until, look())
            except (Refusal, OSError) as error:
                known = CachedFacts(state, until, error)
            self._facts[key] = known
        if isinstance(known.found, Exception):
            raise known.found
        return known.found

    def forget(self) -> None:
        """Removes entries if there are too many."""
        for found in (self.results, self.supposed, self.plain, self.uses):
            if len(found) > MOST:
                found.clear()
        for files in (self._used, self._scopes, self._facts):
            if len(files) > MOST_FILES:
                files.clear()


def _state(path: Path) -> FileState | None:
    """The state of a file or a folder; None if it does not exist."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return FileState(S_ISDIR(found.st_mode), found.st_mtime_ns, found.st_size)

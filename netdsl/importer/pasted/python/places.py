"""Where a text has what cannot be followed: the errors that name its line."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn, TypeVar

from netdsl.core.errors import UnsupportedModule
from netdsl.core.text import text

Made = TypeVar("Made")

LONGEST_CODE = 60


@dataclass(frozen=True)
class NotWorkedOut:
    """What has no value here; `reason` tells why what looks like a net has none."""

    reason: UnsupportedModule | None = None


class Places:
    """The file that a text comes from, as messages call it."""

    def __init__(self, file: str) -> None:
        self.file = file

    def _flows(self, node: ast.AST, make: Callable[[], Made]) -> Made:
        try:
            return make()
        except (TypeError, ValueError):
            self._fail(node)

    def _fail(self, node: ast.AST) -> NoReturn:
        raise UnsupportedModule(
            text("`{file}`, line {line}: `{code}` has no counterpart in the language", **self._place(node))
        )

    def _fail_unknown(self, node: ast.AST) -> NoReturn:
        raise UnsupportedModule(
            text("`{file}`, line {line}: `{code}` cannot be worked out from this text alone", **self._place(node))
        )

    def _place(self, node: ast.AST) -> Mapping[str, object]:
        return {"file": self.file, "line": getattr(node, "lineno", 1), "code": shown(node)}


def shown(node: ast.AST) -> str:
    """The first line of some code, cut where it is long."""
    code = ast.unparse(node).partition("\n")[0]
    return code if len(code) <= LONGEST_CODE else f"{code[: LONGEST_CODE - 1]}…"

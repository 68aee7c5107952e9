"""The signatures of constructors without importing them: which arguments are optional, and which positional."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from netdsl.components import Call, Layer, Parameter

REQUIRED: Final = Parameter.REQUIRED

Signature = Mapping[str, Any]
"""The parameters in order, each with its default: a value, `REQUIRED`, or `Like` another parameter."""


@dataclass(frozen=True, slots=True)
class Like:
    """A default that equals another parameter, as a pooling's `stride` equals the kernel size."""

    parameter: str


def signature(call: Call, layer: Layer | None) -> Signature | None:
    """The signature of a call; None if it is unknown. Then every argument is written with its name."""
    module, _, name = call.target.partition(":")
    # Torch's classes that are used by name are not in the table; their layers know their parameters.
    if layer is not None and layer.name.startswith("nn."):
        return {parameter.name: parameter.default for parameter in layer.parameters.values()}
    # A plugin's class is not imported for an export.
    return table().get(name) if module in ("torch.nn", "netdsl.modules") else None


@cache
def table() -> Mapping[str, Signature]:
    """All signatures of `signatures.txt`, by class name."""
    text = (files("netdsl.export.python") / "signatures.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    spelled = (line.replace("#", rank) for line in lines for rank in ("123" if "#" in line else " "))
    return dict(_parse(line) for line in spelled)


def _parse(line: str) -> tuple[str, Signature]:
    (function,) = ast.parse(f"def {line}: ...").body
    assert isinstance(function, ast.FunctionDef)
    names = [argument.arg for argument in function.args.args]
    defaults = [_default(node) for node in function.args.defaults]
    required = [REQUIRED] * (len(names) - len(defaults))
    return function.name, dict(zip(names, [*required, *defaults], strict=True))


# A bare name is another parameter: `stride=kernel_size`.
def _default(node: ast.expr) -> Any:
    return Like(node.id) if isinstance(node, ast.Name) else ast.literal_eval(node)

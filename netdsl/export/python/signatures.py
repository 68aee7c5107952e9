"""What a constructor takes, known without importing it: which arguments may be left out, and which need no name."""

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
"""The parameters in order, each with its default, `REQUIRED`, or the parameter that it is `Like`."""


@dataclass(frozen=True, slots=True)
class Like:
    """The default of a `stride` that is the kernel's size unless given."""

    parameter: str


def signature(call: Call, layer: Layer | None) -> Signature | None:
    """The signature of what a call constructs; None where it is not known, and every argument is named."""
    module, _, name = call.target.partition(":")
    # Torch's own classes by name are not in the table; their parameters are known from torch.
    if layer is not None and layer.name.startswith("nn."):
        return {parameter.name: parameter.default for parameter in layer.parameters.values()}
    # A plugin's class is not imported only to be written.
    return table().get(name) if module in ("torch.nn", "netdsl.modules") else None


@cache
def table() -> Mapping[str, Signature]:
    """Every signature of `signatures.txt`, by the class's name."""
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

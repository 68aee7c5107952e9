"""What Python's operators and built-in functions make of the values of a text."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping

from netdsl.importer.pasted.python.functions import torch_class
from netdsl.importer.pasted.python.tracing import TracedValue
from netdsl.importer.pasted.python.values import Instance, TorchName, UserClass

OPERATORS: Mapping[type[ast.AST], Callable[..., object]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.USub: operator.neg,
    ast.Not: operator.not_,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda one, others: one in others,
    ast.NotIn: lambda one, others: one not in others,
}

BUILTINS: Mapping[str, Callable[..., object]] = {
    "all": all, "any": any, "bool": bool, "dict": dict, "enumerate": enumerate, "float": float, "int": int,
    "getattr": getattr, "isinstance": isinstance, "len": len, "list": list,
    "max": max, "min": min, "range": range, "reversed": reversed, "round": round, "setattr": setattr, "str": str,
    "sum": sum, "tuple": tuple, "zip": zip,
}  # fmt: skip

LARGEST = 2**62
"""Sizes are smaller; a power of powers would fill the memory."""


def is_instance(value: object, kind: object) -> bool:
    """`isinstance`, as far as nets ask it: of tensors, lists, numbers, and classes of torch and of the text."""
    match kind:
        case tuple():
            return any(is_instance(value, one) for one in kind)
        case type():
            return isinstance(value, kind)
        case UserClass():
            return isinstance(value, Instance) and value.made is kind
        case TorchName(path):
            if path.endswith(".Tensor"):
                return isinstance(value, TracedValue)
            if path.endswith(".Sequence"):
                return isinstance(value, list | tuple)
            made = torch_class(path)
            return made is not None and isinstance(value, made)
    return False


def is_small(op: ast.AST, one: object, other: object) -> bool:
    """Whether a power, or a shift, is a size that a net may have."""
    if not isinstance(one, int | float) or not isinstance(other, int | float) or not -64 <= other <= 64:
        return False
    bits = abs(one).bit_length() if isinstance(one, int) else 1
    return bool(abs(bits * other if isinstance(op, ast.Pow) else bits + other) < LARGEST.bit_length())


def loaded(target: ast.expr) -> ast.expr:
    """A target of `+=` as an expression."""
    return ast.parse(ast.unparse(target), mode="eval").body

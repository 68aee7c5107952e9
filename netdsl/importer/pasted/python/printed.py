"""A net as `print(net)` shows it: read line by line, and written as the calls that make it."""

from __future__ import annotations

import ast
import inspect
import math
import re
from typing import NamedTuple

from netdsl.core.errors import UnsupportedModule
from netdsl.core.text import text
from netdsl.importer.pasted.python.functions import torch_class

LINE = re.compile(r"(?:\((?P<key>[^()\s]+)\): )?(?P<name>\w+)\((?P<rest>.*)")
"""`(0): Linear(in_features=4, out_features=2, bias=True)`, or `(0): Sequential(` with its parts on the next lines."""

PROMPT = ">>>"

DEEPEST = 50
"""So deep may containers nest, for each is read by a call inside a call."""

FLOATS = {"inf": math.inf, "nan": math.nan}


class OpenContainer(NamedTuple):
    """A printed `Sequential` whose last line is still to come."""

    key: str
    line: int
    parts: dict[str, ast.expr]


def read_printed(program: str, file: str) -> ast.Module:
    """The program `net = nn.Sequential(…)` that makes a printed net; its lines are those of the text.

    Raises:
        UnsupportedModule: a line is not one that torch prints, or names a class whose `forward` is not known.
    """
    found = None
    containers: list[OpenContainer] = []
    for number, line in enumerate(map(str.strip, program.splitlines()), start=1):
        if not line or line.startswith(PROMPT):
            continue
        match = LINE.fullmatch(line)
        if line == ")" and containers:
            key, start, parts = containers.pop()
            made: ast.expr = _container(parts, start)
        elif match is None or found is not None or (match["key"] is None) == bool(containers):
            raise _unreadable(line, file, number)
        elif match["rest"] == "":
            if match["name"] != "Sequential":
                raise _without_forward(match["name"], file, number)
            if len(containers) == DEEPEST:
                raise UnsupportedModule(text("`{file}`, line {line}: this is nested too deep", file=file, line=number))
            containers.append(OpenContainer(match["key"] or "", number, {}))
            continue
        else:
            key, made = match["key"] or "", _layer(match["name"], match["rest"], file, number)
        if not containers:
            found = made
        elif key in containers[-1].parts:
            raise _unreadable(line, file, number)
        else:
            containers[-1].parts[key] = made
    if found is None:
        raise UnsupportedModule(text("`{file}` ends inside a printed net: its last `)` is missing", file=file))
    assigned = ast.Assign([ast.Name("net", ast.Store())], found, lineno=1, col_offset=0)
    return ast.fix_missing_locations(ast.Module([assigned], []))


def _container(parts: dict[str, ast.expr], line: int) -> ast.Call:
    given = ast.Dict([ast.Constant(key) for key in parts], list(parts.values()))
    made = ast.Attribute(ast.Name("nn", ast.Load()), "Sequential", ast.Load())
    return ast.Call(made, [given], [], lineno=line, col_offset=0)


def _layer(name: str, rest: str, file: str, line: int) -> ast.expr:
    """The call of a class of torch.nn, with what is printed as its arguments."""
    made = torch_class(f"torch.nn.{name}")
    if made is None:
        raise _without_forward(name, file, line)
    try:
        call = ast.parse(f"nn.{name}({rest}", mode="eval").body
        assert isinstance(call, ast.Call), "parentheses after a name are a call"
        call.args = [_literal(one) for one in call.args]
        # torch also prints what a class does not take, such as the mode of `UpsamplingNearest2d`.
        taken = inspect.signature(made).parameters
        call.keywords = [ast.keyword(one.arg, _literal(one.value)) for one in call.keywords if one.arg in taken]
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise _unreadable(f"{name}({rest}", file, line) from error
    ast.increment_lineno(call, line - 1)
    return call


def _literal(node: ast.expr) -> ast.Constant:
    """A value as it is printed: texts may stand without quotes, as in `padding=same`."""
    value = FLOATS.get(node.id, node.id) if isinstance(node, ast.Name) else ast.literal_eval(node)
    return ast.Constant(value)


def _unreadable(line: str, file: str, number: int) -> UnsupportedModule:
    return UnsupportedModule(
        text("`{file}`, line {line}: `{code}` is no line of a printed net", file=file, line=number, code=line)
    )


def _without_forward(name: str, file: str, line: int) -> UnsupportedModule:
    return UnsupportedModule(
        text("`{file}`, line {line}: a printed `{name}` does not say its `forward`", file=file, line=line, name=name),
        text("paste the Python code of the class; of printed nets, an `nn.Sequential` of torch's layers can be read"),
    )

"""A net that stands as Python in a text. The text is read, and never run: a small part of Python is followed by hand.

What is followed is what nets are made of: constructors of torch.nn, numbers, lists, loops over them, functions and
classes of the text itself and of torchvision, and `forward`, where each call is noted. Anything else has no value, and
is an error, with its line, only where the net needs one.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

import torch
from torch import nn

from netdsl.core.errors import UnsupportedModule
from netdsl.core.text import text
from netdsl.importer.pasted.python.places import NotWorkedOut
from netdsl.importer.pasted.python.printed import read_printed
from netdsl.importer.pasted.python.statements import Statements
from netdsl.importer.pasted.python.values import Instance, Scope, TorchName, UserClass
from netdsl.language.recovery.pasted_code import is_printed

USUAL = {"torch": "torch", "nn": "torch.nn", "F": "torch.nn.functional"}
"""What people call torch and its parts, in pieces of programs whose imports stand elsewhere."""


def read_nets(program: str, file: str) -> dict[str, Callable[[], nn.Module]]:
    """The nets of a text by name, each made when it is called: classes with a `forward`, and modules that have a name.

    Those that are parts of others come before them.

    Raises:
        UnsupportedModule: the text is neither Python nor a printed net.
    """
    tree = read_printed(program, file) if is_printed(program) else _parsed(program, file)
    reader = _Reader(file)
    scope: Scope = {name: TorchName(path) for name, path in USUAL.items()}
    # Without memory for weights, which are never looked at.
    with torch.device("meta"):
        for statement in tree.body:
            # A piece of a program may be no more than the call that makes the net.
            match statement:
                case ast.Expr(ast.Call(ast.Attribute(ast.Name("nn"), "Sequential")) as made):
                    named = ast.Assign([ast.Name("net", ast.Store())], made)
                    reader.run_alone(ast.copy_location(named, statement), scope)
                case _:
                    reader.run_alone(statement, scope)
    found = {}
    for name, value in scope.items():
        is_net = value.is_module if isinstance(value, UserClass) else isinstance(value, nn.Module | Instance)
        if is_net or (isinstance(value, NotWorkedOut) and value.reason is not None):
            found[name] = reader.maker(value)
    return found


def _parsed(program: str, file: str) -> ast.Module:
    try:
        return ast.parse(program)
    except SyntaxError as error:
        message = text(
            "`{file}`, line {line}: this is not Python: {reason}", file=file, line=error.lineno or 1, reason=error.msg
        )
        raise UnsupportedModule(message) from error
    except (ValueError, RecursionError) as error:
        raise UnsupportedModule(text("`{file}` is not Python: {reason}", file=file, reason=str(error))) from error


class _Reader(Statements):
    """Makes the modules of what the text defines."""

    def maker(self, value: object) -> Callable[[], nn.Module]:
        """What makes the module of a class, or of an object."""

        def make() -> nn.Module:
            if isinstance(value, NotWorkedOut) and value.reason is not None:
                raise value.reason
            with torch.device("meta"):
                made = self._construct(value, [], {}, None) if isinstance(value, UserClass) else value
                net = self._as_module(made, None)
                self._require_one_place(net)
                return net

        return make

    def _require_one_place(self, net: nn.Module) -> None:
        """Refuses weights that stand in two bodies: a module is used again in its own body alone."""
        seen: dict[int, str] = {}
        for path, module in net.named_modules(remove_duplicate=False):
            if next(module.parameters(recurse=False), None) is not None and seen.setdefault(id(module), path) != path:
                message = text(
                    "`{file}`: the weights of `{name}` are used in two bodies, and a module belongs to one",
                    file=self.file, name=path.rpartition(".")[2],
                )  # fmt: skip
                raise UnsupportedModule(message)

"""Lines of the nets of Dive into Deep Learning, counted in a copy of the book.

A page of the book holds cells of code for several libraries. Counted are those statements at the top of a cell that a
row names: a class with the methods that are added to it later, a function, what is assigned, what is called. Blank
lines, comments, docstrings, decorators and what stands under `if tab.selected(…)` for another library do not count.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

CELL = re.compile(r"^```\{\.python \.input[^}]*\}\n(.*?)^```", re.M | re.S)
TAB = re.compile(r"^(?:%%|#@)tab (.*)\n")


def count_book(page: Path, names: str, library: str = "pytorch") -> int:
    """The lines of what `names` lists with commas; raises `LookupError` if the page has no such thing."""
    wanted = names.split(", ")
    found = dict.fromkeys(wanted, 0)
    for cell in read_cells(page, library):
        for statement in top_statements(ast.parse(cell).body, library):
            if (name := name_of(statement)) in found:
                found[name] += len(written_lines(statement, cell, library))
    if missing := [name for name in wanted if not found[name]]:
        raise LookupError(f"{page} does not have {', '.join(missing)}")
    return sum(found.values())


def read_cells(page: Path, library: str) -> Iterator[str]:
    """The cells of a page for a library, without lines for the notebook and the shell."""
    for cell in CELL.findall(page.read_text(encoding="utf-8")):
        tab = TAB.match(cell)
        if tab is None or not re.search(rf"\b({library}|all)\b", tab[1]):
            continue
        yield re.sub(r"^[%!].*$", "", cell[tab.end() :], flags=re.M)


def top_statements(statements: list[ast.stmt], library: str) -> Iterator[ast.stmt]:
    """The statements of a cell, and those that stand there for this library."""
    for statement in statements:
        if is_choice(statement):
            yield from top_statements(statement.body if library in ast.unparse(statement.test) else [], library)
        else:
            yield statement


def is_choice(node: ast.AST) -> TypeGuard[ast.If]:
    """Whether what follows is for some libraries."""
    return isinstance(node, ast.If) and ast.unparse(node.test).startswith("tab.selected(")


def name_of(statement: ast.stmt) -> str:
    """What a row calls a statement: the name it defines, assigns or calls; a method goes by its class."""
    match statement:
        case ast.FunctionDef(decorator_list=[ast.Call(func=ast.Attribute(attr="add_to_class"), args=[owner])]):
            return ast.unparse(owner)
        case ast.FunctionDef() | ast.ClassDef():
            return statement.name
        case ast.Assign(targets=[target]):
            return ast.unparse(target)
        case ast.Expr(value=ast.Call(func=called)):
            return ast.unparse(called)
    return ""


def written_lines(statement: ast.stmt, cell: str, library: str) -> set[int]:
    """The lines of a statement that count, by their numbers in the cell."""
    lines = cell.splitlines()
    kept = {number for number in spanned(statement) if not re.match(r"\s*(#|$)", lines[number - 1])}
    for node in ast.walk(statement):
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            kept -= spanned(node.body[0])
        if is_choice(node):
            kept -= set(range(node.lineno, node.body[0].lineno))
            if library not in ast.unparse(node.test):
                kept -= set().union(*map(spanned, node.body))
    return kept


def spanned(statement: ast.stmt) -> set[int]:
    """The numbers of the lines of a statement."""
    return set(range(statement.lineno, (statement.end_lineno or statement.lineno) + 1))

"""Names that are defined and never used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from netdsl.checker.names.scope import as_name
from netdsl.core.diagnostics import Code, Diagnostic
from netdsl.language import syntax
from netdsl.language.statements import BLOCK, LET, VARIANT
from netdsl.language.syntax import Body, Bound, Name, Setting, Short, Statement
from netdsl.lints.program import Program, walk

UNUSED_BLOCK = Code(
    "NET912",
    title="a block that is never used",
    meaning="Nothing in the file names the block, so that it is no part of the net.",
    example="block head out { linear out; relu }\ninput 64\nlinear 10",
    instead="block head out { linear out; relu }\ninput 64\nhead 10",
)

UNUSED_VARIABLE = Code(
    "NET913",
    title="a variable that is never used",
    meaning=(
        "Nothing is made of the variable, or of the block's parameter: changing it, in the file or with `--set`, "
        "would change nothing."
    ),
    example="let width=64 depth=2\ninput 8\nlinear width",
    instead="let width=64 depth=2\ninput 8\nrepeat depth { linear width; relu }",
)


def unused_blocks(program: Program) -> Iterator[Diagnostic]:
    """NET912: a block that no statement outside it names."""
    used = Counter(name for statement in program.file.statements for name in _names(statement))
    for block in program.file.statements:
        name = as_name(block.items[0]) if block.name.text == BLOCK.name else None
        if name and used[name.text] == Counter(_names(block))[name.text]:
            message = f"the block `{name.text}` is never used"
            yield Diagnostic(UNUSED_BLOCK, message, name.span, help="use it by its name, or delete it")


def unused_variables(program: Program) -> Iterator[Diagnostic]:
    """NET913: a variable, or a block's parameter, that nothing is made of."""
    used = {name for statement in program.file.statements for name in _names(statement)}
    for statement in walk(program.file.statements):
        if statement.name.text == LET.name:
            yield from _unused("variable", [item.name for item in statement.items if isinstance(item, Setting)], used)
        elif statement.name.text == BLOCK.name:
            yield from _unused("parameter", list(_parameters(statement)), set(_names(statement)))


def _unused(what: str, names: list[Name], used: set[str]) -> Iterator[Diagnostic]:
    for name in names:
        if name.text not in used:
            message = f"the {what} `{name.text}` is never used"
            yield Diagnostic(UNUSED_VARIABLE, message, name.span, help="use it by its name, or delete it")


def _parameters(block: Statement) -> Iterator[Name]:
    for item in block.items[1:]:
        name = item.name if isinstance(item, Setting) else as_name(item)
        if name:
            yield name


def _names(statement: Statement) -> Iterator[str]:
    """Every name that a statement, or one in its bodies, makes use of."""
    yield statement.name.text
    if statement.flow:
        yield from _in_value(statement.flow.left)
        yield from _in_value(statement.flow.right)
    defines = statement.name.text in (BLOCK.name, VARIANT.name)
    for item in statement.items:
        if isinstance(item, Body):
            for inner in item.statements:
                yield from _names(inner)
        elif isinstance(item, Setting):
            yield from _in_value(item.value)
        elif isinstance(item, Bound):
            yield from _in_value(item.limit)
        elif not defines:
            yield from _in_value(item)


def _in_value(value: syntax.Value | syntax.Term | Short | None) -> Iterator[str]:
    if isinstance(value, Name):
        yield value.text
    elif isinstance(value, Short):
        yield value.span.text
    elif isinstance(value, syntax.Size):
        yield from (dim for dim in value.dims if isinstance(dim, str))
    elif isinstance(value, syntax.Sequence):
        for element in value.elements:
            yield from _in_value(element)
    elif isinstance(value, syntax.Operation):
        for operand in value.operands:
            yield from _in_value(operand)
    elif isinstance(value, syntax.Negative):
        yield from _in_value(value.operand)
    elif isinstance(value, syntax.Parenthesis):
        yield from _in_value(value.inside)

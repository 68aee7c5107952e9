"""NET913: a variable, or a block's parameter, that nothing is made of."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.checker.names.scope import as_name
from netdsl.core.diagnostics import Code, Diagnostic
from netdsl.core.text import text
from netdsl.language.statements import BLOCK, LET
from netdsl.language.syntax import Name, Setting, Statement, walk_statements
from netdsl.lints.lint import lint
from netdsl.lints.names import names_in
from netdsl.lints.program import Program

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


@lint(UNUSED_VARIABLE)
def find_unused_variable(program: Program) -> Iterator[Diagnostic]:
    """Warns at each name that is defined and not used where it is known."""
    definitions = [one for one in walk_statements(program.file.statements) if one.name.text in (LET.name, BLOCK.name)]
    if not definitions:  # most long files define nothing, and to gather the names of all statements takes its time
        return
    used = {name for statement in program.file.statements for name in names_in(statement)}
    for statement in definitions:
        if statement.name.text == LET.name:
            variables = [item.name for item in statement.items if isinstance(item, Setting)]
            yield from _unused("the variable `{name}` is never used", variables, used)
        else:
            parameters = list(_parameters(statement))
            # A parameter is known in its own block alone.
            yield from _unused("the parameter `{name}` is never used", parameters, set(names_in(statement)))


def _unused(template: str, names: list[Name], used: set[str]) -> Iterator[Diagnostic]:
    for name in names:
        if name.text not in used:
            message = text(template, name=name.text)
            yield Diagnostic(UNUSED_VARIABLE, message, name.span, help="use it by its name, or delete it")


def _parameters(block: Statement) -> Iterator[Name]:
    for item in block.items[1:]:
        name = item.name if isinstance(item, Setting) else as_name(item)
        if name:
            yield name

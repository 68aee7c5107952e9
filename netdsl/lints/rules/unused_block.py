"""NET912: a block that no statement outside it names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from netdsl.checker.names.scope import as_name
from netdsl.core.diagnostics import Code, Diagnostic
from netdsl.core.text import text
from netdsl.language.statements import BLOCK
from netdsl.lints.lint import lint
from netdsl.lints.names import names_in
from netdsl.lints.program import Program

UNUSED_BLOCK = Code(
    "NET912",
    title="a block that is never used",
    meaning="Nothing in the file names the block, so that it is no part of the net.",
    example="block head out { linear out; relu }\ninput 64\nlinear 10",
    instead="block head out { linear out; relu }\ninput 64\nhead 10",
)


@lint(UNUSED_BLOCK)
def find_unused_block(program: Program) -> Iterator[Diagnostic]:
    """Warns at the name of a block that is no part of the net."""
    blocks = [statement for statement in program.file.statements if statement.name.text == BLOCK.name]
    if not blocks:
        return
    used = Counter(name for statement in program.file.statements for name in names_in(statement))
    for block in blocks:
        name = as_name(block.items[0])
        # Names inside its own body are no use of it.
        if name and used[name.text] == Counter(names_in(block))[name.text]:
            message = text("the block `{name}` is never used", name=name.text)
            yield Diagnostic(UNUSED_BLOCK, message, name.span, help="use it by its name, or delete it")

"""The pages of the codes that diagnostics carry."""

from __future__ import annotations

from collections.abc import Iterable

from netdsl.core.diagnostics import Code
from netdsl.core.translation import translate
from netdsl.render.cells import painter, wrap


def code_page(code: Code, *, color: bool = False, columns: int = 80) -> str:
    """One page: what the code means, an example, and what to write instead."""
    paint = painter(color)
    blocks = [[paint(f"{code}: {translate(code.title)}", bold=True)], wrap(translate(code.meaning), columns)]
    for heading, text in (("example", code.example), ("instead", code.instead)):
        if text:
            blocks.append([paint(translate(heading), bold=True), *(f"  {line}" for line in text.splitlines())])
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def code_list(codes: Iterable[Code], *, color: bool = False) -> str:
    """Every code with its title."""
    paint = painter(color)
    return "".join(f"{paint(code, fg='cyan')}  {translate(code.title)}\n" for code in codes)

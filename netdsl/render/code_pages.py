"""The pages of the codes that diagnostics carry."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap

from netdsl.codes.page import Page
from netdsl.render.cells import painter


def code_page(page: Page, *, color: bool = False, columns: int = 80) -> str:
    """One page: what the code means, an example, and what to write instead."""
    paint = painter(color)
    blocks = [[paint(f"{page.code}: {page.title}", bold=True)], wrap(page.meaning, columns)]
    for heading, text in (("example", page.example), ("instead", page.instead)):
        if text:
            blocks.append([paint(heading, bold=True), *(f"  {line}" for line in text.splitlines())])
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def code_list(pages: Iterable[Page], *, color: bool = False) -> str:
    """Every code with its title."""
    paint = painter(color)
    return "".join(f"{paint(page.code, fg='cyan')}  {page.title}\n" for page in pages)

"""The code blocks of README and docs/, and what the comment above each says of it.

A comment such as `<!-- file: broken.net; mistake: NET101, NET201 -->` stands in the line above a block. Its marks:

- `file: NAME`: the block is written into the file NAME, which the blocks below it on the page may name.
- `mistake: CODES`: the net has mistakes, of these codes.
- `output`: the block is what the block of Python, or the cell of a notebook, above it prints.
- `not run: REASON`: the block cannot be run in a test.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
MADE_FOR_SITE = ("docs/reference/", "docs/codes.zh.md", "docs/commands.zh.md", "docs/gallery.zh.md")
"""Pages that building the site writes into docs/."""

PAGES = [
    *(ROOT / name for name in ("README.md", "README.zh.md", "CONTRIBUTING.md")),
    *(
        page
        for page in sorted((ROOT / "docs").rglob("*.md"))
        if not page.relative_to(ROOT).as_posix().startswith(MADE_FOR_SITE)
    ),
]

BLOCK = re.compile(
    r"(?:^<!--(?P<marks>(?:(?!-->).)*)-->\n)?^```(?P<kind>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
KINDS = {"bash", "console", "csv", "ipython", "json", "lisp", "lua", "net", "py", "python", "text", "toml", "yaml"}
MARKS = {"file", "mistake", "not run", "output"}


class Block(NamedTuple):
    """One block of a page."""

    page: Path
    line: int
    kind: str
    text: str
    marks: Mapping[str, str]

    @property
    def place(self) -> str:
        """Where it stands: `docs/tutorial.md:12`."""
        return f"{self.page.relative_to(ROOT).as_posix()}:{self.line}"


def page_language(page: Path) -> str:
    """The language of a page, in which its commands speak: `zh` of `index.zh.md`."""
    return "zh" if page.name.endswith(".zh.md") else "en"


def read_blocks(page: Path, text: str | None = None) -> list[Block]:
    """The blocks of a page in their order."""
    text = page.read_text(encoding="utf-8") if text is None else text
    found = []
    for match in BLOCK.finditer(text):
        line = text.count("\n", 0, match.start("text")) + 1
        found.append(Block(page, line, match["kind"], match["text"], read_marks(match["marks"] or "")))
    return found


def read_marks(comment: str) -> dict[str, str]:
    """What a comment above a block says; `;` parts its marks."""
    marks = (mark.partition(":") for mark in comment.split(";") if mark.strip())
    return {name.strip(): value.strip() for name, _, value in marks}

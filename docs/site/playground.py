"""The playground of the site: the page of `netdsl play --static`, and a link to it below each net of the pages.

It is built where `NETDSL_PLAYGROUND` is set: to `npm`, which fetches Pyodide, or to where Pyodide is, as
`netdsl play --static DIR --pyodide PATH` takes it.
"""

from __future__ import annotations

import base64
import re
import shlex
import zlib
from html import escape
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

from netdsl.play.static.folder import write_static_page
from tests.docs.blocks import BLOCK, Block, page_language, read_marks

FOLDER = "playground"
LABELS = {"en": "Open in the playground", "zh": "在试验页面中打开"}


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001  # MkDocs's signature
    """Adds a link below each block that holds a net."""
    if not config.extra.get("playground"):
        return markdown
    root = "../" * page.url.count("/")
    label = LABELS[page_language(Path(page.file.src_uri))]

    def linked(found: re.Match[str]) -> str:
        block = Block(Path(page.file.src_uri), 0, found["kind"], found["text"], read_marks(found["marks"] or ""))
        net = net_of(block)
        if net is None:
            return found[0]
        return f'{found[0]}\n\n<a class="playground" href="{root}{FOLDER}/{escape(link(net))}">{label}</a>\n'

    return BLOCK.sub(linked, markdown)


def on_post_build(config: MkDocsConfig) -> None:
    """Writes the playground into the site."""
    asked, folder = config.extra.get("playground"), Path(config.site_dir, FOLDER)
    # The site is built once for each language.
    if asked and not folder.exists():
        write_static_page(folder, pyodide=None if asked == "npm" else str(asked))


def net_of(block: Block) -> str | None:
    """The net of a block: a block of the language itself, or the text behind `-e` of its first command."""
    if block.kind == "net":
        return block.text
    first = block.text.partition("\n")[0]
    if block.kind != "console" or not first.startswith("$ netdsl ") or " -e " not in first:
        return None
    words = shlex.split(first.removeprefix("$ "), comments=True)
    return "\n".join(words[words.index("-e") + 1].split("; ")) + "\n"


def link(net: str) -> str:
    """What the playground reads the text of a net from: compressed, in the fragment, which no browser sends."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(net.encode()) + packer.flush()
    return f"#text={base64.urlsafe_b64encode(packed).decode().rstrip('=')}"

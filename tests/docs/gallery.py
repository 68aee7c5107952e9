"""docs/gallery.md: every example and its picture, which `pytest tests/drawing --update-golden` makes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.docs.blocks import ROOT

VOLUMES = ("lenet5", "alexnet", "alexnet_2012", "unet", "vgg")
"""The examples that papers draw as volumes."""

INTRODUCTION = """\
Every example, as `netdsl draw FILE -o net.svg` draws it. Blocks stay closed where the picture would become large:
`--depth N` opens them. `-o net.html` makes a page on which each statement explains itself.
"""


def gallery_page(made: str) -> str:
    """The page, with the mark of pages that are made."""
    return "\n".join(["# Gallery", "", made, "", *INTRODUCTION.splitlines(), "", *_examples()])


def _examples() -> Iterator[str]:
    for path in sorted((ROOT / "examples").glob("*.net")):
        yield f"## {path.name}"
        yield ""
        yield _first_sentence(path)
        yield ""
        yield f"![{path.name}](pictures/{path.stem}.svg)"
        yield ""
        if path.stem in VOLUMES:
            yield f"`netdsl draw examples/{path.name} --style volumes`:"
            yield ""
            yield f"![{path.name} as volumes](pictures/{path.stem}-volumes.svg)"
            yield ""


def _first_sentence(path: Path) -> str:
    """The comment that an example begins with, up to its first line's end."""
    return path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("#").strip()

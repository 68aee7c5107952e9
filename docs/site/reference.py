"""What the site adds to the pages of docs/: the reference, which is made from the program, in each of its languages.

`python -m mkdocs build` calls the functions whose names begin with `on_`. A page `x.zh.md` is the Chinese form of
`x.md`; where there is none, the English page stands in its place.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path, PurePosixPath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

import netdsl
from netdsl.cli.shared.language import choose_language
from netdsl.components import Component, Layer
from netdsl.components.registry import Registry
from netdsl.core.text import text
from netdsl.core.translation import ENGLISH, LANGUAGES, translate
from netdsl.language.statements import STATEMENTS, StatementKind
from netdsl.plugins.registry import load_registry
from netdsl.render.cells import wrap
from netdsl.render.entry import parameter_rows, setting_rows, signature, usage
from netdsl.render.vocabulary import FAMILIES
from tests.docs.blocks import BLOCK
from tests.docs.gallery import gallery_page
from tests.docs.pages import MADE, codes_page, commands_page

WORDS = PurePosixPath("reference")
INTRODUCTION = "Every word of the language: parameters, formula and example, as `netdsl layers NAME` has them."


def on_pre_build(config: MkDocsConfig) -> None:
    """Writes the pages that are made from the program, and the pictures on them, into docs/; git leaves them alone."""
    os.environ["NETDSL_PLUGINS"] = ""  # no page depends on what plugins happen to be installed
    # As files, since the plugin that parts the pages by language takes no others.
    for language in LANGUAGES:
        choose_language(language)
        for name, content in _made_pages(language):
            path = Path(config.docs_dir, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            # `mkdocs serve` builds anew whenever a file changes.
            if not path.is_file() or path.read_text(encoding="utf-8") != content:
                path.write_text(content, encoding="utf-8", newline="\n")
    choose_language(ENGLISH)


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001  # MkDocs's signature
    """Turns links that lead out of docs/, as they do in the repository, into their texts."""
    folder = PurePosixPath(page.file.src_uri).parent

    def mended(link: re.Match[str]) -> str:
        outside = os.path.normpath(folder / link[2]).startswith("..")
        return link[1] if outside else link[0]

    mended_links = re.sub(r"(?<!!)\[([^]\n]+)\]\(((?!http)[^)#\s]+)(?:#[^)]*)?\)", mended, markdown)
    if page.file.src_uri.endswith(".zh.md"):
        return _without_breaks(mended_links)
    language = config.plugins["i18n"].current_language
    if language == ENGLISH:
        return mended_links
    return _to_translated(mended_links, Path(config.docs_dir, folder), language)


def _to_translated(markdown: str, folder: Path, language: str) -> str:
    """An English page that stands in for one of another language: where a page is translated, its headings are too."""

    def mended(link: re.Match[str]) -> str:
        return f"{link[1]}.md" if (folder / f"{link[1]}.{language}.md").is_file() else link[0]

    return re.sub(r"(?<=\]\()((?!http)[^)#\s]+)\.md#[^)\s]*(?=\))", mended, markdown)


def _without_breaks(markdown: str) -> str:
    """A Chinese page whose sentences go over no line's end, where browsers show a blank; its blocks stay."""
    wide = "[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"
    parts, at = list[str](), 0
    for block in BLOCK.finditer(markdown):
        parts += [re.sub(rf"({wide})\n(?={wide})", r"\1", markdown[at : block.start()]), block[0]]
        at = block.end()
    return "".join([*parts, re.sub(rf"({wide})\n(?={wide})", r"\1", markdown[at:])])


def _made_pages(language: str) -> Iterator[tuple[str, str]]:
    """The names of the pages, and of their pictures, with what is in them."""
    suffix = "" if language == ENGLISH else f".{language}"
    registry = load_registry(installed=False)
    listed = []
    for heading, words in _chapters(registry):
        file = f"{heading.replace(' ', '-')}{suffix}.md"
        listed.append(f"- [{translate(heading)}]({file}): {', '.join(f'`{word.name}`' for word in words)}")
        yield str(WORDS / file), _chapter(heading, words)
    head = [f"# {text('words of the language')}", "", translate(INTRODUCTION), ""]
    yield str(WORDS / f"index{suffix}.md"), "\n".join([*head, *listed])
    if language == ENGLISH:
        yield str(WORDS / "python.md"), _python_page()
        yield from _pictures(registry)
    else:
        yield f"codes{suffix}.md", codes_page()
        yield f"commands{suffix}.md", commands_page()
        yield f"gallery{suffix}.md", gallery_page(MADE, language)


def _chapters(registry: Registry) -> Iterator[tuple[str, list[Component | StatementKind]]]:
    """The words by heading, in the order of `netdsl layers`; those that share a function stand as the first of them."""
    yield "statements", list(STATEMENTS.values())
    layers = sorted(registry.layers.values(), key=lambda layer: FAMILIES.index(layer.family))
    for family, members in groupby(layers, key=lambda layer: layer.family):
        yield family, list(_distinct(members))
    for kind, components in registry.components.items():
        if kind is not Layer:
            yield kind.plural, list(_distinct(components.values()))


def _distinct(components: Iterable[Component]) -> Iterator[Component]:
    seen = set[object]()
    for one in components:
        if one.function not in seen:
            seen.add(one.function)
            yield one


def _chapter(heading: str, words: Iterable[Component | StatementKind]) -> str:
    lines = [f"# {translate(heading)}", ""]
    for word in words:
        rows = setting_rows(word) if isinstance(word, StatementKind) else parameter_rows(word)
        written = usage(word) if isinstance(word, StatementKind) else signature(word)
        lines += [f"## {word.name}", "", "```text", *wrap(written, 76, rest="    "), "```", ""]
        lines += [translate(word.doc), "", *_table(rows), ""]
        if isinstance(word, Layer) and word.formula:
            lines += [f"{translate('output size')}:", "", "```text", word.formula, "```", ""]
        if word.example:
            lines += [f"{translate('example')}:", "", "```net", word.example, "```", ""]
        if isinstance(word, Layer) and _picture(word):
            lines += [f"![{word.name}](pictures/{word.name}.svg)", ""]
    return "\n".join(lines)


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table of Markdown, whose first row is its head."""
    for number, row in enumerate(rows):
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
        if number == 0:
            yield "|" + "---|" * len(row)


def _pictures(registry: Registry) -> Iterator[tuple[str, str]]:
    for layer in registry.layers.values():
        if picture := _picture(layer):
            yield str(WORDS / "pictures" / f"{layer.name}.svg"), picture


@cache
def _picture(layer: Layer) -> str:
    """The layer's example, drawn; empty where it does not say what comes in."""
    return "" if netdsl.check(layer.example) else netdsl.draw(layer.example)._repr_svg_()


def _python_page() -> str:
    """The public names of `netdsl`, each by its docstring."""
    names = "\n\n".join(f"::: netdsl.{name}" for name in netdsl.__all__ if not name.startswith("_"))
    return f"# Python\n\nWhat `import netdsl` gives.\n\n{names}\n"

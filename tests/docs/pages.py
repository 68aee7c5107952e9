"""`python -m tests.docs.pages --write`: makes the pages of `MADE_PAGES`, and writes what blocks print and draw now."""

from __future__ import annotations

import argparse
import os
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from pathlib import Path

import click

from netdsl.cli import netdsl
from netdsl.cli.shared.commands import SECTIONS, read_listed
from netdsl.codes import all_codes
from netdsl.core.diagnostics import Code
from netdsl.core.translation import translate
from tests.docs.blocks import PAGES, ROOT
from tests.docs.gallery import gallery_page
from tests.docs.session import Mismatch, drawn_pictures, run_command, run_page

MADE = "<!-- made by `python -m tests.docs.pages --write`: do not edit -->"

KINDS_OF_CODES = {
    "0": "Text",
    "1": "Names and parameters",
    "2": "Shapes",
    "3": "The experiment",
    "4": "Limits and budgets",
    "9": "Lints",
}
"""What the first digit of a code says."""


def commands_page() -> str:
    """Each command with its help, by section."""
    head = translate(
        "`netdsl COMMAND --help` prints the same. Every command ends with status 0 if all is well, 1 if a file\n"
        "has errors, 2 if the command line is wrong, 130 after Ctrl-C and 143 after SIGTERM."
    )
    lines = [f"# {translate('Commands')}", "", MADE, "", head, ""]
    for section in SECTIONS:
        lines += [f"## {translate(section)}", ""]
        for name in sorted(name for name in netdsl.names if read_listed(name).section == section):
            command = netdsl.get_command(click.Context(netdsl), name)
            assert command is not None
            lines += _command_lines(name, command, "###")
    return "\n".join(lines)


def _command_lines(name: str, command: click.Command, heading: str) -> list[str]:
    line = f"netdsl {name} --help"
    shown = [f"{heading} netdsl {name}", "", "```console", f"$ {line}", run_command(line)[1].rstrip(), "```", ""]
    parts = command.commands.items() if isinstance(command, click.Group) else ()
    return shown + [line for part, inner in parts for line in _command_lines(f"{name} {part}", inner, f"{heading}#")]


def codes_page() -> str:
    """Each code with its page, by kind."""
    head = translate(
        "Every mistake that `netdsl check` reports has a code. `netdsl check --explain NET201` prints its page."
    )
    lines = [f"# {translate('Codes')}", "", MADE, "", head, ""]
    for digit, codes in groupby(all_codes().values(), key=lambda code: code[3]):
        lines += [f"## {translate(KINDS_OF_CODES[digit])}", ""]
        for code in codes:
            lines += _code_lines(code)
    return "\n".join(lines)


def _code_lines(code: Code) -> list[str]:
    lines = [f"### {code}: {translate(code.title)}", "", translate(code.meaning), ""]
    for caption, mark, text in (
        ("example", f"<!-- mistake: {code} -->\n", code.example),
        ("instead", "", code.instead),
    ):
        if text:
            lines += [f"{translate(caption).capitalize()}:", "", f"{mark}```net", text, "```", ""]
    return lines


MADE_PAGES: Mapping[Path, Callable[[], str]] = {
    ROOT / "docs" / "commands.md": commands_page,
    ROOT / "docs" / "codes.md": codes_page,
    ROOT / "docs" / "gallery.md": lambda: gallery_page(MADE),
}
"""The pages that are made from the program."""


def mend(page: Path) -> list[Mismatch]:
    """Writes into the blocks of a page what the program prints now; returns what has to be mended by hand."""
    with tempfile.TemporaryDirectory() as folder:
        wrong = run_page(page, Path(folder))
        for picture, svg in drawn_pictures(page, Path(folder)):
            picture.write_text(svg, encoding="utf-8", newline="\n")
    text = page.read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    for one in reversed(wrong):
        if one.printed is not None and not re.search("^…$", one.block.text, re.MULTILINE):
            start = one.block.line - 1
            lines[start : start + one.block.text.count("\n")] = [one.printed]
    page.write_text("".join(lines), encoding="utf-8", newline="\n")
    return [one for one in wrong if one.printed is None or re.search("^…$", one.block.text, re.MULTILINE)]


def main(arguments: Sequence[str] | None = None) -> None:
    """Writes the pages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", required=True, help="write into docs/")
    parser.add_argument("pages", nargs="*", type=Path, help="only these pages")
    asked = parser.parse_args(arguments)
    os.environ["NETDSL_PLUGINS"] = ""  # no page depends on what plugins happen to be installed
    for page, make in MADE_PAGES.items():
        page.parent.mkdir(exist_ok=True)
        page.write_text(make(), encoding="utf-8", newline="\n")
    for page in [path.resolve() for path in asked.pages] or PAGES:
        for one in mend(page):
            print(f"{one.block.place}: {one.reason}\n{one.printed or ''}")


if __name__ == "__main__":
    main()

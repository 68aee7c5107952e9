"""Nets of Dive into Deep Learning, and their lines beside the book's.

    python -m tests.benchmarks.course                      # checks and trains each, and prints the table
    python -m tests.benchmarks.course --write              # and puts it into docs/compared.md and its translation
    python -m tests.benchmarks.course --book FOLDER        # counts the book's lines again, in a copy of the book

Each row is checked, and trained for two steps on a few samples of data that are always there. The book's lines are
those of the classes and functions that a row names, in the code for PyTorch of https://github.com/d2l-ai/d2l-en at
commit 23d7a5a, as `book_lines.py` counts them. Ours are those of `net`; the `data`, `metrics` and `train` lines stand
for what the book has in its trainer, which is not counted either.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import netdsl
from netdsl.builtins.files.text_files import shipped_text
from netdsl.core.errors import NetdslError
from tests.benchmarks.book_lines import count_book
from tests.benchmarks.course_nets import CHINESE, ROWS, Row
from tests.data.house_prices import make_houses, write_houses

ROOT = Path(__file__).parents[2]
HEADS = {
    "": "| net | theirs | ours | checked | trained |\n|---|---:|---:|---|---|\n",
    ".zh": "| 网络 | 书中 | 这里 | 检查 | 训练 |\n|---|---:|---:|---|---|\n",
}
WORDS = {"": ("yes", "no", "not yet"), ".zh": ("是", "否", "尚无")}
SHORT = {"train.steps": "2", "train.test_train": "0", "train.report": "false"}
TABLE = re.compile(r"\| [^\n]* \|\n\|---\|---:\|---:\|---\|---\|\n(?:\|.*\|\n)*(?:\n(?:[0-9]+\. .*\n)+)?")
"""The table in a page, with its notes."""


class Outcome(NamedTuple):
    """What became of a row."""

    row: Row
    checked: bool = False
    trained: bool = False


def count_lines(net: str) -> int:
    """The lines that are written, without blank ones and comments."""
    return sum(bool(line.partition("#")[0].strip()) for line in net.splitlines())


def whole_file(row: Row) -> str:
    """What is checked and trained: the net, put where the rest of the file has `BODY`, else before it."""
    text = row.data.replace("BODY", row.net) if "BODY" in row.data else f"{row.data}\n{row.net}"
    return f"{text}\n".replace("VOCABULARY", str(len(set(shipped_text("python_docs"))))).replace("WEIGHTS", "first")


def try_row(row: Row) -> Outcome:
    """Checks a row and trains it, in the folder that `lay_out` has filled."""
    if not row.net:
        return Outcome(row)
    file = Path("net.net")
    file.write_text(whole_file(row), encoding="utf-8")
    # One net of those that a run with folds trains.
    settings = SHORT | ({"data.fold": "1"} if "folds=" in row.net else {})
    mistakes = [one for one in netdsl.check(file) if one.severity == "error"]
    try:
        if not mistakes:
            netdsl.train(file, overrides=settings, out=tempfile.mkdtemp(dir="."), device="cpu", quiet=True)
            return Outcome(row, checked=True, trained=True)
        print(row.title, *(f"{one.code}: {one.message}" for one in mistakes), sep="\n  ")
    except NetdslError as error:
        print(row.title, error, sep="\n  ")
    return Outcome(row, checked=not mistakes)


def lay_out() -> None:
    """Puts the data of all rows, and weights for the one that begins with some, into the working directory."""
    Path("examples").symlink_to(ROOT / "examples")
    write_houses(Path("houses.csv"), make_houses(200))
    with Path("lines.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["line", "source"])
        for source in ("python_docs", "nets"):
            lines = [line.strip() for line in shipped_text(source).splitlines() if len(line) > 30]
            table.writerows([line, source] for line in lines[:200])
    fine_tuning = next(row for row in ROWS if "WEIGHTS" in row.net)
    before = whole_file(fine_tuning._replace(net=re.sub(r"^(pretrained|optimizer).*", "", fine_tuning.net, flags=re.M)))
    Path("first.net").write_text(before, encoding="utf-8")
    netdsl.train(Path("first.net"), overrides=SHORT, out="first", device="cpu", quiet=True)


def make_table(outcomes: Sequence[Outcome], language: str) -> str:
    """The table as a page has it, and what is not as in the book below."""
    yes, no, not_yet = WORDS[language]
    lines, notes = [HEADS[language]], list[str]()
    for row, checked, trained in outcomes:
        note = CHINESE[row.note] if language and row.note else row.note
        if note and note not in notes:
            notes.append(note)
        mark = f" <sup>{notes.index(note) + 1}</sup>" if note else ""
        title = CHINESE[row.title] if language else row.title
        ours = str(count_lines(row.net)) if row.net else not_yet
        lines.append(
            f"| {title}{mark} | {row.theirs} | {ours} | {yes if checked else no} | {yes if trained else no} |\n"
        )
    return "".join(lines) + "\n" + "".join(f"{number}. {note}\n" for number, note in enumerate(notes, 1))


def write_table(outcomes: Sequence[Outcome]) -> None:
    """Puts the table into the page and its translation."""
    for language in HEADS:
        page = ROOT / "docs" / f"compared{language}.md"
        before, after = TABLE.split(page.read_text(encoding="utf-8"))
        page.write_text(before + make_table(outcomes, language) + after, encoding="utf-8")


def compare_with_book(book: Path) -> None:
    """Prints each row whose lines in the book are others; ends with status 1 if there is one."""
    wrong = []
    for row in ROWS:
        found = count_book(book / f"chapter_{row.page}.md", row.names, row.library)
        if found != row.theirs:
            wrong.append(f"{row.title}: {found} lines in the book, {row.theirs} here")
    print(*wrong or [f"{len(ROWS)} rows are as in the book"], sep="\n")
    sys.exit(bool(wrong))


def main() -> None:
    """Prints the table, or does what the options say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put the table into the pages")
    parser.add_argument("--book", type=Path, help="count the book's lines in this copy, and compare them")
    given = parser.parse_args()
    if given.book:
        compare_with_book(given.book)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        lay_out()
        outcomes = [try_row(row) for row in ROWS]
    print(make_table(outcomes, ""))
    if given.write:
        write_table(outcomes)


if __name__ == "__main__":
    main()

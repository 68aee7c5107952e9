"""Counts what makes the package easy or hard to find one's way in, and how many files an errand touched.

`python -m tests.metrics` prints the numbers of this tree, with `--against REV` those of a revision beside them.
`python -m tests.metrics errands REV...` prints how many files of the package each of these commits touched.
"""

from __future__ import annotations

import argparse
import ast
import io
import math
import statistics
import subprocess
import tarfile
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = "netdsl"
PRAGMAS = ("type:", "noqa", "pragma:", "fmt:")
"""What comments that speak to a program begin with."""

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def is_counted(path: str) -> bool:
    """Whether a file is the package's source, the README or a page of the documentation."""
    folder = path.split("/")[0]
    is_source = folder == PACKAGE and path.endswith(".py")
    return is_source or path == "README.md" or (folder == "docs" and path.endswith(".md"))


def read_tree(root: Path) -> dict[str, str]:
    """The counted files of a folder: each path, and its text."""
    found = [root / "README.md", *(root / PACKAGE).rglob("*.py"), *(root / "docs").rglob("*.md")]
    paths = {path.relative_to(root).as_posix(): path for path in found if path.is_file()}
    return {name: path.read_text(encoding="utf-8") for name, path in sorted(paths.items())}


def read_revision(revision: str, root: Path = ROOT) -> dict[str, str]:
    """The counted files of a revision, out of an archive that git makes: nothing is checked out."""
    archive = subprocess.run(["git", "archive", revision], cwd=root, capture_output=True, check=True).stdout
    files = {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            content = tar.extractfile(member) if is_counted(member.name) else None
            if content is not None:
                files[member.name] = content.read().decode("utf-8")
    return files


def find_comments(text: str) -> Iterator[bool]:
    """The comments that are written for a reader, neither docstrings nor words to a linter: has each a line alone?"""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and not token.string.lstrip("# ").startswith(PRAGMAS):
            yield token.line.lstrip().startswith("#")


def count_any(tree: ast.AST) -> int:
    """How often `Any` is written, its imports aside."""
    names = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]
    attributes = [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    return names.count("Any") + attributes.count("Any")


def module_of(path: str) -> str:
    """The dotted name of a source file."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def find_imports(tree: ast.AST) -> Iterator[str]:
    """Whatever a file imports: modules, and what may be a module or a name in one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (name for alias in node.names for name in (str(node.module), f"{node.module}.{alias.name}"))


def count_own_imports(tree: ast.AST, modules: Set[str]) -> int:
    """How many modules of the package a file imports; its root is none of them."""
    return len(set(find_imports(tree)) & modules - {PACKAGE})


def spread(sizes: Sequence[int], *, p95: bool = False) -> str:
    """The median and the largest of some sizes, with `p95` the value between them that 95 in 100 do not exceed."""
    if not sizes:
        return "–"
    ordered = sorted(sizes)
    between = [ordered[math.ceil(0.95 * (len(ordered) - 1))]] if p95 else []
    return " / ".join(f"{number:,.0f}" for number in [statistics.median(ordered), *between, ordered[-1]])


def measure(files: Mapping[str, str]) -> dict[str, str]:
    """Each number that is printed, with its caption.

    Args:
        files: paths from the root of the repository, and their texts.
    """
    sources = {path: text for path, text in files.items() if path.endswith(".py")}
    lengths = {path: len(text.splitlines()) for path, text in sources.items()}
    trees = {path: ast.parse(text, path) for path, text in sources.items()}
    modules = {module_of(path) for path in sources}
    nodes = [node for tree in trees.values() for node in ast.walk(tree)]
    functions = [node for node in nodes if isinstance(node, FUNCTIONS)]
    function_lengths = [(node.end_lineno or node.lineno) - node.lineno + 1 for node in functions]
    classes = Counter(node.name for node in nodes if isinstance(node, ast.ClassDef))
    total = sum(lengths.values())
    comments = [alone for text in sources.values() for alone in find_comments(text)]
    return {
        "files": f"{len(sources):,}",
        "lines": f"{total:,}",
        "median / longest file": spread(list(lengths.values())),
        "median / p95 / longest function": spread(function_lengths, p95=True),
        "comment lines in 100": f"{100 * sum(comments) / max(total, 1):.2f}",
        "comments in 100 lines, those behind code too": f"{100 * len(comments) / max(total, 1):.2f}",
        "class names used twice": f"{sum(count > 1 for count in classes.values())} of {len(classes)}",
        "`Any`": f"{sum(count_any(tree) for tree in trees.values()):,}",
        "imports of its own, most in a file": str(
            max((count_own_imports(tree, modules) for tree in trees.values()), default=0)
        ),
        "lines of README": str(len(files.get("README.md", "").splitlines())),
        "pages of docs": str(sum(path.startswith("docs/") for path in files)),
    }


def format_table(rows: Iterable[Sequence[str]]) -> str:
    """Columns as wide as their widest cell, the first to the left and the others to the right."""
    table = [list(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join(
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in table
    )


def read_errand(revision: str, root: Path = ROOT) -> tuple[str, str, str]:
    """A commit's subject, and how many files of the package and of the rest it touched."""
    command = ["git", "show", "--format=%s", "--name-only", revision]
    shown = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    subject, *paths = [line for line in shown.splitlines() if line]
    ours = sum(path.startswith(f"{PACKAGE}/") for path in paths)
    return subject, str(ours), str(len(paths) - ours)


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", metavar="REV", help="the revision to print beside this tree")
    errands = parser.add_subparsers(dest="command").add_parser("errands", help="count the files that commits touched")
    errands.add_argument("revisions", metavar="REV", nargs="+")
    asked = parser.parse_args(arguments)
    if asked.command:
        rows = [read_errand(revision) for revision in asked.revisions]
        print(format_table([("commit", f"files of {PACKAGE}", "others"), *rows]))
        return
    columns = {"this tree": measure(read_tree(ROOT))}
    if asked.against:
        columns = {asked.against: measure(read_revision(asked.against)), **columns}
    captions = next(iter(columns.values()))
    print(
        format_table([("", *columns), *([name, *(column[name] for column in columns.values())] for name in captions)])
    )


if __name__ == "__main__":
    main()

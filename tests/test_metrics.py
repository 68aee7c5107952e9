import os
import subprocess
from pathlib import Path

import pytest

from tests.metrics import format_table, measure, read_errand, read_revision, read_tree

FIRST = '''"""One."""

from typing import Any

import netdsl.second

# a reader wants to know why


class Twice:
    """A # in a docstring is no comment."""

    def method(self, value: Any) -> Any:  # behind code
        return value


def long() -> None:
    netdsl.second  # noqa: B018
    netdsl.second
    netdsl.second
'''
SECOND = '''"""Two."""

from netdsl import first, name
import netdsl.first


class Twice: ...


class Once: ...
'''
TREE = {
    "netdsl/first.py": FIRST,
    "netdsl/second.py": SECOND,
    "netdsl/data.txt": "not counted",
    "README.md": "a\nb\n",
    "docs/index.md": "page\n",
    "docs/more/tutorial.md": "page\n",
    "tests/test_first.py": "not = counted\n",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in TREE.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def git(root: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"]
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True, env=environment)


def test_what_is_counted(tree: Path) -> None:
    assert measure(read_tree(tree)) == {
        "files": "2",
        "lines": "30",
        "median / longest file": "15 / 20",
        "median / p95 / longest function": "3 / 4 / 4",
        "comment lines in 100": "3.33",
        "comments in 100 lines, those behind code too": "6.67",
        "class names used twice": "1 of 2",
        "`Any`": "2",
        "imports of its own, most in a file": "1",
        "lines of README": "2",
        "pages of docs": "2",
    }


def test_an_empty_tree_has_no_sizes(tmp_path: Path) -> None:
    assert measure(read_tree(tmp_path))["median / longest file"] == "–"


def test_a_revision_is_read_as_a_folder_is(tree: Path) -> None:
    git(tree, "init", "--quiet")
    git(tree, "add", ".")
    git(tree, "commit", "--quiet", "-m", "Begin")
    files = read_tree(tree)
    (tree / "netdsl" / "first.py").unlink()
    assert read_revision("HEAD", tree) == files


def test_an_errand_counts_the_files_that_its_commit_touched(tree: Path) -> None:
    git(tree, "init", "--quiet")
    git(tree, "add", ".")
    git(tree, "commit", "--quiet", "-m", "Begin")
    (tree / "netdsl" / "third.py").write_text("", encoding="utf-8")
    (tree / "README.md").unlink()
    git(tree, "add", ".")
    git(tree, "commit", "--quiet", "-m", "Add a third\n\nnetdsl/ stands in the body too.")
    assert read_errand("HEAD", tree) == ("Add a third", "1", "1")


def test_numbers_stand_to_the_right() -> None:
    assert format_table([("", "before", "after"), ("files", "1,266", "9")]) == (
        "       before  after\nfiles   1,266      9"
    )

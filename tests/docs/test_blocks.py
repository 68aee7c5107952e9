"""Every code block of README and docs/ does what the page says."""

import os
from pathlib import Path

import pytest

from tests.docs.blocks import KINDS, MARKS, PAGES, ROOT, read_blocks
from tests.docs.session import drawn_pictures, is_same, run_page

BLOCKS = [block for page in PAGES for block in read_blocks(page)]
HINT = "`python -m tests.docs.pages --write` writes what the program prints now"


NOT_RUN = {
    "README.md": [
        "it installs, tests/test_readme.py runs its last line",
        "it installs and runs this test, .ci/run runs it",
    ],
    "README.zh.md": ["README.md has the same block, which is tested there"],
    "docs/ci.md": ["it is a file for another tool", "it is a file for another tool"],
    "docs/ci.zh.md": ["it is a file for another tool", "it is a file for another tool"],
    "docs/coming-from.md": ["it is a text, and Keras need not be installed"],
    "docs/coming-from.zh.md": ["it is a text, and Keras need not be installed"],
    "docs/finetuning.md": ["it downloads weights"],
    "docs/finetuning.zh.md": ["it downloads weights"],
    "docs/images.md": ["it downloads weights"],
    "docs/images.zh.md": ["it downloads weights"],
    "docs/start.md": ["it installs", "it installs", "it installs"],
    "docs/start.zh.md": ["it installs", "it installs", "it installs"],
    "docs/text.md": ["it trains for some minutes"],
    "docs/text.zh.md": ["it trains for some minutes"],
    "docs/contributing/index.md": [
        "it installs and runs all tests, .ci/run does so",
        "it installs, and builds the site, tests/docs/test_site.py does so",
    ],
    "docs/distributed.md": ["it needs two machines", "it needs Slurm"],
    "docs/distributed.zh.md": ["it needs two machines", "it needs Slurm"],
    "docs/editors.md": ["it installs a package"],
    "docs/editors.zh.md": ["it installs a package"],
    "docs/import.md": ["it is a text, and Keras need not be installed"],
    "docs/import.zh.md": ["it is a text, and Keras need not be installed"],
    "docs/language.md": ["the grammar, in words"],
    "docs/language.zh.md": ["the grammar, in words"],
    "docs/play.md": ["it serves a page until Ctrl-C", "it fetches Pyodide"],
    "docs/play.zh.md": ["it serves a page until Ctrl-C", "it fetches Pyodide"],
    "docs/plugins/directory.md": ["it installs a package"],
    "docs/plugins/directory.zh.md": ["it installs a package"],
    "docs/plugins/hooks.md": ["the commands of an installed plugin, tests/plugins/test_commands.py installs one"],
    "docs/plugins/hooks.zh.md": ["the commands of an installed plugin, tests/plugins/test_commands.py installs one"],
    "docs/plugins/tutorial.md": ["it installs a package"],
    "docs/plugins/tutorial.zh.md": ["it installs a package"],
}
"""The blocks that cannot be run, and why."""

POSIX = {"distributed.md", "distributed.zh.md"}
"""Pages about what is only for Unix."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_block_does_what_the_page_says(page: Path, tmp_path: Path) -> None:
    if page.name in POSIX and os.name != "posix":
        pytest.skip("torch's launcher is POSIX's")
    wrong = [f"{one.block.place}: {one.reason}\n{one.printed or ''}" for one in run_page(page, tmp_path)]
    assert not wrong, "\n".join([*wrong, HINT])
    for picture, svg in drawn_pictures(page, tmp_path):
        assert picture.is_file(), f"{picture.name} is missing: {HINT}"
        assert picture.read_text(encoding="utf-8") == svg, f"{picture.name} is drawn otherwise: {HINT}"


def test_blocks_and_their_marks_are_of_known_kinds() -> None:
    assert [block.place for block in BLOCKS if block.kind not in KINDS] == []
    assert [block.place for block in BLOCKS if block.marks.keys() - MARKS] == []


def test_what_is_not_run_has_its_reason() -> None:
    found: dict[str, list[str]] = {}
    for block in BLOCKS:
        if "not run" in block.marks:
            found.setdefault(block.page.relative_to(ROOT).as_posix(), []).append(block.marks["not run"])
    assert found == NOT_RUN


def test_every_block_is_found() -> None:
    for page in PAGES:
        fences = [line for line in page.read_text(encoding="utf-8").splitlines() if line.lstrip().startswith("```")]
        assert len(fences) == 2 * len(read_blocks(page)), f"a fence in {page.name} is indented, or never closed"


@pytest.mark.parametrize(
    ("shown", "printed", "measured", "same"),
    [
        ("loss 0.2", "loss 0.3", True, True),
        ("loss 0.2", "loss 0.3", False, False),
        ("a\n…\nd", "a\nb\nc\nd", False, True),
        ("a\n…\nd", "a\nd", False, True),
        ("a\n…\nd", "a\nb\nc", False, False),
        ("1  0.85 s", "10    2.4 s", True, True),
        ("1  0.85 s", "10    1 min 2 s", True, True),
        ("accuracy 90 %", "loss 90 %", True, False),
    ],
)
def test_outputs_are_compared(shown: str, printed: str, measured: bool, same: bool) -> None:
    assert is_same(shown, printed, measured=measured) is same

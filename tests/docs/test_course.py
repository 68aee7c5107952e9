"""Every lesson of the course has its parts, in both languages."""

from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, Block, read_blocks

LESSONS = sorted(page for page in (ROOT / "docs" / "course").glob("[0-9]*.md") if not page.name.endswith(".zh.md"))


def commands(blocks: list[Block]) -> list[str]:
    """The command lines of a page."""
    return [line for block in blocks if block.kind == "console" for line in block.text.splitlines() if line[:1] == "$"]


@pytest.mark.parametrize("page", LESSONS, ids=lambda page: page.stem)
def test_a_lesson_has_a_picture_pytorch_and_an_exercise(page: Path) -> None:
    blocks = read_blocks(page)
    lines = commands(blocks)
    assert "](../pictures/" in page.read_text(encoding="utf-8")
    assert any(line.startswith("$ netdsl export ") for line in lines)
    exercises = [block for block in blocks if block.kind == "net" and block.marks.get("file") == "exercise.net"]
    assert len(exercises) >= 2
    assert all("budget " in block.text for block in exercises)
    # The block test holds that the first fails with these mistakes, and that the last checks.
    assert "mistake" in exercises[0].marks
    assert "mistake" not in exercises[-1].marks
    assert lines.count("$ netdsl check exercise.net") == len(exercises)


@pytest.mark.parametrize("page", LESSONS, ids=lambda page: page.stem)
def test_a_lesson_runs_the_same_in_chinese(page: Path) -> None:
    english, chinese = read_blocks(page), read_blocks(page.with_name(f"{page.stem}.zh.md"))
    assert commands(chinese) == commands(english)
    nets = [[(one.marks, one.text) for one in blocks if one.kind != "console"] for blocks in (english, chinese)]
    assert nets[0] == nets[1]

"""A few of the random edits; `python -m tests.editor.random_edits` makes as many as one wants."""

import gc
from itertools import count, islice
from pathlib import Path

import pytest

from netdsl.editor import hints
from tests.editor.random_edits import edit
from tests.editor.texts import ROOT, document


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.net")), ids=lambda path: path.name)
def test_every_version_is_answered_as_a_fresh_check_would(path: Path) -> None:
    edit(path, edits=8, seed=1)


def test_nothing_is_left_of_old_versions() -> None:
    """However many edits there are, nothing is held of the versions before the last."""
    editor = document()
    # The numbers come again, the comments never do.
    texts = (f"use resnet\ninput 3x8x8\nbasic {number % 40 + 1}\nconv 8 k{number % 5 + 1} # {number}\n"
             for number in count(1))  # fmt: skip

    def edit_on(times: int) -> int:
        for text in islice(texts, times):
            reading = editor.read(text)
            assert hints(reading)
            assert reading.diagnostics is not None
        gc.collect()
        return len(gc.get_objects())

    before = edit_on(200)
    # Each version has hundreds of objects of its own; caches with a limit may still be filling with a few.
    assert edit_on(200) - before < 200 * 10

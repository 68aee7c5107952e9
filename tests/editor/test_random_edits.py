"""A few of the random edits; `python -m tests.editor.random_edits` makes as many as one wants."""

from pathlib import Path

import pytest

from tests.editor.random_edits import edit
from tests.editor.texts import ROOT


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.net")), ids=lambda path: path.name)
def test_every_version_is_answered_as_a_fresh_check_would(path: Path) -> None:
    edit(path, edits=8, seed=1)

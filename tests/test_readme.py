"""README.md is a README: short, and its commands work. `tests/docs` runs its other blocks."""

import shlex
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from netdsl.cli import netdsl
from tests.docs.blocks import ROOT, read_blocks

README = ROOT / "README.md"
TEXT = README.read_text(encoding="utf-8")
LINES = 150


def section(heading: str) -> str:
    return TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def test_it_is_short() -> None:
    assert len(TEXT.splitlines()) <= LINES


@pytest.mark.parametrize("heading", ["Run it", "Test it"])
def test_each_set_up_is_one_block(heading: str) -> None:
    (block,) = read_blocks(README, section(heading))
    assert block.kind == "bash"
    first, second, *_ = block.text.splitlines()
    assert first == "python3 -m venv .venv"
    assert second.startswith(".venv/bin/pip install ")


def test_what_run_it_runs_trains_on_data_that_ship_with_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (block,) = read_blocks(README, section("Run it"))
    command = block.text.splitlines()[-1].removeprefix(".venv/bin/netdsl ")
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NETDSL_DATA", str(tmp_path / "nothing"))
    result = CliRunner().invoke(netdsl, [*shlex.split(command), "--set", "train.steps=2", "--device", "cpu"])
    assert result.exit_code == 0, result.output
    assert "best accuracy" in result.output
    assert not (tmp_path / "nothing").exists()


def test_test_it_ends_with_the_tests() -> None:
    (block,) = read_blocks(README, section("Test it"))
    assert block.text.splitlines()[-1].startswith(".venv/bin/python -m pytest")

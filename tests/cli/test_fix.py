import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from netdsl.cli import netdsl

WRONG = """\
input 3×32×32   # a comment stays
conv 3=>32, k5 p2; maxpool 2
conv(32, 32, kernel_size=5, padding=2); maxpol 2
flaten
linear 1000->64; relu
linear 64->10
"""
RIGHT = """\
input 3x32x32   # a comment stays
conv 3->32 k5 p2; maxpool 2
conv 32->32 kernel_size=5 padding=2; maxpool 2
flatten
linear 2048->64; relu
linear 64->10
"""


def fix(*arguments: str, input: str | None = None) -> Result:
    return CliRunner().invoke(netdsl, ["fix", "--no-plugins", *arguments], input=input)


@pytest.fixture
def file(net_file: Callable[[str], Path]) -> Path:
    return net_file(WRONG)


def test_fixes_are_applied_until_none_is_left(file: Path) -> None:
    result = fix("net.net")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "applied 7 fixes to net.net\n")
    assert file.read_text(encoding="utf-8") == RIGHT
    assert fix("net.net").stderr == ""


def test_diff_shows_them_and_writes_nothing(file: Path) -> None:
    result = fix("net.net", "--diff")
    assert result.exit_code == 0
    assert "\n-linear 1000->64; relu\n" in result.stdout
    assert "\n+linear 2048->64; relu\n" in result.stdout
    assert file.read_text(encoding="utf-8") == WRONG


def test_what_cannot_be_fixed_is_printed(file: Path) -> None:
    file.write_text("input 3x32x32\nconv @\nconv 3->32 k5 p2\nlinear =>10\n")
    result = fix("net.net")
    assert result.exit_code == 1
    assert "applied 1 fix to net.net" in result.stderr
    assert "error[NET001]: cannot read `@`" in result.stderr
    assert file.read_text() == "input 3x32x32\nconv @\nconv 3->32 k5 p2\nlinear ->10\n"


def test_a_hole_is_filled(file: Path) -> None:
    file.write_text("input 3x32x32\nconv 3->8 k5 p?\nflatten\nlinear 8192->10\n")
    assert fix("net.net").exit_code == 0
    assert file.read_text() == "input 3x32x32\nconv 3->8 k5 p2\nflatten\nlinear 8192->10\n"


def test_standard_input_goes_to_standard_output() -> None:
    result = fix("-", input=WRONG)
    assert (result.exit_code, result.stdout, result.stderr) == (0, RIGHT, "")


def test_settings_are_those_of_check(file: Path) -> None:
    file.write_text("let width=8\nflatten\nlinear 9->width\n")
    fix("net.net", "--set", "width=16", "--set", "input=3x8x8")
    assert file.read_text() == "let width=8\nflatten\nlinear 192->width\n"


def test_files_are_needed() -> None:
    assert fix().exit_code == 2


UNSAFE = "data mnist\nflattn\nlinear 10; softmax; dropout\n"


def test_an_unsafe_fix_waits_to_be_asked_for(file: Path) -> None:
    file.write_text(UNSAFE)
    result = fix("net.net")
    assert result.exit_code == 0
    assert file.read_text() == UNSAFE.replace("flattn", "flatten")
    assert "= unsafe fix: delete it" in result.stderr
    assert result.stderr.startswith("applied 1 fix to net.net\n")
    assert result.stderr.endswith("\n2 unsafe fixes left; `--unsafe` applies them too\n")
    result = fix("net.net", "--unsafe")
    assert (result.exit_code, result.stderr) == (0, "applied 2 fixes to net.net\n")
    assert file.read_text() == "data mnist\nflatten\nlinear 10\n"


def test_shapes_counts_the_warnings_unless_it_is_asked_for_them(file: Path) -> None:
    file.write_text("input 8; linear 8; relu; relu; linear 4; linear 2\n")
    runner = CliRunner()
    result = runner.invoke(netdsl, ["shapes", "--no-plugins", "net.net"])
    assert (result.exit_code, result.stderr) == (0, "2 warnings; `--warnings` shows them\n")
    asked = runner.invoke(netdsl, ["shapes", "--no-plugins", "--warnings", "net.net"])
    assert asked.stdout == result.stdout
    assert "warning[NET910]" in asked.stderr
    assert "warning[NET901]" in asked.stderr
    file.write_text("input 8; linear 8\n")
    assert runner.invoke(netdsl, ["shapes", "--no-plugins", "net.net"]).stderr == ""


def test_one_unsafe_fix_is_one(file: Path) -> None:
    file.write_text("input 8; linear 8; relu; relu")
    assert fix("net.net").stderr.endswith("\n1 unsafe fix left; `--unsafe` applies it too\n")


def test_machines_read_whether_a_fix_is_safe() -> None:
    text = "input 8; relu; relu; liner 4"
    result = CliRunner().invoke(netdsl, ["check", "--no-plugins", "--format", "json", "-e", text])
    (mistake,) = json.loads(result.stdout)
    assert mistake["fix"] == {"edits": [{"start": 21, "end": 26, "text": "linear"}], "safe": True}
    result = CliRunner().invoke(
        netdsl, ["check", "--no-plugins", "--format", "json", "-e", text.replace("liner", "linear")]
    )
    (lint,) = json.loads(result.stdout)
    assert lint["fix"] == {"edits": [{"start": 13, "end": 19, "text": ""}], "safe": False}

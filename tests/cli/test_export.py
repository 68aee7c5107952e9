import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from netdsl.cli import netdsl

NET = "let width=8\nvariant wide width=16\ninput 3x8x8; conv width k3 p1; relu; flatten; linear 10"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(netdsl, ["export", *arguments, "--no-plugins"], prog_name="netdsl")


@pytest.fixture
def file(net_file: Callable[[str], Path]) -> Path:
    return net_file(NET)


def test_a_net_is_printed_or_written(file: Path) -> None:
    printed = run(str(file))
    assert printed.exit_code == 0
    assert printed.stdout.startswith(
        '"""net.net, as plain PyTorch."""\n\nfrom torch import nn\n\n\nclass Net(nn.Sequential):\n'
    )
    written = run(str(file), "-o", "model.py")
    assert (written.exit_code, written.stdout) == (0, "")
    assert Path("model.py").read_text(encoding="utf-8") == printed.stdout


def test_the_title_says_what_was_asked_for(file: Path) -> None:
    text = run(str(file), "--variant", "wide", "--set", "input=3x4x4").stdout
    assert text.startswith('"""net.net, variant wide, input=3x4x4, as plain PyTorch."""')
    assert "nn.Conv2d(3, 16, 3, padding=1)" in text
    assert "nn.Linear(256, 10)" in text


def test_a_wrong_net_is_not_written(file: Path) -> None:
    result = run("-e", "input 3x8x8; linear 4->10", "-o", "model.py")
    assert (result.exit_code, result.stdout, Path("model.py").exists()) == (1, "", False)
    assert "error[NET201]" in result.stderr


def test_a_target_that_there_is_none_of(file: Path) -> None:
    result = run(str(file), "--to", "tensorflow")
    assert (result.exit_code, result.stdout) == (2, "")
    targets = "python, onnx, pth, safetensors, script or torch"
    assert result.stderr.splitlines()[0] == f"error: wrong value of `--to`: `tensorflow` is not {targets}"


def test_a_place_that_cannot_be_written_to(file: Path) -> None:
    result = run(str(file), "-o", "nowhere/model.py")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: `nowhere/model.py` cannot be written: no such file or directory\n")


def test_a_net_is_not_written_over(file: Path) -> None:
    refused = run(str(file), "-o", str(file))
    assert refused.exit_code == 2
    assert "is what the command reads: write another name behind `-o`" in refused.stderr
    assert file.read_text(encoding="utf-8") == NET


def test_samples_are_not_written_over(file: Path) -> None:
    refused = CliRunner().invoke(netdsl, ["predict", ".", str(file), "-o", str(file)], prog_name="netdsl")
    assert refused.exit_code == 2
    assert file.read_text(encoding="utf-8") == NET


def test_torch_is_not_imported() -> None:
    script = f"""
import sys
from netdsl.cli import netdsl
try:
    netdsl(["export", "-e", {NET!r}])
except SystemExit as end:
    assert end.code == 0
assert "torch" not in sys.modules
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr

"""Code that learners paste is told apart from nets with mistakes: one error, which leads on."""

from pathlib import Path

import pytest
from click.testing import CliRunner

import netdsl
from netdsl.cli import netdsl as command

TABLE = "=====\nLayer (type:depth-idx)        Output Shape     Param #\n=====\n├─Conv2d: 1-1   [1, 8, 6, 6]   224\n"


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("import torch\nx = 1\n", "this is code for PyTorch, not a net of the language"),
        ("nn.Sequential(\n    nn.Conv2d(3, 16, 3),\n)\n", "this is code for PyTorch, not a net of the language"),
        ("class Net(nn.Module):\n    pass\n", "this is code for PyTorch, not a net of the language"),
        (
            "from tensorflow import keras\nmodel = keras.Sequential([])\n",
            "this is code for Keras, not a net of the language",
        ),
        ("# a net\n\n[net]\nbatch=64\n", "this is a `.cfg` of darknet, not a net of the language"),
        (
            "Sequential(\n  (0): Linear(in_features=4, out_features=2, bias=True)\n)\n",
            "this is a net that torch has printed, not a net of the language",
        ),
        (TABLE, "this is a table of layers, which does not say how they are set"),
    ],
)
def test_code_for_another_tool_is_one_error(program: str, message: str) -> None:
    assert [(one.code, one.message) for one in netdsl.check(program)] == [("NET004", message)]


@pytest.mark.parametrize(
    "program",
    [
        "# as nn.Sequential( has it\nconv 3->8 k3 @",
        "conv(3, 8)",
        "nn.Conv2d(3, 8, 3)",
        "input 8; linear 8 as torch; from torch",
    ],
)
def test_a_net_with_mistakes_stays_a_net(program: str) -> None:
    assert "NET004" not in [one.code for one in netdsl.check(program)]


def test_fix_leaves_code_as_it_is_and_names_the_command(tmp_path: Path) -> None:
    program = "import torch\nnet = torch.nn.Sequential(torch.nn.Linear(4, 2))\n"
    file = tmp_path / "model.net"
    file.write_text(program, encoding="utf-8")
    result = CliRunner().invoke(command, ["fix", str(file)])
    assert result.exit_code == 1
    assert f"`netdsl import --text {file}` writes it in the language" in result.output
    assert file.read_text(encoding="utf-8") == program

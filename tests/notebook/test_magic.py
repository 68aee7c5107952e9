"""`%%net`, in IPython's shell without a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import CapturedIO, capture_output

WRONG = "input 3x32x32\nconv 32 kernal=5 p2; maxpool 2\nflatten; linear 8192->10\n"
RIGHT = "let width=8\ninput 3x32x32\nconv width k5 p2; maxpool 2\nflatten; linear 10\n"


@pytest.fixture(scope="module")
def loaded(bare_shell: InteractiveShell) -> InteractiveShell:
    bare_shell.colors = "nocolor"
    bare_shell.run_cell("%load_ext netdsl")
    return bare_shell


@pytest.fixture
def shell(loaded: InteractiveShell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InteractiveShell:
    monkeypatch.chdir(tmp_path)
    loaded.reset()
    return loaded


def run(shell: InteractiveShell, line: str, cell: str) -> CapturedIO:
    with capture_output() as captured:
        shell.run_cell(f"%%net {line}\n{cell}")
    assert "Traceback" not in captured.stdout + captured.stderr
    return captured


def html_of(captured: CapturedIO) -> list[str]:
    return [output.data.get("text/html", output.data.get("image/svg+xml", "")) for output in captured.outputs]


def test_a_cell_is_shown_and_built(shell: InteractiveShell) -> None:
    captured = run(shell, "lenet", RIGHT)
    (table,) = html_of(captured)
    assert "32x32" in table
    assert "<table" in table
    assert isinstance(shell.user_ns["lenet"], torch.nn.Sequential)


def test_a_notebook_shows_a_picture_too(shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(InteractiveShell, "kernel", None, raising=False)
    picture, table = html_of(run(shell, "", RIGHT))
    assert picture.startswith("<svg")
    assert "<table" in table
    wrong, picture, table = html_of(run(shell, "", WRONG))
    assert "did you mean `kernel`?" in wrong
    assert "kernal" in picture
    assert "linear 8192-&gt;10" in table
    volumes, _ = html_of(run(shell, "--style volumes --theme dark", RIGHT))
    assert "polygon" in volumes


def test_a_mistake_is_marked_in_the_cell(shell: InteractiveShell) -> None:
    captured = run(shell, "lenet", WRONG)
    wrong, table = html_of(captured)
    assert "^^^^^^" in wrong
    assert "&lt;cell&gt;:3:9" in wrong
    assert "<table" in table
    assert "lenet" not in shell.user_ns
    assert captured.stdout == "`lenet` is built once the errors are mended\n"


def test_a_terminal_reads_the_same(shell: InteractiveShell) -> None:
    wrong, table = (output.data["text/plain"] for output in run(shell, "", WRONG).outputs)
    assert "unknown parameter of `conv`: `kernal`" in wrong
    assert table.startswith("<cell>: 3x32x32 -> 10\n")


def test_settings_go_before_those_of_the_cell(shell: InteractiveShell) -> None:
    run(shell, "net --set width=16 --set 'input=3x8x8'", RIGHT)
    assert shell.user_ns["net"][3].in_features == 16 * 4 * 4


def test_a_cell_can_be_saved(shell: InteractiveShell, tmp_path: Path) -> None:
    run(shell, "--save lenet.net", RIGHT)
    assert (tmp_path / "lenet.net").read_text() == RIGHT
    (wrong, *_) = html_of(run(shell, "--save lenet.net", WRONG))
    assert "lenet.net:2:9" in wrong
    assert (tmp_path / "lenet.net").read_text() == WRONG


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1net", "`1net` is not the name of a variable: write `%%net NAME`"),
        ("class", "`class` is not the name of a variable: write `%%net NAME`"),
        ("--set width", "`--set width` has no value: write `--set width=VALUE`"),
        ("--depth -1", "`--depth -1` is less than 0"),
        ("--save no/such/a.net", "`no/such/a.net` cannot be written: no such file or directory"),
        ("--set 'width=1", "a quote is not closed in `--set 'width=1`"),
        ("--nonsense", "unrecognized arguments: --nonsense"),
    ],
)
def test_a_wrong_line_is_told_in_a_sentence(shell: InteractiveShell, line: str, message: str) -> None:
    captured = run(shell, line, RIGHT)
    assert message in captured.stdout + captured.stderr
    assert captured.outputs == []


@pytest.mark.parametrize("cell", ["\n", "# nothing\n", "\0", "}" * 50])
def test_an_odd_cell_is_told_what_is_wrong(shell: InteractiveShell, cell: str) -> None:
    assert any("error" in html for html in html_of(run(shell, "", cell)))


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ('netdsl.shapes("conv 3->8 k")', "`k` needs a value"),
        ('netdsl.train("conv 3->8 k3")', "help: write one; `netdsl layers datasets` lists"),
        ('netdsl.load("nowhere")', "error: `nowhere` is no run"),
    ],
)
def test_an_error_is_a_message_and_no_traceback(shell: InteractiveShell, code: str, message: str) -> None:
    with capture_output() as captured:
        shell.run_cell(f"import netdsl\n{code}")
    assert message in captured.stdout
    assert "Traceback" not in captured.stdout


def test_a_value_shows_itself(shell: InteractiveShell) -> None:
    with capture_output() as captured:
        shell.run_cell('import netdsl\ndisplay(netdsl.shapes("linear 4->2"))')
    (shown,) = captured.outputs
    assert "linear 4->2" in shown.data["text/plain"]
    assert "linear 4-&gt;2" in shown.data["text/html"]

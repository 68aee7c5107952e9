"""What commands that need torch import, what they say meanwhile, and how they end."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PIL import Image

from netdsl.cli.shared import importing
from netdsl.cli.shared.importing import importing_torch

NET = "input 1x8x8; flatten; linear 10; data digits batch=500; metrics accuracy top5; train epochs=1 speed=contiguous"
IMPORTED = """
import sys
from netdsl.cli import netdsl

SLOW = ("scipy", "sklearn", "torchmetrics", "torchvision")

for line in {lines!r}:
    try:
        netdsl.main([*line], prog_name="netdsl")
    except SystemExit as end:
        print("imported by", line[0], end.code, [name for name in SLOW if name in sys.modules])
"""


def run_python(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=False, encoding="utf-8"
    )


def test_a_run_and_its_use_import_torch_and_nothing_else_that_is_slow(tmp_path: Path) -> None:
    (tmp_path / "net.net").write_text(NET.replace("; ", "\n"), encoding="utf-8")
    Image.new("L", (8, 8), 128).save(tmp_path / "digit.png")
    lines = [
        ["run", "net.net", "--no-plugins", "--quiet", "--out", "run"],
        ["eval", "run", "--no-plugins", "--json"],
        ["predict", "run", "digit.png"],
    ]
    ran = run_python(IMPORTED.format(lines=lines), tmp_path)
    said = [line for line in ran.stdout.splitlines() if line.startswith("imported by")]
    assert said == [f"imported by {line[0]} 0 []" for line in lines], ran.stdout + ran.stderr


class Terminal:
    """Standard error that is a terminal, and what is written to it."""

    def __init__(self) -> None:
        self.written = ""
        self.spoken = threading.Event()

    def isatty(self) -> bool:
        return True

    def write(self, words: str) -> None:
        self.written += words
        self.spoken.set()

    def flush(self) -> None:
        pass


def test_a_terminal_is_told_of_a_slow_import_and_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(importing, "SILENCE", 0.01)
    with importing_torch():
        assert terminal.spoken.wait(10)
    notice = "importing torch …"
    assert terminal.written == f"{notice}\r{' ' * len(notice)}\r"


def test_a_terminal_is_told_nothing_of_a_quick_import(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with importing_torch():
        pass
    assert terminal.written == ""


@pytest.mark.parametrize("reason", ["a pipe", "the second process of a run"])
def test_nothing_is_said_into(reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(importing, "SILENCE", 0.01)
    if reason == "a pipe":
        monkeypatch.setattr(terminal, "isatty", lambda: False)
    else:
        monkeypatch.setenv("LOCAL_RANK", "1")
    with importing_torch():
        assert not terminal.spoken.wait(0.1)


END = """
import atexit, sys, threading, time
from netdsl import cli

sys.modules["torch"] = sys  # as if it were imported
atexit.register(print, "exit functions")
unclosed = open("unclosed.txt", "w")
unclosed.write("written")
{more}
sys.argv = ["netdsl", "--version"]
cli.main()
"""


def test_files_that_nobody_closed_are_written_when_a_command_ends(tmp_path: Path) -> None:
    ran = run_python(END.format(more=""), tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.splitlines()[-1] == "exit functions"
    assert (tmp_path / "unclosed.txt").read_text() == "written"


def test_a_thread_that_still_works_is_awaited(tmp_path: Path) -> None:
    more = "threading.Thread(target=lambda: (time.sleep(0.3), print('worked', flush=True))).start()"
    ran = run_python(END.format(more=more), tmp_path)
    assert ran.returncode == 0
    assert "worked" in ran.stdout
    assert (tmp_path / "unclosed.txt").read_text() == "written"

"""`netdsl check --watch`."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from click.testing import CliRunner

from netdsl.cli import netdsl
from tests.interruptible import INTERRUPTIBLE

NET = "input 8; linear 4; relu; linear 2\n"
RIGHT = "no mistakes in 1 file\n"


@contextmanager
def watching(*arguments: str) -> Iterator[IO[str]]:
    """The output of `netdsl check --watch`, which is interrupted at the end and must end well."""
    command = [sys.executable, "-u", "-c", INTERRUPTIBLE, "check", "--watch", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout
            process.send_signal(signal.SIGINT)
            assert process.stdout.read() == "\n"
            assert process.wait(20) == 0
        finally:
            process.kill()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send")
def test_a_file_is_checked_again_when_it_or_what_it_uses_changes(net_file: Callable[[str], Path]) -> None:
    waits = "waiting for a change of net.net; Ctrl-C ends it\n"
    file = net_file(NET)
    with watching("net.net", "--format", "text") as output:
        assert (output.readline(), output.readline()) == (RIGHT, waits)
        file.unlink()
        assert (output.readline(), output.readline()) == ("error: no such file: `net.net`\n", waits)
        file.write_text('use "more.net"; input 8; twice', encoding="utf-8")
        assert "error[NET" in "".join(iter(output.readline, waits))
        Path("more.net").write_text("block twice { repeat 2 { linear 8; relu } }", encoding="utf-8")
        assert (output.readline(), output.readline()) == (RIGHT, waits)


@pytest.mark.parametrize("arguments", [["-e", NET], ["-"], [], ["net.net", "-"]])
def test_what_cannot_change_is_not_watched(arguments: list[str], net_file: Callable[[str], Path]) -> None:
    net_file(NET)
    result = CliRunner().invoke(netdsl, ["check", "--watch", *arguments], prog_name="netdsl")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: `--watch` needs FILES: a text that is not in a file cannot change\n")

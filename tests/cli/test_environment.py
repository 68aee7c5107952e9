"""What commands say when the machine fails them: each failure is provoked, its words compared with a golden file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import sleep

import pytest
from click.testing import CliRunner

from netdsl.cli import netdsl as door
from tests.interruptible import INTERRUPTIBLE

from ..machine_failures import POSIX, as_nobody, files_up_to

GOLDEN = Path(__file__).parents[1] / "golden" / "cli"
NET = "input 3x32x32\nconv  16 k3\nrelu\nflatten\nlinear 14400->10\n"
WRONG = "input 3x32x32\nconv 16 k3\nrelu\nflatten\nlinear 14401->10\n"
Golden = Callable[[Path, str], None]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which every command runs, with some files to go wrong with."""
    monkeypatch.chdir(tmp_path)
    Path("net.net").write_text(NET)
    Path("wrong.net").write_text(WRONG)
    Path("empty.net").touch()
    Path("folder.net").mkdir()
    Path("latin.net").write_bytes(b"# gr\xf6\xdfe\nrelu\n")
    Path("plugin.py").write_text("import nothing_of_the_kind\n")
    Path("网络").mkdir()
    Path("网络/网.net").write_text(WRONG)
    return tmp_path


def said(*arguments: str) -> str:
    """What a command writes, and the status that it ends with."""
    result = CliRunner().invoke(door, arguments, prog_name="netdsl")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return shown(arguments, result.stdout, result.stderr, result.exit_code)


def shown(arguments: tuple[str, ...], stdout: str, stderr: str, status: int) -> str:
    return f"$ netdsl {' '.join(arguments)}\n{stdout}{stderr}[status {status}]\n"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("file_missing", ("shapes", "nowhere.net")),
        ("file_missing_but_near", ("shapes", "net")),
        ("file_is_a_folder", ("check", "folder.net")),
        ("file_is_a_folder_for_fmt", ("fmt", "folder.net")),
        ("file_empty", ("shapes", "empty.net")),
        ("file_in_another_encoding", ("check", "latin.net")),
        ("file_of_chinese_name", ("check", "网络/网.net")),
        ("file_of_chinese_name_missing", ("check", "网络/络.net")),
        ("output_into_a_missing_folder", ("export", "net.net", "-o", "nowhere/net.py")),
        ("output_is_a_folder", ("export", "net.net", "-o", "folder.net")),
        ("new_net_exists", ("new", "net", "net")),
        ("plugin_missing", ("check", "net.net", "--plugin", "nowhere.py")),
        ("plugin_broken", ("check", "net.net", "--plugin", "plugin.py")),
        ("import_of_a_missing_module", ("import", "nowhere:net")),
        ("unknown_command", ("shpaes", "net.net")),
        ("unknown_option", ("shapes", "net.net", "--exlpain")),
        ("option_without_value", ("shapes", "net.net", "--batch")),
        ("option_of_another_kind", ("shapes", "net.net", "--batch", "many")),
        ("option_of_another_choice", ("check", "net.net", "--format", "xml")),
        ("unknown_device", ("bench", "net.net", "--device", "gpu")),
        ("too_many_files", ("shapes", "net.net", "wrong.net")),
        ("unknown_code", ("check", "--explain", "NET999")),
        ("unknown_word", ("layers", "conv9d")),
        ("unknown_plugin", ("plugins", "nothing", "--no-plugins")),
    ],
)
def test_a_wrong_file_or_usage_is_said_in_these_words(golden: Golden, name: str, arguments: tuple[str, ...]) -> None:
    golden(GOLDEN / f"{name}.txt", said(*arguments))


@POSIX
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("disk_full_for_fmt", ("fmt", "net.net")),
        ("disk_full_for_fix", ("fix", "wrong.net")),
        ("disk_full_for_export", ("export", "net.net", "-o", "net.py")),
        ("disk_full_for_new", ("new", "net", "first")),
    ],
)
def test_a_full_disk_leaves_files_as_they_were(golden: Golden, name: str, arguments: tuple[str, ...]) -> None:
    before = {path: path.read_bytes() for path in Path().iterdir() if path.is_file()}
    said("export", "net.net")  # what is imported for it is written into no cache of Python's now
    with files_up_to(0):
        words = said(*arguments)
    golden(GOLDEN / f"{name}.txt", words)
    assert {path: path.read_bytes() for path in Path().iterdir() if path.is_file()} == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the device that is always full is Linux's")
def test_a_device_without_room_is_said(golden: Golden) -> None:
    golden(GOLDEN / "device_full.txt", said("export", "net.net", "-o", "/dev/full"))


@POSIX
@pytest.mark.parametrize(
    ("name", "mode", "arguments"),
    [
        ("permission_to_read", 0o000, ("shapes", "net.net")),
        ("permission_to_write_a_folder", 0o644, ("fmt", "net.net")),
        ("permission_to_write_an_output", 0o644, ("export", "net.net", "-o", "net.py")),
        ("permission_to_make_a_folder", 0o644, ("new", "plugin", "first")),
    ],
)
def test_what_one_may_not_open_is_said(
    golden: Golden, folder: Path, name: str, mode: int, arguments: tuple[str, ...]
) -> None:
    said("export", "net.net")
    said("new", "plugin", "other", "--into", "elsewhere")  # nobody may read what is imported for it later
    Path("net.net").chmod(mode)
    with as_nobody(folder):
        words = said(*arguments)
    golden(GOLDEN / f"{name}.txt", words)


def start(*arguments: str, **options: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-P", "-c", INTERRUPTIBLE, *arguments]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, encoding="utf-8", **options)


@POSIX
def test_a_command_that_is_interrupted_says_nothing(golden: Golden) -> None:
    with start("check", "-", stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        sleep(1.5)  # until it waits for the text
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate()
    golden(GOLDEN / "interrupted.txt", shown(("check", "-"), stdout, stderr, process.returncode))


@POSIX
def test_a_reader_that_goes_away_is_no_error_to_tell(golden: Golden) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with start("layers", stdout=writing) as process:
        os.close(writing)
        _, stderr = process.communicate()
    golden(GOLDEN / "closed_pipe.txt", shown(("layers", "|", "true"), "", stderr, process.returncode))

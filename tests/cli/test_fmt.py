import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from netdsl.cli import netdsl

UNTIDY = "\ufeffconv  3 -> 32 k5;relu # why\r\n\r\n\r\nlinear 10"
TIDY = "conv 3->32 k5; relu  # why\n\nlinear 10\n"
BROKEN = "conv 3 => 32\n  relu\n"


def fmt(*arguments: str, input: str | None = None) -> Result:
    return CliRunner().invoke(netdsl, ["fmt", *arguments], input=input)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in (("untidy.net", UNTIDY), ("tidy.net", TIDY), ("broken.net", BROKEN)):
        Path(name).write_bytes(text.encode())
    return tmp_path


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_bytes().decode() for path in folder.iterdir()}


BEFORE = {"untidy.net": UNTIDY, "tidy.net": TIDY, "broken.net": BROKEN}


def test_files_are_rewritten(folder: Path) -> None:
    result = fmt("untidy.net", "tidy.net")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "formatted untidy.net\n")
    assert texts(folder) == BEFORE | {"untidy.net": TIDY}
    assert fmt("untidy.net", "--check").exit_code == 0


def test_a_broken_file_is_left_alone_and_the_others_are_not(folder: Path) -> None:
    result = fmt("broken.net", "untidy.net")
    assert result.exit_code == 1
    assert "error[NET002]" in result.stderr
    assert "--> broken.net:1:8" in result.stderr
    assert texts(folder) == BEFORE | {"untidy.net": TIDY}


def test_check_lists_what_would_change(folder: Path) -> None:
    result = fmt("tidy.net", "untidy.net", "--check")
    assert (result.exit_code, result.stdout, result.stderr) == (1, "untidy.net\n", "")
    assert fmt("tidy.net", "--check").exit_code == 0
    assert fmt("broken.net", "--check").exit_code == 1
    assert texts(folder) == BEFORE


def test_diff_is_a_patch(folder: Path) -> None:
    result = fmt("untidy.net", "tidy.net", "--diff")
    assert result.exit_code == 0
    assert texts(folder) == BEFORE
    subprocess.run(["git", "apply", "--unsafe-paths", "-"], input=result.stdout_bytes, check=True, cwd=folder)
    assert texts(folder) == BEFORE | {"untidy.net": TIDY}
    assert fmt("untidy.net", "--diff", "--check").exit_code == 0


def test_check_and_diff_together(folder: Path) -> None:
    result = fmt("untidy.net", "--diff", "--check")
    assert (result.exit_code, result.stdout.splitlines()[:2]) == (1, ["--- a/untidy.net", "+++ b/untidy.net"])


@pytest.mark.parametrize(("arguments", "text"), [(["-"], UNTIDY), (["-e", UNTIDY], None)])
def test_standard_input_and_texts_go_to_standard_output(arguments: list[str], text: str | None) -> None:
    result = fmt(*arguments, input=text)
    assert (result.exit_code, result.stdout_bytes.decode(), result.stderr) == (0, TIDY, "")
    name = "<stdin>" if text else "<text>"
    assert fmt(*arguments, "--check", input=text).stdout == f"{name}\n"


def test_broken_standard_input_prints_nothing_to_standard_output() -> None:
    result = fmt("-", input=BROKEN)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "--> <stdin>:1:8" in result.stderr


@pytest.mark.parametrize("arguments", [[], ["missing.net"], ["."]])
def test_wrong_usage(folder: Path, arguments: list[str]) -> None:
    assert fmt(*arguments).exit_code == 2
    assert texts(folder) == BEFORE


@pytest.mark.skipif(os.name != "posix", reason="modes and links are POSIX's")
def test_mode_and_link_stay(folder: Path) -> None:
    (folder / "link.net").symlink_to("untidy.net")
    (folder / "untidy.net").chmod(0o640)
    assert fmt("link.net").exit_code == 0
    assert (folder / "link.net").is_symlink()
    assert (folder / "untidy.net").stat().st_mode & 0o777 == 0o640
    assert (folder / "untidy.net").read_text() == TIDY


@pytest.mark.parametrize(
    ("name", "error", "reason"),
    [
        ("os.fsync", OSError(errno.ENOSPC, "No space left on device"), "no space left on device"),
        ("pathlib.Path.open", PermissionError(errno.EACCES, "Permission denied"), "permission denied"),
        ("pathlib.Path.replace", OSError(errno.EROFS, "Read-only file system"), "read-only file system"),
    ],
)
def test_a_file_that_cannot_be_written_is_left_as_it_was(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, error: OSError, reason: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(name, fail)
    result = fmt("untidy.net", "tidy.net")
    monkeypatch.undo()
    assert result.exit_code == 2
    assert result.stderr == f"error: `untidy.net` cannot be written and is unchanged: {reason}\n"
    assert texts(folder) == BEFORE


@pytest.mark.skipif(os.name != "posix", reason="a limit on file sizes is POSIX's")
def test_a_disk_that_fills_up_halfway_leaves_the_file_whole(folder: Path) -> None:
    import resource

    text = "conv  3 ->32\n" * 1000
    (folder / "long.net").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "netdsl", "fmt", "long.net"],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
    )
    assert (done.returncode, "`long.net` cannot be written and is unchanged" in done.stderr) == (2, True)
    assert texts(folder) == BEFORE | {"long.net": text}

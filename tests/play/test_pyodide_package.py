"""Where Pyodide comes from: a folder, a file, npm; and what is said where it does not."""

import io
import tarfile
from pathlib import Path

import pytest

from netdsl.core.errors import ExportError, FileError
from netdsl.play.static.pyodide_package import ABOUT, FILES, VERSION, find_program, obtain_pyodide, read_version
from tests.needs import needs

NOWHERE = "http://127.0.0.1:1/"


def write_package(path: Path, names: list[str]) -> Path:
    with tarfile.open(path, "w:gz") as package:
        for name in names:
            content = b'{"version": "1.2.3"}' if name.endswith(ABOUT) else b"content of " + name.encode()
            member = tarfile.TarInfo(name)
            member.size = len(content)
            package.addfile(member, io.BytesIO(content))
    return path


def test_what_is_needed_of_a_package_is_unpacked_and_nothing_else(tmp_path: Path) -> None:
    names = [f"package/{name}" for name in (*FILES, ABOUT, "console.html")]
    package = write_package(tmp_path / "pyodide.tgz", [*names, "../escaped", "/tmp/absolute"])
    (tmp_path / "inner").mkdir()
    home = obtain_pyodide(str(package), tmp_path / "inner")
    assert sorted(path.name for path in home.iterdir()) == sorted((*FILES, ABOUT))
    assert not (tmp_path / "escaped").exists()
    assert read_version(home) == "1.2.3"
    assert obtain_pyodide(str(home), tmp_path) == home


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("absent.tgz", "`{folder}/absent.tgz` cannot be read: no such file or directory"),
        ("text.tgz", "`{folder}/text.tgz` cannot be read: ReadError: not a gzip file"),
        ("cut.tgz", "`{folder}/cut.tgz` cannot be read: "),
        ("old.tgz", "`{folder}/old.tgz` is not a Pyodide that can be used: it has no `pyodide.asm.mjs`"),
        ("", "`{folder}/` is not a Pyodide that can be used: it has no `pyodide.mjs`"),
    ],
)
def test_what_is_no_package_is_said_to_be_none(given: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "text.tgz").write_text("no archive", encoding="utf-8")
    old = write_package(tmp_path / "old.tgz", [f"package/{name}" for name in FILES if name != "pyodide.asm.mjs"])
    (tmp_path / "cut.tgz").write_bytes(old.read_bytes()[:-40])
    with pytest.raises(FileError) as raised:
        obtain_pyodide(f"{tmp_path}/{given}", tmp_path)
    assert raised.value.message.startswith(message.format(folder=tmp_path))
    assert f"pyodide@{VERSION}" in str(raised.value.help)


@pytest.mark.parametrize("given", [None, f"{NOWHERE}pyodide.tgz"])
def test_npm_without_a_network_is_told_in_a_sentence(
    given: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs("npm")
    monkeypatch.setenv("npm_config_registry", NOWHERE)
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    with pytest.raises(FileError, match=r"npm cannot fetch `.*pyodide.*`: .*ECONNREFUSED 127\.0\.0\.1:1$") as raised:
        obtain_pyodide(given, tmp_path)
    assert "`--pyodide`" in str(raised.value.help)


def test_a_program_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ExportError, match="needs `npm`, which is not installed"):
        obtain_pyodide(None, tmp_path)
    with pytest.raises(ExportError, match="needs `node`"):
        find_program("node")

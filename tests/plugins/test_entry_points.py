import sys
import zipfile
from importlib.machinery import PathFinder
from pathlib import Path

import pytest

from netdsl.plugins.entry_points import announcements

ENTRY = "[netdsl]\nmine = some_module\n"


def announce(folder: Path, text: str, name: str = "mine-1.0.dist-info") -> None:
    info = folder / name
    info.mkdir(parents=True)
    (info / "entry_points.txt").write_text(text, encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n", encoding="utf-8")


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", [str(tmp_path / "absent"), str(tmp_path)])
    monkeypatch.setattr(sys, "meta_path", [PathFinder])
    return tmp_path


def found() -> list[str]:
    return [entry.name for entry in announcements()]


@pytest.mark.parametrize(
    ("text", "names"),
    [(ENTRY, ["mine"]), ("[console_scripts]\na = b:c\n" + ENTRY, ["mine"]), ("[pytest11]\na = b\n", []), ("", [])],
)
@pytest.mark.parametrize("name", ["mine-1.0.dist-info", "mine.egg-info"])
def test_what_packages_announce_is_found(text: str, names: list[str], name: str, path: Path) -> None:
    announce(path, text, name)
    assert found() == names


def test_the_slow_way_is_not_taken_for_folders(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "importlib.metadata", raising=False)
    announce(path, ENTRY)
    assert found() == ["mine"]
    assert "importlib.metadata" not in sys.modules


def test_an_archive_on_the_path_is_asked(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = path / "archive.zip"
    with zipfile.ZipFile(archive, "w") as stream:
        stream.writestr("mine-1.0.dist-info/entry_points.txt", ENTRY)
        stream.writestr("mine-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    monkeypatch.setattr(sys, "path", [str(archive)])
    assert found() == ["mine"]


def test_another_way_of_finding_packages_is_asked(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Finder(PathFinder):
        pass

    announce(path, ENTRY)
    monkeypatch.setattr(sys, "meta_path", [Finder])
    monkeypatch.setattr("netdsl.plugins.entry_points._announced", lambda folder: iter(()))
    assert found() == ["mine"]

import os
import sys

import pytest

from netdsl.core.errors import FileError
from netdsl.play.workspace import Workspace


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "secret.net").write_text("linear 1->1\n")
    home = tmp_path / "home"
    (home / "netze 网").mkdir(parents=True)
    (home / "a.net").write_text("linear 2->2\n")
    (home / "netze 网" / "b.net").write_bytes(b"linear 2->2\r\nrelu\r\n")
    (home / "runs").mkdir()
    (home / "runs" / "run.net").write_text("")
    return home


@pytest.fixture
def workspace(folder):
    return Workspace(folder.resolve())


def test_the_nets_of_the_folder_are_listed_and_runs_left_out(workspace):
    assert workspace.list_files() == ["a.net", "netze 网/b.net"]


@pytest.mark.parametrize(
    "name",
    [
        "../secret.net",
        "/etc/passwd",
        "/etc/x.net",
        "netze 网/../../secret.net",
        "a.txt",
        ".net",
        "",
        "a.net\0.net",
        "x" * 300 + ".net",
    ],
)
def test_nothing_outside_the_folder_is_read_or_written(name, workspace, folder):
    for act in (lambda: workspace.read(name), lambda: workspace.save(name, "relu\n", None)):
        with pytest.raises(FileError):
            act()
    assert (folder.parent / "secret.net").read_text() == "linear 1->1\n"


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_out_of_the_folder_are_not_followed(workspace, folder):
    (folder / "link.net").symlink_to(folder.parent / "secret.net")
    (folder / "out").symlink_to(folder.parent)
    assert workspace.list_files() == ["a.net", "netze 网/b.net"]
    for name in ("link.net", "out/secret.net", "out/new.net"):
        with pytest.raises(FileError, match="outside the folder"):
            workspace.read(name)
        with pytest.raises(FileError, match="outside the folder"):
            workspace.save(name, "relu\n", None)


def test_a_file_keeps_its_line_ends(workspace, folder):
    found = workspace.read("netze 网/b.net")
    assert found.text == "linear 2->2\nrelu\n"
    workspace.save(found.name, "linear 3->3\nrelu\n", found.mark)
    assert (folder / "netze 网" / "b.net").read_bytes() == b"linear 3->3\r\nrelu\r\n"


def test_what_somebody_else_has_written_is_not_lost(workspace, folder):
    found = workspace.read("a.net")
    (folder / "a.net").write_text("relu\n")
    for mark in (found.mark, None):
        with pytest.raises(FileError, match="another text"):
            workspace.save("a.net", "linear 5->5\n", mark)
    assert (folder / "a.net").read_text() == "relu\n"


def test_a_new_file_is_made_with_its_folder(workspace, folder):
    saved = workspace.save("neu/c.net", "relu\n", None)
    assert (folder / "neu" / "c.net").read_text() == "relu\n"
    assert workspace.save("neu/c.net", "tanh\n", saved.mark).text == "tanh\n"


def test_half_a_character_is_not_written(workspace, folder):
    with pytest.raises(FileError, match="half a character"):
        workspace.save("d.net", "# \ud83d\n", None)
    assert not (folder / "d.net").exists()


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_read_only_is_told(workspace, folder):
    folder.chmod(0o500)
    try:
        with pytest.raises(FileError, match="cannot write"):
            workspace.save("e.net", "relu\n", None)
    finally:
        folder.chmod(0o700)


def test_what_is_no_text_is_told(workspace, folder):
    (folder / "f.net").write_bytes(b"\xff\xfe")
    with pytest.raises(FileError, match="not UTF-8"):
        workspace.read("f.net")

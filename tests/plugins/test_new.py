import os
import subprocess
import sys
import tomllib
from pathlib import Path

import black
import pytest
from click.testing import CliRunner, Result

from netdsl.cli import netdsl

ROOT = Path(__file__).parents[2]


def new(*arguments: object) -> Result:
    return CliRunner().invoke(netdsl, ["new", *map(str, arguments)])


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def announce(folder: Path) -> None:
    """Puts beside a package what pip would."""
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
    info = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    entries = "".join(f"{name} = {module}\n" for name, module in project["entry-points"]["netdsl"].items())
    (info / "entry_points.txt").write_text(f"[netdsl]\n{entries}", encoding="utf-8")
    needs = "".join(f"Requires-Dist: {need}\n" for need in project["dependencies"])
    headers = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n{needs}\n"
    (info / "METADATA").write_text(headers, encoding="utf-8")


def test_a_new_plugin_passes_its_own_tests(tmp_path: Path) -> None:
    result = new("plugin", "my-swirl", "--into", tmp_path)
    assert result.exit_code == 0, result.output
    folder = tmp_path / "netdsl-my-swirl"
    announce(folder)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("NETDSL_", "PYTEST_"))}
    ran = subprocess.run(
        # pytest-asyncio comes with what our own tests need, and warns of a setting that a new plugin has no reason for.
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio"],
        cwd=folder,
        env={**environment, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}", "NETDSL_PLUGINS": "my-swirl"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "5 passed" in ran.stdout


def test_its_code_is_formatted_and_its_net_is_canonical(tmp_path: Path) -> None:
    new("plugin", "swirl", "--into", tmp_path)
    folder = tmp_path / "netdsl-swirl"
    for file in folder.rglob("*.py"):
        text = file.read_text("utf-8")
        assert text == black.format_str(text, mode=black.Mode(line_length=120))
    assert CliRunner().invoke(netdsl, ["fmt", "--check", str(folder / "swirl.net")]).exit_code == 0


def test_a_new_net_checks_and_is_canonical(tmp_path: Path) -> None:
    for given, name in (("first", "first.net"), ("second.net", "second.net"), ("网", "网.net")):
        result = new("net", given, "--into", tmp_path / "nets")
        assert result.output == f"wrote {tmp_path / 'nets' / name}\nnext: netdsl run {tmp_path / 'nets' / name}\n"
    nets = [str(file) for file in (tmp_path / "nets").iterdir()]
    assert CliRunner().invoke(netdsl, ["check", *nets]).output == "no mistakes in 3 files\n"
    assert CliRunner().invoke(netdsl, ["fmt", "--check", *nets]).exit_code == 0


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("my layer", "cannot be a package's name: write small letters, digits and hyphens, such as `my-layer`"),
        ("Swirl", "cannot be a package's name: write small letters, digits and hyphens, such as `swirl`"),
        ("卷积", "cannot be a package's name: write small letters, digits and hyphens, such as `my-layers`"),
        ("../up", "cannot be a package's name: write small letters, digits and hyphens, such as `up`"),
        ("", "cannot be a package's name: write small letters, digits and hyphens, such as `my-layers`"),
        ("class", "is a keyword of Python and cannot name a layer; such a name would be `my-class`"),
        ("relu", "has a meaning already; such a name would be `my-relu`"),
        ("true", "has a meaning already; such a name would be `my-true`"),
        ("call", "has a meaning already; such a name would be `my-call`"),
    ],
)
def test_a_name_that_a_plugin_cannot_have_is_one_message(name: str, message: str, tmp_path: Path) -> None:
    result = new("plugin", name, "--into", tmp_path)
    assert (result.exit_code, list(tmp_path.iterdir())) == (2, [])
    assert result.output.splitlines()[0] == f"error: `{name}` {message}"


@pytest.mark.parametrize("name", ["nets/first", "", ".net"])
def test_a_name_that_a_net_cannot_have_is_one_message(name: str, tmp_path: Path) -> None:
    result = new("net", name, "--into", tmp_path)
    assert (result.exit_code, list(tmp_path.iterdir())) == (2, [])
    assert "is not a file name; write the folder as `--into DIR`" in result.output


@pytest.mark.parametrize(("kind", "place"), [("plugin", "netdsl-swirl"), ("net", "swirl.net")])
def test_what_is_there_is_never_overwritten(kind: str, place: str, tmp_path: Path) -> None:
    assert new(kind, "swirl", "--into", tmp_path).exit_code == 0
    before = contents(tmp_path)
    result = new(kind, "swirl", "--into", tmp_path)
    assert result.exit_code == 1
    message = f"`{tmp_path / place}` exists already: give another name, or `--into DIR`"
    assert result.output == f"error: {message}\n"
    assert contents(tmp_path) == before


def test_an_empty_folder_of_that_name_is_taken_too(tmp_path: Path) -> None:
    (tmp_path / "netdsl-swirl").mkdir()
    assert new("plugin", "netdsl-swirl", "--into", tmp_path).exit_code == 1
    assert contents(tmp_path) == {}


def test_of_a_plugin_that_cannot_be_written_nothing_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: Path, text: str) -> None:
        raise OSError(28, "No space left on device", str(file))

    monkeypatch.setattr("netdsl.scaffold.write_file", full)
    result = new("plugin", "swirl", "--into", tmp_path)
    assert result.exit_code == 1
    assert "no space left on device" in result.output
    assert list(tmp_path.iterdir()) == []

import inspect
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from netdsl.cli import netdsl
from netdsl.plugins import hookspecs
from netdsl.plugins.hookspecs import HOOKS
from netdsl.plugins.loading import gather
from netdsl.plugins.registry import load_registry

ROOT = Path(__file__).parents[2]
SECTION = (
    (ROOT / "README.md").read_text("utf-8").partition("## Write a plugin in ten minutes\n")[2].partition("\n## ")[0]
)
BLOCKS = re.findall(r"^```(?:py|toml)\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)
FILES = dict(zip(("netdsl_swirl.py", "pyproject.toml", "netdsl_rule.py"), BLOCKS, strict=True))
SPECIFICATIONS = [name for name in vars(hookspecs) if name.startswith("netdsl_")]
COMPONENTS = [f"Iterable[{kind.__name__}]" for kind in HOOKS.values()]
RETURNED = {f"`{kind.__name__}`": f"Iterable[{kind.__name__}]" for kind in HOOKS.values()} | {
    "functions": "Iterable[Callable[[Program], Iterator[Diagnostic]]]",
    "click commands": "Iterable[click.Command]",
    "`str` or `None`": "str | None",
    "`None`": "None",
}
"""What the tutorial calls what a hook returns."""
TESTS = "".join(file.read_text("utf-8") for file in Path(__file__).parent.glob("*.py"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_command_of_the_tutorial_runs(folder: Path) -> None:
    (command,) = re.findall(r"^netdsl (.*)$", SECTION, re.MULTILINE)
    result = CliRunner().invoke(netdsl, shlex.split(command))
    assert result.exit_code == 0, result.output
    assert "swirl" in result.output


def test_the_packaging_announces_the_plugin(folder: Path) -> None:
    import tomllib

    project = tomllib.loads(FILES["pyproject.toml"])["project"]
    assert project["entry-points"]["netdsl"] == {"swirl": "netdsl_swirl"}


def test_with_a_rule_symbols_are_checked_too(folder: Path) -> None:
    arguments = ["shapes", "--no-plugins", "--plugin", "netdsl_rule.py", "-e", "input 3xHxW; conv 8 k3 p1; swirl"]
    result = CliRunner().invoke(netdsl, arguments)
    assert result.exit_code == 0, result.output
    assert result.stderr == ""


def test_the_tutorials_files_have_no_problems(folder: Path) -> None:
    for name in ("netdsl_swirl.py", "netdsl_rule.py"):
        registry = load_registry(installed=False, files=[folder / name])
        assert registry.problems == ()
        assert "swirl" in registry.layers


def test_a_new_layer_takes_as_few_lines_as_promised() -> None:
    lines = [
        line for name in ("netdsl_swirl.py", "pyproject.toml") for line in FILES[name].splitlines() if line.strip()
    ]
    assert len(lines) == 11
    assert "That is eleven lines." in SECTION


@pytest.mark.parametrize("hook", SPECIFICATIONS)
def test_every_hook_is_documented_and_tested(hook: str) -> None:
    assert inspect.getdoc(getattr(hookspecs, hook))
    assert re.search(rf"@hookimpl\ndef {hook}\(", TESTS)


def test_the_tutorial_tells_every_hook_with_its_parameters_and_what_it_returns() -> None:
    told = re.findall(r"^\| `(netdsl_\w+)\((.*)\)` \| (.*?) \|", SECTION, re.MULTILINE)
    assert [name for name, _, _ in told] == sorted(SPECIFICATIONS, key=[name for name, _, _ in told].index)
    for name, parameters, returned in told:
        signature = inspect.signature(getattr(hookspecs, name))
        assert parameters == ", ".join(signature.parameters)
        assert RETURNED[returned] == signature.return_annotation
    assert {f"Iterable[{kind.__name__}]": name for name, kind in HOOKS.items()} == {
        RETURNED[returned]: name for name, _, returned in told if RETURNED[returned] in COMPONENTS
    }


def test_nothing_is_kept_between_two_managers() -> None:
    assert gather(installed=False).manager is not gather(installed=False).manager


def test_every_line_of_the_example_is_explained() -> None:
    text = (ROOT / "plugins/netdsl-example/netdsl_example/__init__.py").read_text("utf-8")
    code = "".join(text.split('"""')[::2])
    explained = re.findall(r"^\| `(.+?)` \|", SECTION, re.MULTILINE)
    for line in filter(None, map(str.strip, code.splitlines())):
        if not line.startswith(("from ", "import ", "def netdsl_")):
            calls = re.findall(r"\w+\.(?:of|from_net)\([^,]+", line) or [line]
            assert all(any(call in said for said in explained) for call in calls), line

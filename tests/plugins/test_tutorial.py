import inspect
import re
import tomllib
from pathlib import Path

import pytest

from netdsl.plugins import hookspecs
from netdsl.plugins.loading import gather
from tests.docs.blocks import ROOT, read_blocks

PAGE = ROOT / "docs" / "plugins" / "tutorial.md"
FILES = {block.marks["file"]: block.text for block in read_blocks(PAGE) if "file" in block.marks}
SPECIFICATIONS = [name for name in vars(hookspecs) if name.startswith("netdsl_")]
TESTS = "".join(file.read_text("utf-8") for file in Path(__file__).parent.glob("*.py"))


def test_the_packaging_announces_the_plugin() -> None:
    project = tomllib.loads(FILES["pyproject.toml"])["project"]
    assert project["entry-points"]["netdsl"] == {"swirl": "netdsl_swirl"}


def test_a_new_layer_takes_as_few_lines_as_promised() -> None:
    lines = [
        line for name in ("netdsl_swirl.py", "pyproject.toml") for line in FILES[name].splitlines() if line.strip()
    ]
    assert len(lines) == 11
    assert "That is eleven lines" in PAGE.read_text("utf-8")


@pytest.mark.parametrize("hook", SPECIFICATIONS)
def test_every_hook_is_documented_and_tested(hook: str) -> None:
    assert inspect.getdoc(getattr(hookspecs, hook))
    assert re.search(rf"@hookimpl\ndef {hook}\(", TESTS)


def test_nothing_is_kept_between_two_managers() -> None:
    assert gather(installed=False).manager is not gather(installed=False).manager


def test_every_line_of_the_example_is_explained() -> None:
    text = (ROOT / "plugins/netdsl-example/netdsl_example/__init__.py").read_text("utf-8")
    code = "".join(text.split('"""')[::2])
    explained = re.findall(r"^\| `(.+?)` \|", PAGE.read_text("utf-8"), re.MULTILINE)
    for line in filter(None, map(str.strip, code.splitlines())):
        if not line.startswith(("from ", "import ", "def netdsl_")):
            calls = re.findall(r"\w+\.(?:of|from_net)\([^,]+", line) or [line]
            assert all(any(call in said for said in explained) for call in calls), line

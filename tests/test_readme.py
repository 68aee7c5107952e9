import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from netdsl.cli import netdsl

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
NETS = [text for kind, text in BLOCKS if not kind]
CONSOLE = [text for kind, text in BLOCKS if kind == "console"]


@pytest.fixture
def in_folder(tmp_path, monkeypatch):
    broken = next(text for text in NETS if "kernal" in text)
    (tmp_path / "broken.net").write_text(broken, encoding="utf-8")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("text", CONSOLE, ids=lambda text: text.partition("\n")[0])
def test_commands_print_what_the_readme_shows(text, in_folder):
    command, _, expected = text.partition("\n")
    result = CliRunner().invoke(netdsl, shlex.split(command.removeprefix("$ netdsl ")))
    assert result.output.strip() == expected.strip()


def test_python_runs():
    (code,) = [text for kind, text in BLOCKS if kind == "python"]
    exec(compile(code, "README.md", "exec"), {})


@pytest.mark.parametrize("text", [text for text in NETS if "kernal" not in text])
def test_nets_check(text):
    result = CliRunner().invoke(netdsl, ["check", "-e", text])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("heading", ["Run it", "Test it"])
def test_each_set_up_is_one_block(heading):
    section = README.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    assert section.count("```bash\n") == 1

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from netdsl.cli import netdsl
from tests.plugins.packages import Install, adds_layer

COMMAND = """
import click
from netdsl import hookimpl

@click.command
@click.argument("name")
def {name}(name):
    '''Greet somebody.'''
    click.echo(f"hello {{name}}")

@hookimpl
def netdsl_commands():
    return [{name}]
"""


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(netdsl, list(map(str, arguments)))


@pytest.mark.usefixtures("site")
def test_without_plugins_netdsls_own_is_listed() -> None:
    listed = invoke("plugins").output
    assert listed.startswith("netdsl 0.1.0\n  layers: relu,")
    assert "loggers: tensorboard, csv, jsonl" in listed


def test_the_list_tells_version_cost_additions_and_problems(install: Install) -> None:
    install("mine", adds_layer("swirl") + COMMAND.format(name="greet"), version="1.2")
    install("other", "import no_such_module", version="0.3")
    listed = re.sub(r"in \d+ ms", "in 1 ms", invoke("plugins", "--no-plugins").output)
    assert "mine" not in listed
    result = invoke("plugins")
    listed = re.sub(r"in \d+ ms", "in 1 ms", result.output)
    assert result.exit_code == 0
    assert "\nmine 1.2, from netdsl-mine, imported in 1 ms\n  layers: swirl\n  commands: greet\n" in listed
    assert listed.endswith(
        "\nproblems\n"
        "  plugin `other` 0.3 cannot be imported and is left out: ModuleNotFoundError: No\n"
        "    module named 'no_such_module'; upgrade it (`pip install -U netdsl-other`),\n"
        "    repair it, or go without it (`pip uninstall netdsl-other`)\n"
    )


def test_a_plugin_that_imports_torch_at_its_top_is_named_with_its_cost(site: Path, install: Install) -> None:
    import subprocess
    import sys

    install("slow", "import torch\n" + adds_layer("swirl"))
    script = f"import sys; sys.path.insert(0, {str(site)!r}); from netdsl.cli import main; main()"
    ran = subprocess.run([sys.executable, "-c", script, "plugins"], capture_output=True, text=True, check=True)
    assert re.search(
        r"imported in [\d.]+ m?s\n  cost: imports torch(.|\n)* at its top: every\s+command\s+waits\s+[\d.]+ m?s",
        ran.stdout,
    )


def test_a_plugin_is_told_in_full(install: Install) -> None:
    install("mine", adds_layer("swirl"))
    page = invoke("plugins", "mine").output
    assert "\nlayers\n  swirl                     Returns its input.\n" in page
    assert "relu" not in page


def test_a_plugin_that_is_left_out_is_told_by_name(install: Install) -> None:
    install("bad", "1/0")
    result = invoke("plugins", "bad")
    assert result.exit_code == 1
    assert result.output.startswith("error: plugin `bad` 1.0 cannot be imported and is left out: ZeroDivisionError")
    assert invoke("plugins", "worse").output == "error: no plugin `worse`; the installed plugins: `netdsl`\n"


def test_problems_are_warnings_of_every_other_command(install: Install) -> None:
    install("bad", "1/0")
    result = invoke("shapes", "-e", "conv 3->8 k3")
    assert result.exit_code == 0
    assert result.stderr.count("warning: plugin `bad` 1.0 cannot be imported") == 1
    assert invoke("shapes", "--no-plugins", "-e", "conv 3->8 k3").stderr == ""


def test_a_command_is_found_and_listed(install: Install) -> None:
    install("mine", COMMAND.format(name="greet"))
    assert invoke("greet", "you").output == "hello you\n"
    assert re.search(r"Commands of plugins:\n +greet +Greet somebody\.\n", invoke("--help").output)


def test_netdsls_own_command_is_kept(install: Install) -> None:
    install("mine", COMMAND.format(name="check"))
    assert "Greet" not in invoke("check", "--help").output
    assert "brings the command `check`, which netdsl has itself: netdsl's is used" in invoke("--help").stderr


def test_a_file_is_used_when_the_command_line_names_it(tmp_path: Path, site: Path) -> None:
    file = tmp_path / "swirls.py"
    file.write_text(adds_layer("swirl"), encoding="utf-8")
    assert invoke("shapes", "-e", "input 8; swirl").exit_code == 1
    for arguments in (["--plugin", file], ["--no-plugins", "--plugin", file]):
        result = invoke("shapes", *arguments, "-e", "input 8; swirl")
        assert result.exit_code == 0, result.output
    assert "swirl: layer, activation, from the plugin swirls" in invoke("layers", "swirl", "--plugin", file).output


def test_a_file_that_fails_is_what_unknown_names_are_due_to(tmp_path: Path, site: Path) -> None:
    file = tmp_path / "swirls.py"
    file.write_text("import nothing_of_the_kind", encoding="utf-8")
    text = "input 8; swirl 3; swirled; linear 2\noptimizer mysgd lr=1 swirls=3\nloss swirl_loss"
    errors = [line for line in invoke("check", "--plugin", file, "-e", text).stdout.splitlines() if "error[" in line]
    assert errors == ["error[NET101]: unknown layer `swirl`: it may come from plugin `swirls`, which does not work"]


def test_a_file_that_is_not_there_is_a_wrong_usage(tmp_path: Path) -> None:
    assert invoke("shapes", "--plugin", tmp_path / "absent.py", "-e", "relu").exit_code == 2


def test_a_text_names_no_plugin(tmp_path: Path, site: Path) -> None:
    (tmp_path / "swirls.py").write_text(adds_layer("swirl"), encoding="utf-8")
    assert "unknown layer `plugin`" in invoke("check", "-e", 'plugin "swirls.py"; input 8; relu').output

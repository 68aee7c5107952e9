"""The habits of the project: changelog, hooks before a commit, workflow, templates of issues, citation."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

import netdsl

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
TYPES = [kind["directory"] for kind in PROJECT["tool"]["towncrier"]["type"]]
FRAGMENTS = sorted(path for path in (ROOT / "changelog.d").iterdir() if path.name != "README.md")
SYSTEMS = {"ubuntu-latest", "macos-latest", "windows-latest"}
TEMPLATES = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))


def read_yaml(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def test_the_changelog_has_the_release_that_the_package_is() -> None:
    releases = re.findall(r"^## \[(.+)\] - \d{4}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert releases[0] == netdsl.__version__


@pytest.mark.parametrize("path", FRAGMENTS, ids=lambda path: path.name)
def test_a_fragment_is_of_a_known_type_and_says_something(path: Path) -> None:
    assert re.fullmatch(rf"(\+[a-z0-9-]+|\d+)\.({'|'.join(TYPES)})\.md", path.name)
    assert path.read_text(encoding="utf-8").rstrip().endswith(".")


def test_a_release_would_gather_all_fragments() -> None:
    pytest.importorskip("towncrier", reason="an extra of developers")
    command = [sys.executable, "-m", "towncrier", "build", "--draft", "--version", "9.9.9", "--date", "2030-01-01"]
    draft = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True).stdout
    assert "## [9.9.9] - 2030-01-01" in draft
    words = " ".join(draft.split())
    missing = [path.name for path in FRAGMENTS if " ".join(path.read_text("utf-8").split()) not in words]
    assert missing == []


def commands_of_ci_run() -> list[str]:
    """The commands of README's `Test it` and those of .ci/run around its last line, in their order."""
    section = (ROOT / "README.md").read_text("utf-8").partition("\n## Test it\n")[2]
    *setup, last = section.partition("```bash\n")[2].partition("```")[0].splitlines()
    before, _, after = (ROOT / ".ci" / "run").read_text("utf-8").partition('eval "${lines[last]}"')
    return [*setup, *checks(before), last, *checks(after)]


def checks(script: str) -> list[str]:
    return [line for line in script.splitlines() if line.startswith((".venv/bin/", ".ci/"))]


def test_the_workflow_does_what_ci_run_does() -> None:
    (job,) = read_yaml(".github/workflows/ci.yml")["jobs"].values()
    steps = [step["run"] for step in job["steps"] if "run" in step]
    create, *commands = commands_of_ci_run()
    assert create == "python3 -m venv .venv"  # the workflow has a machine of its own instead
    assert steps == [command.removeprefix(".venv/bin/") for command in commands]


def test_the_workflow_runs_on_every_system_and_version() -> None:
    (job,) = read_yaml(".github/workflows/ci.yml")["jobs"].values()
    matrix = job["strategy"]["matrix"]
    assert set(matrix["os"]) == SYSTEMS
    assert matrix["python"] == ["3.11", "3.12", "3.13", "3.14"]
    assert PROJECT["project"]["requires-python"] == f">={matrix['python'][0]}"


def test_what_runs_before_a_commit_runs_in_ci_run_too() -> None:
    (repository,) = read_yaml(".pre-commit-config.yaml")["repos"]
    entries = [hook["entry"] for hook in repository["hooks"]]
    before = (ROOT / ".ci" / "run").read_text("utf-8").partition('eval "${lines[last]}"')[0]
    assert entries == [command for command in checks(before) if command != ".ci/programs"]
    assert PROJECT["tool"]["mypy"]["strict"] is True


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_of_issues_is_a_form(path: Path) -> None:
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    if path.name == "config.yml":
        assert form["blank_issues_enabled"] is True
        return
    assert {"name", "description", "body"} <= form.keys()
    ids = [part["id"] for part in form["body"]]
    assert len(ids) == len(set(ids))
    assert all(part["attributes"]["label"] for part in form["body"])


def test_the_form_for_bugs_asks_for_the_net_and_the_plugins() -> None:
    form = read_yaml(".github/ISSUE_TEMPLATE/bug.yml")
    assert {"net", "plugins"} <= {part["id"] for part in form["body"] if part.get("validations", {}).get("required")}


def test_the_citation_names_this_version() -> None:
    citation = read_yaml("CITATION.cff")
    assert citation["version"] == netdsl.__version__
    assert citation["license"] == PROJECT["project"]["license"]
    dated = f"## [{citation['version']}] - {citation['date-released']}"
    assert dated in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_hooks_for_other_repositories_call_commands_of_ours(tmp_path: Path) -> None:
    hooks = read_yaml(".pre-commit-hooks.yaml")
    assert [hook["id"] for hook in hooks] == ["netdsl-check", "netdsl-fmt"]
    file = tmp_path / "net.net"
    file.write_text("input 8;linear 4\n", encoding="utf-8")
    for hook in hooks:
        assert re.search(hook["files"], file.name)
        command = [sys.executable, "-m", *hook["entry"].split(), str(file)]
        assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert file.read_text(encoding="utf-8") == "input 8; linear 4\n"


def test_pre_commit_accepts_the_hooks() -> None:
    clientlib = pytest.importorskip("pre_commit.clientlib", reason="an extra of developers")
    assert len(clientlib.load_manifest(ROOT / ".pre-commit-hooks.yaml")) == 2

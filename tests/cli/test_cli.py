import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from netdsl import __version__
from netdsl.cli import netdsl
from netdsl.cli.shared.commands import SECTIONS, read_listed
from netdsl.cli.shared.inputs import Settings
from netdsl.core.diagnostics import Diagnostic
from netdsl.core.limits import MAX_BYTES
from netdsl.core.source import Source

NET = "conv 3->32 k5 p2; maxpool 2; flatten; linear 8192->10"
WRONG = "input 3x32x32; conv 3->32 k5 p2; maxpool 2; flatten; linear 1000->10"


def run(*arguments: str, input: str | bytes | None = None, **environment: str) -> Result:
    return CliRunner().invoke(netdsl, arguments, input=input, env=environment, prog_name="netdsl")


def process(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "netdsl", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


@pytest.fixture
def file(net_file: Callable[[str], Path]) -> Path:
    return net_file(NET)


@pytest.mark.parametrize("name", sorted(netdsl.names))
def test_a_command_is_listed_in_the_words_of_its_own_help(name: str) -> None:
    """The list is read from the files, and here compared with what importing them says."""
    listed = read_listed(name)
    command = netdsl.get_command(click.Context(netdsl), name)
    assert command is not None
    assert " ".join(command.help.partition("\n\n")[0].split()) == listed.summary
    assert listed.section in SECTIONS
    assert listed.summary.endswith(".")


def test_help_lists_the_commands() -> None:
    result = run("--help")
    assert result.exit_code == 0
    words = " ".join(result.output.split())
    assert [section for section in SECTIONS if f"\n{section}:\n" in result.output] == list(SECTIONS)
    assert all(f" {name} {read_listed(name).summary}" in words for name in netdsl.names)


@pytest.mark.parametrize("arguments", [["--version"]])
def test_version(arguments: list[str]) -> None:
    assert run(*arguments).output == process(*arguments).stdout == f"netdsl {__version__}\n"


def test_a_code_goes_by_its_number_too() -> None:
    assert run("check", "--explain", "201").output == run("check", "--explain", "NET201").output != ""


def test_layers_shows_a_heading_or_a_class_of_torch() -> None:
    listed = run("layers").output
    for heading, shown in (("convolution", "dwconv"), ("optimizers", "adamw"), ("data sets", "mnist")):
        part = run("layers", heading).output
        assert part.splitlines()[0] == heading
        assert shown in part
        assert f"\n{heading}\n" in f"\n{listed}"
    assert run("layers", "datasets").output == run("layers", "data sets").output
    assert run("layers", "nn.GELU").output.startswith("nn.GELU: layer, torch.nn\n\n  nn.GELU [approximate=none]\n")
    assert run("layers", "v2.GaussianBlur").output.startswith("v2.GaussianBlur: transform\n")
    assert "did you mean `pooling`?" in run("layers", "poolin").output


@pytest.mark.parametrize(
    ("statement", "default"),
    [
        ("optimizer", "default: `adam`\n"),
        ("loss", "default: `cross_entropy` where the targets are classes, `mse` where they are\nnumbers\n"),
        ("schedule", ""),
    ],
)
def test_a_directive_names_its_default(statement: str, default: str) -> None:
    shown = run("layers", statement).output
    assert default in shown
    assert ("default:" in shown) == bool(default)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["shape", "x"], "error: no such command: `shape`; did you mean `shapes`?\n"),
        (["frobnicate"], "error: no such command: `frobnicate`\n"),
        (["net.net"], "error: `net.net` is not a command; to look at a file: `netdsl shapes net.net`\n"),
        (["shapes"], "error: give one FILE, `-` for standard input, or `-e TEXT`\n"),
        (["shapes", "net.net", "-e", NET], "error: give one FILE, `-` for standard input, or `-e TEXT`\n"),
        (["check"], "error: give FILES, `-` for standard input, or `-e TEXT`\n"),
        (["shapes", "net.net", "--set", "width"], "error: `--set width` has no value: write `--set width=VALUE`\n"),
        (["shapes", "net.net", "--set", "=3"], "error: `--set =3` has no value: write `--set NAME=VALUE`\n"),
        (["check", "--explain", "NET999"], "error: no such code: `NET999`; `netdsl check --explain all` lists them\n"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_usage_is_one_message_and_status_2(arguments: list[str], message: str, file: Path) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines(keepends=True)[0] == message
    assert "try `netdsl" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["shapes", "absent.net"], "error: no such file: `absent.net`\n"),
        (["shapes", "net"], "error: no such file: `net`; did you mean `net.net`?\n"),
        (["check", "absent.net"], "error: no such file: `absent.net`\n"),
        (["check", "net.net", "."], "error: `.` is a folder; a file is expected\n"),
        (["check", "\x1b[2J"], "error: no such file: `␛[2J`\n"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_file_that_cannot_be_opened_is_one_line_and_status_2(arguments: list[str], message: str, file: Path) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", message)


@pytest.mark.parametrize("arguments", [["shapes", "--jsn"], ["shapes", "a", "b"], ["shapes", "a", "--batch", "0"]])
def test_click_s_own_messages_have_the_same_look(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
    assert result.stderr.endswith("try `netdsl shapes --help`\n")


def test_a_file_that_is_no_text(file: Path) -> None:
    file.write_bytes(b"conv 3->32 k5\n\nrelu \xff\n")
    result = run("shapes", str(file))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "error: `net.net` is not UTF-8 text: byte 0xff in line 3\n"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(file: Path) -> None:
    file.chmod(0)
    result = run("shapes", str(file))
    assert (result.exit_code, result.stderr.splitlines()[0]) == (
        2,
        "error: `net.net` cannot be read: permission denied",
    )


@pytest.mark.parametrize("content", [b"a" * (MAX_BYTES + 100), ("a" * (MAX_BYTES + 1) + "é" * 9).encode()])
def test_a_file_beyond_the_limit_is_not_read_to_its_end(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    result = run("check", str(file))
    assert result.exit_code == 1
    assert "error[NET401]" in result.stdout


def test_standard_input_and_text_do_what_a_file_does(file: Path) -> None:
    tables = [run("shapes", str(file)), run("shapes", "-", input=NET), run("shapes", "-e", NET)]
    assert [table.exit_code for table in tables] == [0, 0, 0]
    heads, bodies = zip(*(table.stdout.split("\n", 1) for table in tables), strict=True)
    assert len(set(bodies)) == 1
    assert [head.split(":")[0] for head in heads] == ["net.net", "<stdin>", "<text>"]


def test_shapes_of_a_wrong_file_are_its_diagnostics() -> None:
    result = run("shapes", "-e", WRONG)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == run("check", "-e", WRONG).stdout
    assert "error[NET201]" in result.stderr


def test_check_of_several_files(file: Path) -> None:
    other = Path("wrong.net")
    other.write_text(WRONG, encoding="utf-8")
    assert run("check", str(file), str(file)).stdout == "no mistakes in 2 files\n"
    result = run("check", str(file), str(other), "--format", "concise")
    assert result.exit_code == 1
    assert [line.split(" ")[0] for line in result.stdout.splitlines()] == ["wrong.net:1:61:"]
    records = json.loads(run("check", str(file), str(other), "--format", "json").stdout)
    assert [(record["file"], record["code"]) for record in records] == [("wrong.net", "NET201")]


def test_lints_do_not_fail_a_check(monkeypatch: pytest.MonkeyPatch) -> None:
    def check(settings: Settings, source: Source) -> tuple[None, list[Diagnostic]]:
        return None, [Diagnostic("NET901", "a lint", source.span(0, 4))]

    monkeypatch.setattr(Settings, "check", check)
    result = run("check", "-e", "relu")
    assert result.exit_code == 0
    assert result.stdout.startswith("warning[NET901]: a lint\n")
    assert result.stdout.endswith("\n1 warning\n")


def test_an_empty_text_is_said_to_be_one() -> None:
    result = run("shapes", "-e", "")
    assert result.exit_code == 1
    assert result.stderr.startswith("error[NET")


def test_json_of_shapes() -> None:
    record = json.loads(run("shapes", "-e", NET, "--json", "--set", "input=3x32x32").stdout)
    assert list(record) == ["file", "input", "output", "params", "trainable", "macs", "layers"]
    assert (record["input"], record["output"], record["params"]) == ([3, 32, 32], [10], 84362)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str) -> None:
    result = run("completion", shell)
    assert result.exit_code == 0
    assert f"_NETDSL_COMPLETE={shell}_complete" in result.output


@pytest.mark.parametrize(
    ("words", "completion"),
    [("netdsl sha", "shapes"), ("netdsl shapes --exp", "--explain"), ("netdsl layers maxpool3", "maxpool3d")],
)
def test_completing_a_word(words: str, completion: str) -> None:
    asked = {"_NETDSL_COMPLETE": "zsh_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    assert process(env={**os.environ, **asked}).stdout.splitlines()[:2] == ["plain", completion]


def on_a_terminal(*arguments: str, **environment: str) -> str:
    pty = pytest.importorskip("pty")
    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "netdsl", *arguments]
    subprocess.run(command, stdout=terminal, env={**os.environ, "TERM": "xterm", **environment}, check=False)
    os.close(terminal)
    with open(controller, "rb", buffering=0) as screen:
        return screen.read(100_000).decode()


@pytest.mark.parametrize("arguments", [["shapes", "-e", NET], ["check", "-e", WRONG], ["layers", "conv"]])
def test_output_is_coloured_on_a_terminal_only(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    plain = run(*arguments).output
    assert "\x1b" not in plain
    assert "\x1b[" in on_a_terminal(*arguments)
    assert on_a_terminal(*arguments, NO_COLOR="1").replace("\r\n", "\n") == plain
    assert "\x1b" not in on_a_terminal(*arguments, TERM="dumb")


def test_a_closed_pipe_is_no_mistake() -> None:
    text = "input 8\n" + "identity\n" * 5_000
    command = [sys.executable, "-m", "netdsl", "shapes", "-", "--json"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as started:
        started.stdin.write(text.encode())
        started.stdin.close()
        started.stdout.readline()
        started.stdout.close()
        assert started.stderr.read() == b""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")
def test_a_full_disk_is_said_to_be_one() -> None:
    with open("/dev/full", "w") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "netdsl", "layers"], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert (ran.returncode, ran.stderr) == (1, b"error: no space left on device\n")


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_end_a_command_with_their_status(number: signal.Signals, status: int) -> None:
    script = f"""
import os, signal, sys
from netdsl.cli import main
from netdsl.cli.shared import inputs
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored by what is started in the background
inputs.read_source = lambda file: os.kill(os.getpid(), {int(number)})
sys.argv = ["netdsl", "check", "-"]
main()
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr.strip()) == (status, "", "")

"""Runs the blocks of a page in their order, in a folder of the page's own."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch
from click.testing import CliRunner

from netdsl.cli import netdsl
from netdsl.core.translation import speaking
from tests.docs.blocks import ROOT, Block, page_language, read_blocks

ELLIPSIS = "…"
"""A line that stands for the lines of an output that are left out."""

HOME = "/home/you/nets"
"""What stands in the pages for the folder in which their commands run."""

PICTURES = ROOT / "docs" / "pictures"
SHOWN_PICTURE = re.compile(r"!\[[^\]]*\]\((?:\.\./)*pictures/([\w-]+\.svg)\)")

MEASURED = {"bench", "data", "eval", "predict", "run", "runs"}
"""The commands that print numbers which another machine, or another version of torch, changes."""

NUMBER = re.compile(r"\d[\d.,]*")
MASKS = (
    (re.compile(r"(multiply-adds;) [^;]+;"), r"\1 DEVICE;"),
    (re.compile(r"(次乘加；)[^；]+；"), r"\1 DEVICE；"),
    (re.compile(r"speed=\w+|fp32, (?:contiguous|channels last);"), "LAYOUT"),
    (re.compile(r"[-−]?\d[\d.,]*"), "N"),
    (re.compile(r"N (ms|s|min|h)\b( N s)?"), "TIME"),
    (re.compile(r"\btimes?\b"), "times"),
    (re.compile(r"[ \t]+"), " "),
)


class Mismatch(NamedTuple):
    """A block that does not do what the page says; `printed` is what should stand in it, None where nothing helps."""

    block: Block
    reason: str
    printed: str | None = None


def run_page(page: Path, folder: Path) -> list[Mismatch]:
    """Runs all blocks of a page in a folder, which gets the repository's examples."""
    shutil.copytree(ROOT / "examples", folder / "examples")
    with contextlib.chdir(folder), _calm_machine(), speaking(page_language(page)):
        session = _Session()
        return [mismatch for block in read_blocks(page) for mismatch in session.run(block)]


def drawn_pictures(page: Path, folder: Path) -> Iterator[tuple[Path, str]]:
    """The pictures that a page shows and its commands have drawn in a folder: where each belongs, and its SVG.

    The site shows `NAME.zh.svg` on a Chinese page that links to `NAME.svg`.
    """
    suffix = "" if page_language(page) == "en" else f".{page_language(page)}"
    for name in SHOWN_PICTURE.findall(page.read_text(encoding="utf-8")):
        if (drawn := folder / name).is_file():
            yield PICTURES / f"{drawn.stem}{suffix}.svg", drawn.read_text(encoding="utf-8")


class _Session:
    """What the blocks of one page share: the folder's files and the names of their Python."""

    def __init__(self) -> None:
        self.namespace: dict[str, Any] = {"__name__": "page"}
        self.printed = ""

    def run(self, block: Block) -> Iterator[Mismatch]:
        if name := block.marks.get("file"):
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_text(block.text, encoding="utf-8")
        if "not run" in block.marks:
            return
        match block.kind:
            case "net":
                yield from _check_net(block)
            case "console":
                yield from _compare_console(block)
            case "bash":
                yield from _run_lines(block)
            case "python":
                yield from self._run_python(block)
            case "ipython":
                yield from self._run_cell(block)
            case "text" if "output" in block.marks:
                if not is_same(block.text, self.printed, measured=False):
                    yield Mismatch(block, "the Python above it prints something else", self.printed)
            case _ if not name:
                yield Mismatch(block, f"a block of `{block.kind}` is either a `file` or marked as `not run`")

    def _run_cell(self, block: Block) -> Iterator[Mismatch]:
        """Runs a cell with a magic; what it shows, it shows as in a terminal."""
        # Only one page has cells, and IPython takes its time.
        from IPython.core.interactiveshell import InteractiveShell
        from IPython.utils.capture import capture_output
        from traitlets.config import Config

        config = Config()
        config.HistoryManager.enabled = False
        shell = InteractiveShell.instance(config=config, user_ns=self.namespace)
        try:
            with capture_output() as captured:
                shell.run_line_magic("load_ext", "netdsl")
                ran = shell.run_cell(block.text)
        finally:
            InteractiveShell.clear_instance()
        if not ran.success:
            yield Mismatch(block, captured.stdout)
        texts = [output.data["text/plain"] for output in captured.outputs]
        self.printed = re.sub(r"\x1b\[[\d;]*m", "", "\n".join([*texts, captured.stdout, ""]))

    def _run_python(self, block: Block) -> Iterator[Mismatch]:
        output = io.StringIO()
        try:
            with contextlib.redirect_stdout(output):
                exec(compile("\n" * (block.line - 1) + block.text, str(block.page), "exec"), self.namespace)
        except Exception as error:
            yield Mismatch(block, f"{type(error).__name__}: {error}")
        self.printed = output.getvalue()


def _check_net(block: Block) -> Iterator[Mismatch]:
    file = block.marks.get("file", "-")
    result = CliRunner().invoke(netdsl, ["check", "--format", "json", file], input=block.text)
    expected = [code.strip() for code in block.marks.get("mistake", "").split(",") if code.strip()]
    try:
        found = json.loads(result.stdout)
    except ValueError:
        yield Mismatch(block, f"it cannot be checked: {result.output}")
        return
    if (codes := [one["code"] for one in found]) != expected:
        messages = "".join(f"\n    line {one['line']}: {one['code']} {one['message']}" for one in found)
        yield Mismatch(block, f"its mistakes are {codes}, not {expected}{messages}")


def _compare_console(block: Block) -> Iterator[Mismatch]:
    """Runs the commands behind `$` and compares what they print with what stands below each."""
    printed, is_wrong = "", False
    for part in re.split(r"^(?=\$ )", block.text, flags=re.MULTILINE):
        line, _, expected = part.partition("\n")
        if not line.startswith("$ "):
            continue
        command = line.removeprefix("$ ")
        _, output = run_command(command)
        same = is_same(expected, output, measured=[*command.split(), ""][1] in MEASURED)
        is_wrong |= not same
        printed += f"{line}\n{expected if same else output.rstrip() + chr(10) + chr(10)}"
    if is_wrong:
        yield Mismatch(block, "the program prints something else", printed.rstrip() + "\n")


def _run_lines(block: Block) -> Iterator[Mismatch]:
    """Runs every line of a script; each is a command of netdsl."""
    for line in block.text.replace("\\\n", " ").splitlines():
        if line.strip() and not line.startswith("#"):
            status, output = run_command(line)
            if status:
                yield Mismatch(block, f"`{line}` ends with status {status}:\n{output}")


def run_command(line: str) -> tuple[int, str]:
    """The exit status of a command, and what it prints on both streams."""
    name, *arguments = shlex.split(line, comments=True)
    if name == "cat":
        return 0, "".join(Path(file).read_text(encoding="utf-8") for file in arguments)
    if name != "netdsl":
        return 1, f"`{name}` is not run by this test: mark the block as `not run`\n"
    if "--nproc" in arguments:  # other processes write where this one does, not into the runner's buffer
        command = [sys.executable, "-m", "netdsl", *arguments]
        ran = subprocess.run(command, text=True, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return ran.returncode, ran.stdout
    result = CliRunner().invoke(netdsl, arguments, prog_name="netdsl")
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    output = result.output.replace(os.getcwd(), HOME)
    return result.exit_code, output.replace(os.sep, "/") if os.sep != "/" else output


def is_same(shown: str, printed: str, *, measured: bool) -> bool:
    """Whether an output is the one that the page shows; of measured ones the numbers may be others."""
    shown, printed = (_normalise(text, measured=measured) for text in (shown, printed))
    parts = [re.escape(part.strip("\n")) for part in re.split(rf"^ ?{ELLIPSIS}$", shown, flags=re.MULTILINE)]
    return re.fullmatch(r"\n*" + r"\n(?:.*\n)?".join(parts) + r"\n*", printed, re.DOTALL) is not None


def _normalise(text: str, *, measured: bool) -> str:
    text = "\n".join(line.rstrip() for line in text.splitlines())
    for pattern, word in MASKS if measured else ():
        text = pattern.sub(word, text)
    return text


@contextlib.contextmanager
def _calm_machine() -> Iterator[None]:
    """Trains on the CPU, whose header the pages show, and in one thread: several wait for each other on busy cores."""
    before, threads = os.environ.get("CUDA_VISIBLE_DEVICES"), torch.get_num_threads()
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        if before is None:
            del os.environ["CUDA_VISIBLE_DEVICES"]
        else:
            os.environ["CUDA_VISIBLE_DEVICES"] = before

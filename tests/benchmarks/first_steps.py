"""Five tasks of a newcomer, done as the pages say them in both languages: the commands and the seconds of the machine.

`python -m tests.benchmarks.first_steps` takes files and commands from the pages' own blocks and runs each task in an
empty folder. Reading and typing are not counted. It exits with 1 if a command fails that should not.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from tests.docs.blocks import ROOT, read_blocks

LANGUAGES = ("en", "zh")


class Task(NamedTuple):
    """What is done, the page that says how, the files that it gives, and the beginnings of its commands."""

    what: str
    page: str
    files: tuple[str, ...]
    commands: tuple[str, ...]
    first: str = ""  # a program of the page that makes the data, in this file
    mistakes: int = 0  # how many commands are to find mistakes


TASKS = (
    Task("train the digits", "start", (), ("netdsl new", "netdsl run", "netdsl eval")),
    Task("train own images", "images", ("shapes.net",), ("netdsl",), first="make_photos.py"),
    Task(
        "mend a net",
        "tutorial",
        ("digits.net",),
        ("netdsl check digits", "netdsl check --ex", "netdsl fix"),
        mistakes=1,
    ),
    Task("write a block", "language", ("blocks.net",), ("netdsl shapes blocks.net",)),
    Task(
        "write a plugin", "plugins/tutorial", ("netdsl_swirl.py", "netdsl_rule.py"), ("netdsl shapes", "netdsl layers")
    ),
)


def do(task: Task, language: str, folder: Path) -> tuple[int, float]:
    """Does a task in a folder; how many commands it took, and how many seconds they ran."""
    page = ROOT / "docs" / f"{task.page}{'' if language == 'en' else f'.{language}'}.md"
    blocks = read_blocks(page)
    texts = {
        block.marks["file"]: block.text for block in reversed(blocks) if "file" in block.marks
    }  # the first of a name
    for name in task.files:
        (folder / name).write_text(texts[name], encoding="utf-8")
    lines = [line[2:] for block in blocks for line in block.text.splitlines() if line.startswith("$ ")]
    commands = [line for line in lines if line.startswith(task.commands)]
    if task.first:
        program = next(block.text for block in blocks if block.kind == "python")
        (folder / task.first).write_text(program, encoding="utf-8")
        commands.insert(0, f'"{sys.executable}" {task.first}')
    environment = {**os.environ, "NETDSL_LANG": language, "NETDSL_PLUGINS": ""}
    start = time.perf_counter()
    ends = [subprocess.run(one, shell=True, cwd=folder, env=environment, capture_output=True) for one in commands]
    took = time.perf_counter() - start
    failed = [end for end in ends if end.returncode]
    if len(failed) != task.mistakes:
        sys.exit("\n".join(f"{end.args}: {(end.stdout + end.stderr).decode()}" for end in failed))
    return len(commands), took


def main() -> None:
    """Prints a row for each task."""
    print(f"{'task':18}{'commands':>10}" + "".join(f"{language:>10}" for language in LANGUAGES))
    for task in TASKS:
        took = []
        for language in LANGUAGES:
            with tempfile.TemporaryDirectory() as folder:
                count, seconds = do(task, language, Path(folder))
                took.append(seconds)
        print(f"{task.what:18}{count:10}" + "".join(f"{seconds:8.1f} s" for seconds in took), flush=True)


if __name__ == "__main__":
    main()

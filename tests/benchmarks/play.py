"""How long the page waits: a client types into real nets, through the server of `netdsl play` over HTTP.

`python -m tests.benchmarks.play [--keys 300] [--edits 10000]` types at places all over each net, a key at a time, and
times each press until its hints, its mistakes and what the open tab shows are there, which are one answer: once with
the picture open, once with the table. Then it makes so many random edits, and compares what the server answers to each
text with what one answers that has just been told of it.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from netdsl.play.answers import Answers, View
from netdsl.plugins.registry import load_registry
from tests.benchmarks.lsp import LIMITS, TYPED, nets, percentile

SEED = 20_260
VIEWS: tuple[View, ...] = ("picture", "table")
"""The tabs that are open in turn."""

PIECES = ("", "", "x", "1", "\n", "{", "}", ";", " ", "->", "=", "#", "🙂", "relu\n", "conv 8 k3 p1\n", "linear 4; ")
"""What a random edit writes; it deletes some characters as often."""


class Page:
    """What the browser is to the server: one connection that is kept, and the token of the link."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "netdsl", "play", "--no-browser", "--port", "0", "--no-plugins"]
        self.process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        found = re.match(r"http://([\d.]+:\d+)/#token=(\S+)", self.process.stdout.readline())
        assert found
        self.connection = http.client.HTTPConnection(found[1])
        self.headers = {"Authorization": f"Bearer {found[2]}", "Content-Type": "application/json"}

    def check(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """What the page shows of a text."""
        self.connection.request("POST", "/api/ask", json.dumps(question), self.headers)
        response = self.connection.getresponse()
        answer: dict[str, Any] = json.loads(response.read())
        assert response.status == 200, answer
        return answer

    def busy(self) -> float:
        """How many milliseconds the server and its front end have computed for: on a busy machine a better measure."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="utf-8")
        ticks = 0
        for pid in (self.process.pid, *map(int, children.split())):
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return 1e3 * ticks / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """Ends the server."""
        self.connection.close()
        self.process.terminate()
        self.process.wait(20)


def ask(name: str, text: str, view: View) -> dict[str, Any]:
    """The question of a page in which a tab is open."""
    return {"ask": "check", "file": name, "text": text, "view": view, "language": "en"}


def typing(text: str) -> Iterator[str]:
    """The texts of an editing session: lines are written all over the text, a key at a time, and deleted again."""
    lines = text.split("\n")
    number = 0
    while True:
        line = (number * 7 + 3) % len(lines)
        typed = TYPED[number % len(TYPED)]
        for length in range(len(typed) + 1):
            yield "\n".join([*lines[: line + 1], typed[:length], *lines[line + 1 :]])
        number += 1


def time_keys(page: Page, keys: int) -> None:
    """Prints the milliseconds from a key press to its answer."""
    for view in VIEWS:
        print(f"{f'ms, with the {view} open':28} {'median':>8} {'95 %':>8} {'computed':>9}")
        for name, text in nets():
            page.check(ask(name, text, view))
            taken, before = [], page.busy()
            for typed, _ in zip(typing(text), range(keys), strict=False):
                begin = time.perf_counter()
                page.check(ask(name, typed, view))
                taken.append(1e3 * (time.perf_counter() - begin))
            computed = (page.busy() - before) / keys
            median, most = statistics.median(taken), percentile(taken, 0.95)
            limits = LIMITS.get(name, LIMITS["examples"])
            verdict = "" if median <= limits[0] and most <= limits[1] else f"  over {limits[0]:.0f} and {limits[1]:.0f}"
            print(f"{name:28} {median:>8.1f} {most:>8.1f} {computed:>9.1f}{verdict}", flush=True)


def compare_edits(page: Page, edits: int) -> int:
    """Makes random edits, and prints those after which the server says something else than a fresh one does."""
    registry, chance = load_registry(installed=False), random.Random(SEED)
    examples = [(name, text) for name, text in nets() if name.endswith(".net")]
    wrong = 0
    name, text = examples[0]
    for number in range(edits):
        if number % 100 == 0:
            name, text = chance.choice(examples)
        place = chance.randrange(len(text) + 1)
        text = text[:place] + chance.choice(PIECES) + text[place + chance.choice((0, 0, 1, 1, 2, 8)) :]
        question = ask(name, text, VIEWS[number % len(VIEWS)])
        answer, fresh = page.check(question), json.loads(json.dumps(Answers(registry).answer(question)))
        if any(one["severity"] == "error" for one in fresh["diagnostics"]):  # what was known before stays in view then
            answer.pop("hints", None)
            del fresh["hints"]
        differs = [key for key in answer.keys() | fresh.keys() if answer.get(key) != fresh.get(key)]
        if differs:
            wrong += 1
            said = [(answer.get(key), fresh.get(key)) for key in differs]
            print(f"edit {number} of {name}: {differs} {said}\n{text}", flush=True)
    print(f"{edits:,} random edits: {wrong} answers differ from a fresh check's")
    return wrong


def main() -> None:
    """Prints the table, and the edits that went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=300)
    parser.add_argument("--edits", type=int, default=10_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        page = Page(Path(folder))
        try:
            time_keys(page, given.keys)
            wrong = compare_edits(page, given.edits)
        finally:
            page.close()
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

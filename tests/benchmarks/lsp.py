"""How long an editor waits: a client types into real nets, through the language server over standard input and output.

`python -m tests.benchmarks.lsp [--keys 300] [--memory 10000]` types at places all over each net, a key at a time, and
times each press until its hints are there, and until its mistakes are. The last line says how much memory the server
holds over so many edits.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks.revisions import ROOT

EXAMPLES = ROOT / "examples"
STAGE = "conv 32->32 k3 p1\nrelu\nbn\ndropout 0.1\nmaxpool 3 s1 p1\n"
TYPED = ("conv 32 k3 p1; relu", "residual { conv 32 k3 p1 }", "bn", "dropout 0.2  # a note")
SCREEN = 60
"""So many lines an editor shows, whose hints it asks for."""

LIMITS = {"examples": (20.0, 50.0), "100 lines": (20.0, 50.0), "2,000 lines": (80.0, 80.0)}
"""Milliseconds that a key press may take: the median, and 95 of 100."""


class Client:
    """A language client: as little of one as is needed, so that its own time does not count."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "netdsl", "lsp", "--no-plugins"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self.number = 0
        self.published: dict[str, int] = {}
        capabilities: dict[str, Any] = {"general": {"positionEncodings": ["utf-16"]}}
        self.ask("initialize", {"processId": None, "rootUri": None, "capabilities": capabilities})
        self.tell("initialized", {})

    def tell(self, method: str, params: Any) -> None:
        """Sends a notification."""
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def ask(self, method: str, params: Any) -> Any:
        """Sends a request, and waits for its answer."""
        self.number += 1
        self._send({"jsonrpc": "2.0", "id": self.number, "method": method, "params": params})
        while True:
            message = self._receive()
            if message.get("id") == self.number and "method" not in message:
                return message["result"]

    def wait_for_mistakes(self, uri: str, version: int) -> None:
        """Waits until the mistakes of a version are there; they may have come before an answer that was asked for."""
        while self.published.get(uri) != version:
            self._receive()

    def megabytes(self) -> float:
        """The memory that the server holds."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def busy(self) -> float:
        """How many milliseconds the server has computed for: on a busy machine a better measure than a clock."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return 1e3 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """Ends the server."""
        self.ask("shutdown", None)
        self.tell("exit", None)
        self.process.wait(timeout=10)

    def _send(self, message: Any) -> None:
        body = json.dumps(message).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def _receive(self) -> Any:
        assert self.process.stdout is not None
        length = 0
        while (line := self.process.stdout.readline().strip()) or not length:
            if not line:
                raise SystemExit("the server has ended")
            if line.lower().startswith(b"content-length"):
                length = int(line.partition(b":")[2])
        message = json.loads(self.process.stdout.read(length))
        if message.get("method") == "textDocument/publishDiagnostics":
            self.published[message["params"]["uri"]] = message["params"].get("version")
        return message


class Typist:
    """Types into one text, and times the answers."""

    def __init__(self, client: Client, name: str, text: str) -> None:
        self.client, self.uri, self.version = client, f"file:///nets/{name}", 1
        self.lines = text.split("\n")
        self.hints: list[float] = []
        self.mistakes: list[float] = []
        document = {"uri": self.uri, "languageId": "netdsl", "version": 1, "text": text}
        client.tell("textDocument/didOpen", {"textDocument": document})
        client.wait_for_mistakes(self.uri, self.version)

    def press(self, line: int, character: int, written: str, deleted: int = 0) -> None:
        """Types a character, or deletes some, and waits for the hints of the screen and for the mistakes."""
        self.version += 1
        start, end = {"line": line, "character": character}, {"line": line, "character": character + deleted}
        screen = {
            "start": {"line": max(0, line - SCREEN // 2), "character": 0},
            "end": {"line": line + SCREEN // 2, "character": 0},
        }
        begin = time.perf_counter()
        self.client.tell(
            "textDocument/didChange",
            {
                "textDocument": {"uri": self.uri, "version": self.version},
                "contentChanges": [{"range": {"start": start, "end": end}, "text": written}],
            },
        )
        self.client.ask("textDocument/inlayHint", {"textDocument": {"uri": self.uri}, "range": screen})
        self.hints.append(1e3 * (time.perf_counter() - begin))
        self.client.wait_for_mistakes(self.uri, self.version)
        self.mistakes.append(1e3 * (time.perf_counter() - begin))

    def session(self) -> Iterator[None]:
        """Writes lines at places all over the text, a key at a time, takes some back, and deletes each in the end."""
        number = 0
        while True:
            line = (number * 7 + 3) % len(self.lines)
            column = len(self.lines[line].partition("#")[0].rstrip())
            typed = "\n" + TYPED[number % len(TYPED)]
            self.press(line, column, "\n")
            yield
            for place, char in enumerate(typed[1:]):
                self.press(line + 1, place, char)
                yield
                if place == 5:  # a slip, and its correction
                    self.press(line + 1, place + 1, "x")
                    yield
                    self.press(line + 1, place + 1, "", deleted=1)
                    yield
            self.version += 1
            where = {
                "start": {"line": line, "character": column},
                "end": {"line": line + 1, "character": len(typed) - 1},
            }
            change = {"range": where, "text": ""}
            document = {"uri": self.uri, "version": self.version}
            self.client.tell("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})
            self.client.wait_for_mistakes(self.uri, self.version)
            number += 1

    def close(self) -> None:
        """Closes the text."""
        self.client.tell("textDocument/didClose", {"textDocument": {"uri": self.uri}})


def nets() -> Iterator[tuple[str, str]]:
    """The examples, and nets of 100 and of 2,000 lines."""
    for path in sorted(EXAMPLES.glob("*.net")):
        yield path.name, path.read_text(encoding="utf-8")
    yield "100 lines", "input 32x64x64\n" + STAGE * 20
    yield "2,000 lines", "input 32x64x64\n" + STAGE * 400


def percentile(values: list[float], share: float) -> float:
    """The value that so large a share of them does not exceed."""
    return sorted(values)[min(len(values) - 1, round(share * len(values)))]


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=300)
    parser.add_argument("--memory", type=int, default=10_000, help="how many edits the memory is watched over")
    given = parser.parse_args()
    client = Client()
    print(f"{'ms from key press to':24} {'hints':>8} {'95 %':>8} {'mistakes':>9} {'95 %':>8} {'computed':>9}")
    for name, text in nets():
        typist = Typist(client, name.replace(" ", "-"), text)
        before = client.busy()
        for _, _ in zip(range(given.keys), typist.session(), strict=False):
            pass
        computed = (client.busy() - before) / given.keys
        row = (f(values) for values in (typist.hints, typist.mistakes)
               for f in (statistics.median, lambda values: percentile(values, 0.95)))  # fmt: skip
        median, most, later, latest = row
        limits = LIMITS.get(name, LIMITS["examples"])
        verdict = "" if median <= limits[0] and most <= limits[1] else f"  over {limits[0]:.0f} and {limits[1]:.0f}"
        print(
            f"{name:24} {median:>8.1f} {most:>8.1f} {later:>9.1f} {latest:>8.1f} {computed:>9.1f}{verdict}", flush=True
        )
        typist.close()
    typist = Typist(client, "memory.net", (EXAMPLES / "resnet.net").read_text(encoding="utf-8"))
    marks: list[float] = []
    for number, _ in zip(range(given.memory), typist.session(), strict=False):
        if number % max(1, given.memory // 5) == 0:
            marks.append(client.megabytes())
    marks.append(client.megabytes())
    print(f"memory of the server over {given.memory:,} edits, in MB: {', '.join(f'{mark:.0f}' for mark in marks)}")
    client.close()


if __name__ == "__main__":
    main()

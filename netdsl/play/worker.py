"""A process of its own that takes a line of JSON after the other, and answers with such lines.

The server never computes: what takes long, or fails, or is killed, is elsewhere, and the page is answered meanwhile.
"""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, TextIO

LONGEST_LINE = 64 * 1024 * 1024
"""The longest message, in bytes."""

Message = dict[str, Any]


class Worker:
    """A module of netdsl, run in a process of its own.

    Args:
        module: what is run: `netdsl.play.checking`.
        folder: its working folder.
        arguments: what its command line says besides.
    """

    def __init__(self, module: str, folder: Path, *arguments: str) -> None:
        # `-P`: a `torch.py` in the folder must not be taken for torch.
        self._command = (sys.executable, "-P", "-m", module, *arguments)
        self._folder = folder
        self._process: Process | None = None

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Starts it, unless it runs."""
        if not self.is_alive:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=PIPE,
                stdout=PIPE,
                cwd=self._folder,
                limit=LONGEST_LINE,
                # Ctrl-C in the terminal is the server's to pass on.
                start_new_session=sys.platform != "win32",
            )

    def send(self, message: Message) -> None:
        """Sends a message; one to a process that has ended is lost."""
        if self._process is not None and self._process.stdin is not None:
            with suppress(BrokenPipeError, ConnectionResetError, RuntimeError):
                self._process.stdin.write(json.dumps(message).encode() + b"\n")

    async def receive(self) -> Message | None:
        """The next message; None once the process has ended."""
        line = await self.receive_line()
        return None if line is None else json.loads(line)

    async def receive_line(self) -> bytes | None:
        """The same as it was written, for whoever hands it on."""
        if self._process is None or self._process.stdout is None:
            return None
        line = await self._process.stdout.readline()
        return line if line.endswith(b"\n") else None

    async def stop(self, patience: float = 0.0) -> None:
        """Ends it: asked by the end of what it is sent, and killed after so many seconds."""
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), patience or 1e-3)
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        self._process = None


def serve(answer: Callable[[Message], None]) -> None:
    """The loop of such a process: hands every message to `answer`, until there are none."""
    for message in read_messages(sys.stdin.buffer):
        answer(message)


def read_messages(stream: BinaryIO) -> Iterator[Message]:
    """The messages of a stream."""
    for line in iter(stream.readline, b""):
        yield json.loads(line)


def take_output() -> TextIO:
    """The stream of answers. What others print, a plugin or torch, goes to standard error from now on."""
    answers, sys.stdout = sys.stdout, sys.stderr
    return answers


def write_message(stream: TextIO, message: Message) -> None:
    """Writes a message."""
    stream.write(json.dumps(message, ensure_ascii=True) + "\n")
    stream.flush()

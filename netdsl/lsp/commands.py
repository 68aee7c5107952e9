"""What a click on a line above the code does: draw the net, train it."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from lsprotocol import types as lsp

from netdsl.core.text import text
from netdsl.drawing.drawing import Drawing
from netdsl.lsp.documents import OpenText, read_text

if TYPE_CHECKING:
    from netdsl.lsp.server import NetServer


class LensCommands:
    """The commands of the server, and the processes that they have started."""

    def __init__(self, server: NetServer, plugin_options: Sequence[str]) -> None:
        self.server = server
        self.plugin_options = plugin_options
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._runs: set[asyncio.subprocess.Process] = set()

    def register(self) -> None:
        """Makes them known to the editor."""
        server = self.server

        @server.command("netdsl.draw")
        async def draw(uri: str) -> None:
            if opened := self._opened(uri):
                await self.draw(opened)

        @server.command("netdsl.train")
        async def train(uri: str) -> None:
            if opened := self._opened(uri):
                await self.train(opened)

    def stop(self) -> None:
        """Ends the processes, and deletes the pictures."""
        for run in self._runs:
            if run.returncode is None:
                run.terminate()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    async def draw(self, opened: OpenText) -> None:
        """Draws a net as a page, and has it shown."""
        reading = opened.reading
        drawing = Drawing(reading.source, reading.experiment, list(reading.diagnostics))
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="netdsl-")
        page = Path(self._folder.name) / f"{Path(reading.source.name).stem}.html"
        page.write_bytes(drawing.write("html"))
        shown = await self.server.window_show_document_async(lsp.ShowDocumentParams(page.as_uri(), external=True))
        if not shown.success:
            self._say(text("the picture is in `{file}`", file=page))

    async def train(self, opened: OpenText) -> None:
        """Trains a net as `netdsl run` does, in a process that the editor may stop; its last line is shown."""
        path = opened.path
        if path is None or read_text(path) != opened.text:
            self._say(text("save the file first: `netdsl run` trains what is on the disk"), lsp.MessageType.Warning)
            return
        command = [sys.executable, "-m", "netdsl", "run", str(path), *self.plugin_options]
        run = await asyncio.create_subprocess_exec(
            *command, cwd=path.parent, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        self._runs.add(run)
        title = text("training {file}", file=path.name)
        try:
            last = await self._follow(run, title)
        finally:
            self._runs.discard(run)
        if run.returncode == 0:
            self._say(text("{file} is trained: {line}", file=path.name, line=last))
        else:
            self._say(text("{file} was not trained: {line}", file=path.name, line=last), lsp.MessageType.Warning)

    async def _follow(self, run: asyncio.subprocess.Process, title: str) -> str:
        """Shows what a process writes; its last line."""
        progress, token, last = self.server.work_done_progress, str(uuid4()), ""
        window = self.server.client_capabilities.window
        shows = bool(window and window.work_done_progress)
        if shows:
            await progress.create_async(token)
            progress.begin(token, lsp.WorkDoneProgressBegin(title, cancellable=True))
        assert run.stdout is not None
        async for raw in run.stdout:
            line = raw.decode("utf-8", "replace").rstrip()
            self.server.log(line)
            last = line or last
            if shows:
                progress.report(token, lsp.WorkDoneProgressReport(message=line))
                if progress.tokens[token].cancelled() and run.returncode is None:
                    run.terminate()
        await run.wait()
        if shows:
            progress.end(token, lsp.WorkDoneProgressEnd(message=last))
        return last

    def _opened(self, uri: str) -> OpenText | None:
        opened = self.server.opened(uri)
        if opened is None:
            self._say(text("`{uri}` is not open", uri=uri), lsp.MessageType.Warning)
        return opened

    def _say(self, message: str, kind: lsp.MessageType = lsp.MessageType.Info) -> None:
        self.server.window_show_message(lsp.ShowMessageParams(kind, message))

"""What the server answers: the page itself, the questions about a text, its files, and the run."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from netdsl.core.errors import FileError
from netdsl.core.text import text
from netdsl.core.translation import known_language, speaking
from netdsl.play.checking import Checker
from netdsl.play.guard import Guard
from netdsl.play.session import RunSession, find_run_of
from netdsl.play.worker import Message
from netdsl.play.workspace import Workspace

PAGE = Path(__file__).parent / "page"

JSON = JSONResponse.media_type

Action = Callable[[Message], Awaitable[Message] | Awaitable[bytes]]

WRONG_REQUEST, IN_CONFLICT = 400, 409


@dataclass(frozen=True)
class Playground:
    """What the page works with.

    Args:
        workspace: its files.
        checker: the front end.
        session: the run.
        opened: the file that is shown first.
    """

    workspace: Workspace
    checker: Checker
    session: RunSession
    opened: str | None = None

    async def begin(self, _: Message) -> Message:
        """What the page shows first."""
        files = self.workspace.list_files()
        found = asdict(self.workspace.read(self.opened)) if self.opened in files else None
        return {"files": files, "opened": found, "folder": str(self.workspace.folder)}

    async def ask(self, message: Message) -> bytes:
        """A question about a text; the answer is JSON already."""
        return await self.checker.ask_for_json(message)

    async def read(self, message: Message) -> Message:
        """A file."""
        return asdict(self.workspace.read(str(message.get("file", ""))))

    async def save(self, message: Message) -> Message:
        """Writes a file."""
        mark = message.get("mark")
        saved = self.workspace.save(str(message["file"]), str(message["text"]), None if mark is None else str(mark))
        return asdict(saved)

    async def train(self, message: Message) -> Message:
        """Begins a run, or goes on with it: only of a text without errors, whose files lie in the folder."""
        program = _program(message)
        found = await self.checker.ask({"ask": "ready", "folder": str(self.workspace.folder), **program})
        if "problem" in found:
            return found
        await self.session.train(program, one_epoch=bool(message.get("one_epoch")), keeps=bool(message.get("keeps")))
        return {}

    async def pause(self, _: Message) -> Message:
        """Saves the run and stops it."""
        await self.session.pause()
        return {}

    async def reset(self, _: Message) -> Message:
        """Stops the run and forgets it."""
        await self.session.reset()
        return {}

    async def take_up(self, message: Message) -> Message:
        """Looks for a run of this text that an earlier server left, and takes it up."""
        program = _program(message)
        if not self.session.is_busy and self.session.run.get("file", program["file"]) != program["file"]:
            await self.session.reset()  # the page shows another file now
        if self.session.status == "idle" and (
            run := find_run_of(self.workspace.folder, written=program["text"], file=program["file"])
        ):
            found = await self.checker.ask({"ask": "ready", "folder": str(self.workspace.folder), **program})
            if "problem" not in found:
                await self.session.open(program, run)
        return {}

    async def preview(self, message: Message) -> Message:
        """Shows the net of a text that has no run yet."""
        program = _program(message)
        found = await self.checker.ask({"ask": "ready", "folder": str(self.workspace.folder), **program})
        if "problem" not in found:
            await self.session.preview(program)
        return {}

    async def look(self, message: Message) -> Message:
        """What the net makes of an image."""
        pixels = message.get("pixels")
        if pixels is not None and not (
            isinstance(pixels, list) and all(isinstance(one, (int, float)) for one in pixels)
        ):
            return {"problem": text("an image is a list of numbers")}
        return await self.session.look(
            {"pixels": pixels, "number": int(message.get("number", 0)), "language": message.get("language")}
        )

    async def warm(self, _: Message) -> Message:
        """Starts the process that trains, before anybody presses a button."""
        await self.session.warm()
        return {}


def make_application(playground: Playground, *, token: str, hosts: frozenset[str]) -> Guard:
    """The server's answers, behind their guard."""
    actions: dict[str, Action] = {
        "begin": playground.begin,
        "ask": playground.ask,
        "read": playground.read,
        "save": playground.save,
        "train": playground.train,
        "pause": playground.pause,
        "reset": playground.reset,
        "take-up": playground.take_up,
        "preview": playground.preview,
        "look": playground.look,
        "warm": playground.warm,
    }

    @asynccontextmanager
    async def living(_: Starlette) -> AsyncIterator[None]:
        yield
        await playground.session.close()
        await playground.checker.stop()

    async def stream(_: Request) -> Response:
        return StreamingResponse(_write_events(playground.session), media_type="text/event-stream")

    routes = [
        *(Route(f"/api/{name}", _action(act), methods=["POST"]) for name, act in actions.items()),
        Route("/api/events", stream),
        Mount("/", StaticFiles(directory=PAGE, html=True)),
    ]
    return Guard(Starlette(routes=routes, lifespan=living), token=token, hosts=hosts)


def _program(message: Message) -> Message:
    """The text of a request, the name of its file, and the language that its page speaks."""
    file = str(message.get("file") or "untitled.net")
    return {"text": str(message["text"]), "file": file, "language": message.get("language")}


def _action(act: Action) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        try:
            message = json.loads(await request.body() or b"{}")
            if not isinstance(message, dict):
                raise TypeError
            with speaking(known_language(message.get("language"))):
                answer = await act(message)
            return Response(answer, media_type=JSON) if isinstance(answer, bytes) else JSONResponse(answer)
        except FileError as error:
            return JSONResponse({"problem": error.message, "help": error.help}, IN_CONFLICT)
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            problem = text("this request cannot be read: {kind}", kind=type(error).__name__)
            return JSONResponse({"problem": problem}, WRONG_REQUEST)

    return respond


async def _write_events(session: RunSession) -> AsyncIterator[str]:
    async for message in session.listen():
        yield f"data: {json.dumps(message)}\n\n"

"""The server of the page: its socket on this machine alone, and the browser that is opened."""

from __future__ import annotations

import asyncio
import socket
import sys
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe

import uvicorn

from netdsl.core.errors import WrongPath
from netdsl.core.files import reason
from netdsl.core.text import text
from netdsl.play.application import Playground, make_application
from netdsl.play.checking import Checker
from netdsl.play.connections import LimitedProtocol
from netdsl.play.session import RunSession
from netdsl.play.worker import Worker
from netdsl.play.workspace import Workspace

ADDRESS = "127.0.0.1"
PORT = 8642
"""The port, where nothing else listens there; what a page keeps in the browser it keeps for the port."""


@dataclass(frozen=True)
class Options:
    """How the page is served.

    Args:
        folder: what it may read and write.
        opened: the file that is shown first, as seen from the folder.
        port: None: `PORT`, or any other that is free.
        device: where nets are trained.
        plugins: whether installed plugins count.
        plugin_files: further ones.
        browser: whether a browser is opened.
    """

    folder: Path
    opened: str | None = None
    port: int | None = None
    device: str = "auto"
    plugins: bool = True
    plugin_files: tuple[Path, ...] = ()
    browser: bool = True


class PageServer(uvicorn.Server):
    """A server whose pages listen without end, until it says that it is over."""

    session: RunSession

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends the streams, for which uvicorn would wait, and then the server."""
        self.session.hang_up()
        await super().shutdown(sockets)


def serve_page(options: Options, announce: Callable[[str], None]) -> None:
    """Serves the page until Ctrl-C; a run that is going on is saved then.

    Raises:
        WrongPath: the port is taken.
    """
    with bind(options.port) as listening:
        port = listening.getsockname()[1]
        token = token_urlsafe(24)
        link = f"http://{ADDRESS}:{port}/#token={token}"
        folder = options.folder.resolve()
        files = tuple(file.resolve() for file in options.plugin_files)
        arguments = [*([] if options.plugins else ["--no-plugins"]), f"--device={options.device}", *map(str, files)]
        playground = Playground(
            Workspace(folder),
            Checker(folder, plugins=options.plugins, plugin_files=files),
            RunSession(folder, Worker("netdsl.play.learning", folder, *arguments)),
            options.opened,
        )
        hosts = frozenset(f"{name}:{port}" for name in (ADDRESS, "localhost"))
        application = make_application(playground, token=token, hosts=hosts)
        server = PageServer(
            uvicorn.Config(
                application,
                http=LimitedProtocol,
                log_level="error",  # what a stranger sends need not fill the terminal
                access_log=False,
                ws="none",
                timeout_graceful_shutdown=1,
                lifespan="on",
            )
        )
        server.session = playground.session
        announce(link)
        if options.browser:
            with suppress(webbrowser.Error):
                webbrowser.open(link)
        # uvicorn passes Ctrl-C on once it has closed everything; to us it is the ordinary end.
        with suppress(KeyboardInterrupt):
            asyncio.run(server.serve(sockets=[listening]))


def bind(port: int | None) -> socket.socket:
    """A socket that listens on this machine alone.

    Raises:
        WrongPath: the port that was asked for is taken.
    """
    for number in (PORT, 0) if port is None else (port,):
        # Only of a socket that says TCP does asyncio send small pieces at once: else each answer waits for 40 ms.
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        if sys.platform != "win32":  # there it would let two servers share a port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((ADDRESS, number))
            listening.listen()  # a browser that is quicker than the server waits for it
        except OSError as error:
            listening.close()
            failure = error
        else:
            return listening
    raise WrongPath(text("port {port} cannot be used: {reason}", port=port, reason=reason(failure)))

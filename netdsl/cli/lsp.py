"""`netdsl lsp`: the language server that editors start."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import click

from netdsl.cli.shared.inputs import Settings
from netdsl.cli.shared.options import plugins_option
from netdsl.core.errors import MissingExtra
from netdsl.core.text import text

SECTION = "Language and setup"
HOST = "127.0.0.1"
SIGNALLED = 128  # a process that a signal ends has this status plus the signal's number


@click.command
@click.option(
    "--tcp",
    "port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="Serve one editor at 127.0.0.1:PORT; 0 chooses a free port.",
)
@plugins_option
def command(port: int | None, no_plugins: bool, plugin_files: tuple[Path, ...]) -> None:
    """Serve an editor with the Language Server Protocol.

    An editor starts this command and communicates with it over standard input and output. It shows mistakes and shapes
    at every key press, completes words, applies fixes, renames names and more. It needs `netdsl[lsp]`.
    docs/editors.md says how to set up an editor.
    """
    settings = Settings(plugins=not no_plugins, plugin_files=plugin_files)
    try:
        from netdsl.lsp.server import make_server
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("pygls", "lsprotocol", "cattrs", "attrs"):
            raise
        raise MissingExtra(
            text("the language server needs pygls, which cannot be imported"), help=text('`pip install "netdsl[lsp]"`')
        ) from error
    options = ["--no-plugins"] if no_plugins else []
    options += [word for file in plugin_files for word in ("--plugin", str(file.resolve()))]
    server = make_server(settings.registry, options)
    if port is None:
        channel = sys.stdout.buffer
        # The output of a plugin that prints must not reach the editor's stream.
        sys.stdout = sys.stderr
        _end_by_signals(server.commands.stop)
        server.start_io(sys.stdin.buffer, channel)
    else:
        port = port or _find_free_port()
        click.echo(text("serving one editor at {host}:{port}; Ctrl-C ends it", host=HOST, port=port), err=True)
        server.start_tcp(HOST, port)


def _end_by_signals(clean_up: Callable[[], None]) -> None:
    """Makes a signal end the process at once, because the thread that waits for the editor cannot be stopped."""
    # A handler would run in the main thread alone, once that wakes: a signal just before it waits for the editor would
    # go unheard. What wakes this thread is written as soon as the signal comes.
    hearing, telling = socket.socketpair()
    telling.setblocking(False)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(telling.fileno())

    def end() -> NoReturn:
        with telling:  # open for as long as the process
            number = hearing.recv(1)[0]
            clean_up()
            os._exit(SIGNALLED + number)

    threading.Thread(target=end, daemon=True).start()


def _find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        found: int = probe.getsockname()[1]
    return found

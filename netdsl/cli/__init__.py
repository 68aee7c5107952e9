"""The command line: one file a command, imported when it is called."""

from __future__ import annotations

import atexit
import contextlib
import gc
import io
import os
import signal
import sys
import threading
from typing import NoReturn

import click

from netdsl import __version__
from netdsl.cli.shared.commands import Commands
from netdsl.cli.shared.language import LanguageOption, begin_in_system_language, localize

TERMINATED = 143  # as shells report it: 128 and the number of SIGTERM


@click.command(cls=Commands, invoke_without_command=True, epilog="Try: netdsl shapes -e 'conv 3->32 k5; relu'")
@click.version_option(__version__, message="netdsl %(version)s")
@click.pass_context
def netdsl(ctx: click.Context) -> None:
    """The whiteboard notation for neural networks, made executable."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


netdsl.params.insert(0, LanguageOption())


def main() -> None:
    """The entry point."""
    # A process that this one starts, such as a reader of data, must not import from the current folder either.
    os.environ["PYTHONSAFEPATH"] = "1"
    signal.signal(signal.SIGTERM, _terminate)
    # A terminal that lacks a character must not end the command with an encoding error.
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # a real process's streams can
    begin_in_system_language()
    localize(netdsl)
    try:
        netdsl.main(prog_name="netdsl")
    except SystemExit as end:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # it is over: a second one has nothing to close
        if isinstance(end.code, int) and not _is_awaited():
            _leave(end.code)
        raise


def _is_awaited() -> bool:
    """Whether a thread still works, which Python's own way out waits for."""
    return any(thread is not threading.main_thread() and not thread.daemon for thread in threading.enumerate())


def _leave(status: int) -> NoReturn:
    """Ends the process without taking the interpreter apart, which takes a second where torch is imported."""
    # `os._exit` skips all of this.
    atexit._run_exitfuncs()
    if "torch" in sys.modules:  # somebody else's code may have run: a plugin's, which need not close its files
        _flush_files()
    # The reader of a pipe may be gone.
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    os._exit(status)


def _flush_files() -> None:
    """Puts on the disk what was written to files that nobody has closed."""
    kinds = (io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom)
    for found in gc.get_objects():
        # By its type: to ask an object itself for its class may run code.
        if issubclass(type(found), kinds):
            with contextlib.suppress(OSError, ValueError):  # its disk is full, or it is closed already
                found.flush()


def _terminate(*_: object) -> NoReturn:
    """Leaves as an exception does, so that files are closed and terminals restored on the way out."""
    sys.exit(TERMINATED)

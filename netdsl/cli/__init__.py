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

TERMINATED = 143  # 128 and the number of SIGTERM, as shells report it


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
    # Worker processes must not import from the current folder either.
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
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # the work is done: a second SIGTERM may end the process at once
        if isinstance(end.code, int) and not _is_awaited():
            _leave(end.code)
        raise


def _is_awaited() -> bool:
    """Whether a thread still runs. Python's own exit would wait for it."""
    return any(thread is not threading.main_thread() and not thread.daemon for thread in threading.enumerate())


def _leave(status: int) -> NoReturn:
    """Ends the process without Python's cleanup, which takes a second after torch is imported."""
    # `os._exit` does none of this.
    atexit._run_exitfuncs()
    if "torch" in sys.modules:  # a plugin's code may have run, and may have left files open
        _flush_files()
    # The reader of a pipe may be gone.
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    os._exit(status)


def _flush_files() -> None:
    """Writes the buffers of open files to the disk."""
    kinds = (io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom)
    for found in gc.get_objects():
        # By `type`: `isinstance` may run code of the object.
        if issubclass(type(found), kinds):
            with contextlib.suppress(OSError, ValueError):  # the disk is full, or the file is closed already
                found.flush()


def _terminate(*_: object) -> NoReturn:
    """Raises an exception, so that files are closed and the terminal is restored."""
    sys.exit(TERMINATED)

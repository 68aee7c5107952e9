"""The output of a command: to a terminal of some width, or to a file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

import click

from netdsl.core.errors import WrongPath
from netdsl.core.files import reason, write_atomically
from netdsl.core.text import text

BLOCK = 64 * 1024
"""Characters that are written at a time."""


def colored(stream: TextIO) -> bool:
    """Whether a stream shows colours: terminals do, unless `NO_COLOR` is set or `TERM` is `dumb`."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def columns(stream: TextIO, *, piped: int = 80) -> int:
    """The width of a line: the terminal's width within bounds, or a fixed width if there is no terminal."""
    if not stream.isatty():
        return piped
    from shutil import get_terminal_size

    return max(80, min(120, get_terminal_size().columns))


def write_pieces(pieces: Iterable[str]) -> None:
    """Writes a long text to standard output while it is made, some lines at a time."""
    block, length = list[str](), 0
    for piece in pieces:
        block.append(piece)
        length += len(piece)
        if length >= BLOCK:
            click.echo("".join(block), nl=False)
            block, length = [], 0
    click.echo("".join(block), nl=False)


def require_apart(output: str | None, given: Iterable[str]) -> None:
    """Raises `WrongPath` where an output would be written over what the command reads."""
    if output is None or not Path(output).is_file():
        return
    if any(Path(one).is_file() and Path(one).samefile(output) for one in given):
        raise WrongPath(text("`{path}` is what the command reads: write another name behind `-o`", path=output))


def write_output(content: bytes, path: str | None) -> None:
    """Writes to the file that the command line names, or to standard output if it names none.

    Raises:
        WrongPath: the file cannot be written.
    """
    if path is None:
        click.echo(content, nl=False)
        return
    file = Path(path)
    try:
        if file.is_file() or not file.exists():
            write_atomically(file, content)  # on a full disk no half-written file remains
        else:
            # A pipe or a device cannot be replaced by a new file.
            file.write_bytes(content)
    except OSError as error:
        raise WrongPath(text("`{path}` cannot be written: {reason}", path=path, reason=reason(error))) from error

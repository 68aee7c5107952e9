"""The shared part of `fmt` and `fix`: the difference as a patch, and replacing the old text by the new."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from difflib import unified_diff
from io import StringIO
from pathlib import Path

import click

from netdsl.cli.shared.errors import show_error
from netdsl.core.errors import WrongPath
from netdsl.core.files import reason, write_atomically
from netdsl.core.source import Source
from netdsl.core.text import text
from netdsl.render.cells import visible

STYLES = {"+": "green", "-": "red", "@": "cyan"}


def rewrite_each(sources: Iterable[Source], rewrite: Callable[[Source], int]) -> int:
    """Rewrites every source, even after one that cannot be written. Returns the highest exit status."""
    status = 0
    for source in sources:
        try:
            status = max(status, rewrite(source))
        except WrongPath as error:
            status = max(status, show_error(error))
    return status


def replace_text(source: Source, new: str) -> bool:
    """Replaces a source by a text, or writes the text to standard output if the source is not a file.

    Returns:
        whether a file has changed.

    Raises:
        WrongPath: the file cannot be written; it is unchanged.
    """
    if not source.is_file:
        # As bytes, because a text stream may change the line ends and the encoding.
        click.echo(new.encode(), nl=False)
        return False
    # An unchanged file keeps its modification time, which build tools use.
    if new == source.text:
        return False
    try:
        write_atomically(Path(source.name), new.encode())
    except OSError as error:
        raise WrongPath(
            text("`{path}` cannot be written and is unchanged: {why}", path=source.name, why=reason(error))
        ) from error
    return True


def patch(source: Source, new: str, *, color: bool) -> str:
    """The difference between a source and a text, as `patch` reads it."""
    # `splitlines` would also split at characters that are not line ends for `patch`.
    old_lines, new_lines = (list(StringIO(version, newline="\n")) for version in (source.text, new))
    name = source.name.lstrip("/")
    return "".join(_styled(unified_diff(old_lines, new_lines, f"a/{name}", f"b/{name}"), color))


def _styled(lines: Iterator[str], color: bool) -> Iterator[str]:
    for line in lines:
        body = line.removesuffix("\n")
        yield click.style(visible(body), fg=STYLES.get(body[:1])) if color else body
        yield "\n" if line.endswith("\n") else "\n\\ No newline at end of file\n"

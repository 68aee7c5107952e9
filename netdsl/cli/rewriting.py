"""What commands that rewrite files share: the difference as a patch, and putting the new text in its place."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import unified_diff
from io import StringIO
from pathlib import Path

import click

from netdsl.core.files import write_atomically
from netdsl.core.source import Source
from netdsl.render.cells import visible

NOT_FILES = ("<stdin>", "<text>")
STYLES = {"+": "green", "-": "red", "@": "cyan"}


def save(source: Source, text: str, *, done: str) -> int:
    """Puts a text in the place of a source, or on standard output where that came from no file; the exit status."""
    if source.name in NOT_FILES:
        click.echo(text.encode(), nl=False)
        return 0
    if text == source.text:
        return 0
    try:
        write_atomically(Path(source.name), text.encode())
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        click.echo(f"error: `{source.name}` cannot be written and is left as it was: {reason}", err=True)
        return 2
    click.echo(f"{done} {source.name}", err=True)
    return 0


def patch(source: Source, text: str, *, color: bool) -> str:
    """The difference between a source and a text, as `patch` reads it."""
    old, new = (list(StringIO(version, newline="\n")) for version in (source.text, text))
    name = source.name.lstrip("/")
    return "".join(_painted(unified_diff(old, new, f"a/{name}", f"b/{name}"), color))


def _painted(lines: Iterator[str], color: bool) -> Iterator[str]:
    for line in lines:
        body = line.removesuffix("\n")
        yield click.style(visible(body), fg=STYLES.get(body[:1])) if color else body
        yield "\n" if line.endswith("\n") else "\n\\ No newline at end of file\n"

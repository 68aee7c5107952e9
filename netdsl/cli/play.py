"""`netdsl play`: a page in the browser to write, draw and train nets."""

from __future__ import annotations

from pathlib import Path

import click

from netdsl.cli.shared.options import device_option, plugins_option
from netdsl.core.errors import ExportError, WrongPath
from netdsl.core.text import text

SECTION = "Nets"


@click.command
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--port", type=click.IntRange(min=0, max=65535), metavar="N", help="The port; 8642 by default, or any.")
@click.option("--no-browser", is_flag=True, help="Print the link and open no browser.")
@device_option
@plugins_option
def command(
    file: Path | None,
    port: int | None,
    no_browser: bool,
    device: str,
    no_plugins: bool,
    plugin_files: tuple[Path, ...],
) -> None:
    """Write, draw and train nets in a page of the browser.

    FILE is a .net file in this folder, or below it; the page reads and writes nothing outside the folder. It is served
    on this machine alone, to whoever has the link. Ctrl-C ends it and saves a run that is going on.
    """
    folder = Path.cwd().resolve()
    opened = None if file is None else _name_in(folder, file)
    try:
        from netdsl.play.server import Options, serve_page
    except ImportError as error:
        raise ExportError(
            text("`netdsl play` needs {package}, which is not installed", package=error.name or "starlette"),
            help='`pip install "netdsl[play]"`',
        ) from error
    options = Options(folder, opened, port, device, not no_plugins, plugin_files, not no_browser)
    serve_page(options, lambda link: click.echo(text("{link}\nCtrl-C ends it", link=link)))


def _name_in(folder: Path, file: Path) -> str:
    """What the page calls a file of its folder."""
    if not file.is_file():
        raise WrongPath(text("no such file: `{file}`", file=file))
    real = file.resolve()
    if not real.is_relative_to(folder):
        raise WrongPath(
            text("`{file}` lies outside this folder, and the page reads nothing else", file=file),
            text("start it there: `cd {folder}`", folder=real.parent),
        )
    return real.relative_to(folder).as_posix()

"""`netdsl play`: a page in the browser to write, draw and train nets."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from netdsl.cli.shared.options import PATH, device_option, plugins_option
from netdsl.core.errors import ExportError, WrongPath
from netdsl.core.text import text
from netdsl.play.workspace import NetFile, Workspace

SECTION = "Nets"


@click.command
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--port", type=click.IntRange(min=0, max=65535), metavar="N", help="The port; 8642 by default, or any.")
@click.option("--no-browser", is_flag=True, help="Print the link and open no browser.")
@click.option(
    "--static",
    "static",
    type=PATH,
    metavar="DIR",
    help="Write the page into DIR, for any web server: there it needs no Python, and trains nothing.",
)
@click.option(
    "--pyodide",
    metavar="PATH|URL",
    help="With --static: a folder or a .tgz file with Python for the browser, which npm then need not fetch.",
)
@device_option
@plugins_option
def command(
    file: Path | None,
    port: int | None,
    no_browser: bool,
    static: Path | None,
    pyodide: str | None,
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
    if static is not None:
        _write_static(static, None if opened is None else Workspace(folder).read(opened), pyodide)
        return
    if pyodide is not None:
        raise click.UsageError("`--pyodide` goes with `--static DIR`")
    try:
        from netdsl.play.server import Options, serve_page
    except ImportError as error:
        raise ExportError(
            text("`netdsl play` needs {package}, which is not installed", package=error.name or "starlette"),
            help='`pip install "netdsl[play]"`',
        ) from error
    options = Options(folder, opened, port, device, not no_plugins, plugin_files, not no_browser)
    serve_page(options, lambda link: click.echo(text("{link}\nCtrl-C ends it", link=link)))


def _write_static(folder: Path, opened: NetFile | None, pyodide: str | None) -> None:
    context = click.get_current_context()
    for option in ("port", "no_browser", "device", "no_plugins", "plugin_files"):
        if context.get_parameter_source(option) is click.core.ParameterSource.COMMANDLINE:
            given = next(one for one in context.command.params if one.name == option)
            raise click.UsageError(text("`{option}` does nothing with `--static`: leave it out", option=given.opts[0]))
    from netdsl.play.static.folder import write_static_page

    page = write_static_page(folder, opened, pyodide, lambda begun: click.echo(begun, err=True))
    click.echo(
        text(
            "wrote {folder}: {size:.1f} MB, with Pyodide {version}\n"
            "next: python -m http.server --bind 127.0.0.1 --directory {quoted}",
            folder=page.folder,
            size=page.size / 1e6,
            version=page.pyodide,
            quoted=shlex.quote(str(page.folder)),
        )
    )


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

"""`netdsl new`: a working net or plugin to start from."""

from __future__ import annotations

from pathlib import Path

import click

from netdsl.core.errors import FileError
from netdsl.core.files import reason
from netdsl.core.text import text
from netdsl.scaffold import PREFIX, net_text, plugin_files, write_file, write_folder

SECTION = "Nets"
SUFFIX = ".net"

into_option = click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    default=".",
    metavar="DIR",
    help="The folder to write into, instead of the current one.",
)


@click.group
def command() -> None:
    """Write a working net or plugin to start from.

    A file or folder that exists is never overwritten.
    """


@command.command
@click.argument("name")
@into_option
def plugin(name: str, into: Path) -> None:
    """Write a package with a layer, a loss, their tests and a net: the folder `netdsl-NAME`."""
    from netdsl.plugins.registry import load_registry
    from netdsl.render.vocabulary import names

    # The package is for other machines too, so only netdsl's own names count as taken.
    files = plugin_files(name, names(load_registry(installed=False)))
    folder = into / f"{PREFIX}{name.removeprefix(PREFIX)}"
    try:
        write_folder(folder, files)
    except FileExistsError as error:
        raise _exists(folder) from error
    except OSError as error:
        raise _unwritable(folder, error) from error
    click.echo(text("wrote {folder}: {files}", folder=folder, files=", ".join(files)))
    click.echo(text("next: cd {folder}; pip install -e '.[test]'; python -m pytest", folder=folder))


@command.command
@click.argument("name")
@into_option
def net(name: str, into: Path) -> None:
    """Write the file `NAME.net`: a small net for handwritten digits, with a comment on each line."""
    name = f"{name.removesuffix(SUFFIX)}{SUFFIX}"
    if Path(name).name != name or name == SUFFIX:
        raise click.UsageError(text("`{name}` is not a file name; write the folder as `--into DIR`", name=name))
    file = into / name
    try:
        into.mkdir(parents=True, exist_ok=True)
        write_file(file, net_text(name))
    except FileExistsError as error:
        raise _exists(file) from error
    except OSError as error:
        raise _unwritable(file, error) from error
    click.echo(text("wrote {file}\nnext: netdsl run {file}", file=file))


def _unwritable(path: Path, error: OSError) -> FileError:
    return FileError(text("`{path}` cannot be written: {reason}", path=path, reason=reason(error)))


def _exists(path: Path) -> FileError:
    return FileError(text("`{path}` exists already: give another name, or `--into DIR`", path=path))

"""`netdsl new`: something to begin with, which works at once."""

from __future__ import annotations

from pathlib import Path

import click

from netdsl.core.errors import NameRefused
from netdsl.scaffold import PREFIX, net_text, plugin_files, write_file, write_folder

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
    """Write a net or a plugin to begin with, which works at once.

    What is there already is never overwritten.
    """


@command.command
@click.argument("name")
@into_option
def plugin(name: str, into: Path) -> None:
    """Write a package with a layer, a loss, their tests and a net: the folder `netdsl-NAME`."""
    from netdsl.plugins.registry import load_registry
    from netdsl.render.vocabulary import names

    try:
        files = plugin_files(name, names(load_registry(installed=False)))
    except NameRefused as error:
        raise click.UsageError(str(error)) from error
    folder = into / f"{PREFIX}{name.removeprefix(PREFIX)}"
    try:
        write_folder(folder, files)
    except FileExistsError as error:
        raise _taken(folder) from error
    click.echo(f"wrote {folder}: {', '.join(files)}")
    click.echo(f"next: cd {folder}; pip install -e '.[test]'; python -m pytest")


@command.command
@click.argument("name")
@into_option
def net(name: str, into: Path) -> None:
    """Write the file `NAME.net`: a small net, trained on handwritten digits, with a comment to each line."""
    name = f"{name.removesuffix(SUFFIX)}{SUFFIX}"
    if Path(name).name != name or name == SUFFIX:
        raise click.UsageError(f"`{name}` is no name of a file; a folder is given by `--into DIR`")
    file = into / name
    try:
        into.mkdir(parents=True, exist_ok=True)
        write_file(file, net_text(name))
    except FileExistsError as error:
        raise _taken(file) from error
    click.echo(f"wrote {file}\nnext: netdsl run {file}")


def _taken(path: Path) -> click.ClickException:
    return click.ClickException(f"`{path}` is there already and is left as it is: give another name, or `--into DIR`")

"""`netdsl layers`: the words of the language."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from netdsl.cli.shared.inputs import Settings
from netdsl.cli.shared.options import plugins_option
from netdsl.cli.shared.output import colored, columns
from netdsl.components import Component
from netdsl.components.registry import OWN, Registry
from netdsl.core.errors import UnknownName
from netdsl.core.suggestions import nearest
from netdsl.core.text import text
from netdsl.language.statements import StatementKind
from netdsl.render.entry import entry, statement_entry
from netdsl.render.vocabulary import headings, named, names, section, vocabulary

SECTION = "Language and setup"


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    registry = Settings().registry
    return [name for name in (*names(registry), *headings(registry)) if name.startswith(incomplete)]


@click.command
@click.argument("name", required=False, shell_complete=_complete)
@plugins_option
def command(name: str | None, no_plugins: bool, plugin_files: tuple[Path, ...]) -> None:
    """List the words of the language, or explain one.

    NAME is a word, a class of torch such as `nn.GELU`, or a heading of the list, such as `pooling` or `optimizers`.
    Besides layers there are the statements, and what they name: data sets, losses, optimizers and others.
    """
    registry = Settings(plugins=not no_plugins, plugin_files=plugin_files).registry
    color, room = colored(sys.stdout), columns(sys.stdout)
    if name is None:
        click.echo(vocabulary(registry, color=color, columns=room), nl=False)
        return
    found = named(registry, name)
    if not found and (listed := section(registry, name, color=color, columns=room)):
        click.echo(listed, nl=False)
        return
    if not found:
        raise _unknown(name, registry)
    click.echo("\n".join(_page(registry, one, color, room) for one in found), nl=False)


def _page(registry: Registry, one: Component | StatementKind, color: bool, room: int) -> str:
    if isinstance(one, StatementKind):
        return statement_entry(one, color=color, columns=room)
    return entry(one, registry.origins.get((type(one), one.name), OWN), color=color, columns=room)


def _unknown(name: str, registry: Registry) -> UnknownName:
    near = nearest(name, [*names(registry), *headings(registry)])
    if near is None:
        return UnknownName(text("no word `{name}` in the language", name=name))
    return UnknownName(text("no word `{name}` in the language; did you mean `{near}`?", name=name, near=near))

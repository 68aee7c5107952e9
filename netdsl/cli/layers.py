"""`netdsl layers`: the words of the language."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from netdsl.cli.inputs import Settings, colored, columns, plugins_option
from netdsl.components import Component
from netdsl.language.statements import Word
from netdsl.plugins.registry import Registry
from netdsl.render.entry import entry, word_entry
from netdsl.render.vocabulary import named, names, vocabulary


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    return [name for name in names(Settings().registry) if name.startswith(incomplete)]


@click.command
@click.argument("name", required=False, shell_complete=_complete)
@plugins_option
def command(name: str | None, no_plugins: bool, plugin_files: tuple[Path, ...]) -> None:
    """List the words of the language, or explain one.

    Besides layers there are statements, data sets, transforms, losses, optimizers, schedules, metrics and loggers.
    """
    registry = Settings(plugins=not no_plugins, plugin_files=plugin_files).registry
    color, room = colored(sys.stdout), columns(sys.stdout)
    if name is None:
        click.echo(vocabulary(registry, color=color, columns=room), nl=False)
        return
    found = named(registry, name)
    if not found:
        from difflib import get_close_matches

        near = get_close_matches(name, names(registry), 1)
        meant = f"; did you mean `{near[0]}`?" if near else ""
        click.echo(f"error: no word `{name}` in the language{meant}", err=True)
        sys.exit(1)
    click.echo("\n".join(_page(registry, one, color, room) for one in found), nl=False)


def _page(registry: Registry, one: Component | Word, color: bool, room: int) -> str:
    if isinstance(one, Word):
        return word_entry(one, color=color, columns=room)
    return entry(one, registry.origins[type(one), one.name], color=color, columns=room)

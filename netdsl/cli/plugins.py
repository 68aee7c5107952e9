"""`netdsl plugins`: the installed plugins, and what each adds."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from netdsl.cli.shared.options import plugins_option
from netdsl.cli.shared.output import colored, columns
from netdsl.core.errors import UnknownName
from netdsl.core.text import text
from netdsl.plugins.registry import load_commands, load_registry
from netdsl.render.plugins import Present, plugin_list, plugin_page

SECTION = "Language and setup"


@click.command
@click.argument("name", required=False)
@plugins_option
@click.pass_context
def command(ctx: click.Context, name: str | None, no_plugins: bool, plugin_files: tuple[Path, ...]) -> None:
    """Show the installed plugins and what each adds, or one plugin in full.

    A plugin that cannot be used is not loaded, and is shown with the reason. `NETDSL_PLUGINS=a,b` loads only the
    plugins `a` and `b`; if it is empty, no plugin is loaded.
    """
    group = ctx.find_root().command
    taken = group.list_commands(ctx) if isinstance(group, click.Group) else []
    present = _present(taken, not no_plugins, plugin_files)
    color, room = colored(sys.stdout), columns(sys.stdout)
    if name is None:
        click.echo(plugin_list(present, color=color, columns=room), nl=False)
        return
    plugins = {plugin.name: plugin for plugin in present.registry.plugins}
    if name not in plugins:
        raise _unknown(name, present)
    click.echo(plugin_page(present, plugins[name], color=color, columns=room), nl=False)


def _present(taken: Sequence[str], installed: bool, files: tuple[Path, ...]) -> Present:
    """The plugins with their commands; netdsl's own names are taken."""
    registry = load_registry(installed=installed, files=files)
    found, problems = load_commands(taken, installed=installed, files=files)
    commands: dict[str, list[str]] = {}
    for name, one in found.items():
        commands.setdefault(one.plugin.name, []).append(name)
    return Present(registry, commands, problems)


def _unknown(name: str, present: Present) -> UnknownName:
    """Why a plugin cannot be shown: the problems with it, or that there is none of this name."""
    problems = [str(problem) for problem in present.all_problems if problem.plugin == name]
    if problems:
        return UnknownName("\n".join(problems))
    known = ", ".join(f"`{plugin.name}`" for plugin in present.registry.plugins)
    return UnknownName(text("no plugin `{name}`; the installed plugins: {known}", name=name, known=known))

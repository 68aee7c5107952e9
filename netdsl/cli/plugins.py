"""`netdsl plugins`: who is here."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from netdsl.cli.inputs import colored, columns, plugins_option
from netdsl.plugins.registry import load_commands, load_registry
from netdsl.render.plugins import Present, plugin_list, plugin_page


@click.command
@click.argument("name", required=False)
@plugins_option
def command(name: str | None, no_plugins: bool, plugin_files: tuple[Path, ...]) -> None:
    """Show the plugins that are installed and what each adds, or tell all of one.

    A plugin that cannot be used is left out, and named with the reason. `NETDSL_PLUGINS=a,b` limits what is loaded to
    the plugins that it names; empty, to none.
    """
    present = _present(no_plugins, plugin_files)
    style = {"color": colored(sys.stdout), "columns": columns(sys.stdout)}
    if name is None:
        click.echo(plugin_list(present, **style), nl=False)  # type: ignore[arg-type]  # a flag and a number
        return
    plugins = {plugin.name: plugin for plugin in present.registry.plugins}
    if name in plugins:
        click.echo(plugin_page(present, plugins[name], **style), nl=False)  # type: ignore[arg-type]  # likewise
        return
    problems = [str(problem) for problem in present.all_problems if problem.plugin == name]
    known = ", ".join(f"`{known}`" for known in plugins)
    click.echo("\n".join(f"error: {one}" for one in problems or [f"no plugin `{name}`: there are {known}"]), err=True)
    sys.exit(1)


def _present(no_plugins: bool, files: tuple[Path, ...]) -> Present:
    from netdsl.cli import COMMANDS

    registry = load_registry(installed=not no_plugins, files=files)
    found, problems = load_commands(COMMANDS, installed=not no_plugins, files=files)
    commands: dict[str, list[str]] = {}
    for name, one in found.items():
        commands.setdefault(one.plugin.name, []).append(name)
    return Present(registry, commands, problems)

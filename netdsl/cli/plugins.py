"""`netdsl plugins`: who is here."""

from __future__ import annotations

import click

from netdsl.cli.inputs import Settings, plugins_option
from netdsl.render.vocabulary import plugin_list


@click.command
@plugins_option
def command(no_plugins: bool) -> None:
    """Show the plugins that are installed and what each adds.

    A plugin that cannot be used is left out with a warning.
    """
    click.echo(plugin_list(Settings(plugins=not no_plugins).registry), nl=False)

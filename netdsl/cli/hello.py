"""`netdsl hello`: greet a net."""

from __future__ import annotations

import click

SECTION = "Nets"


@click.command
@click.argument("name")
def command(name: str) -> None:
    """Greet a net."""
    click.echo(f"hello {name}")

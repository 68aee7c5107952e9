"""`netdsl completion`: the shell's part of completing commands, options and files."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

SECTION = "Language and setup"
SHELLS = ("bash", "zsh", "fish")


@click.command
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the script with which your shell completes commands, options and files.

    \b
    bash: echo 'eval "$(netdsl completion bash)"' >> ~/.bashrc
    zsh:  echo 'eval "$(netdsl completion zsh)"' >> ~/.zshrc
    fish: netdsl completion fish > ~/.config/fish/completions/netdsl.fish
    """  # noqa: D301  # `\b` is click's sign for lines that are not to be filled
    shells = get_completion_class(shell)
    assert shells is not None  # click has all three
    click.echo(shells(ctx.find_root().command, {}, "netdsl", "_NETDSL_COMPLETE").source())

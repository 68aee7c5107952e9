"""The command line: one file a command, imported when it is called."""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import os
import signal
import sys
from collections.abc import Mapping
from typing import Any, NoReturn

import click

from netdsl import __version__

COMMANDS = {
    "check": "Say what is wrong in files, and how to put it right.",
    "shapes": "Show every layer's output shape, parameters and multiply-adds.",
    "fix": "Apply the fixes that `netdsl check` proposes.",
    "fmt": "Put files into their canonical form.",
    "data": "Show what a file's data hold, and picture some samples.",
    "export": "Write a net as plain PyTorch, which needs netdsl no more.",
    "import": "Write an `nn.Sequential` in the language.",
    "new": "Write a net or a plugin to begin with, which works at once.",
    "run": "Train a net, evaluate it after each epoch.",
    "eval": "Test a trained net: its loss, its metrics, and which classes it confuses.",
    "predict": "Tell the classes of images, the likeliest first.",
    "bench": "Measure how fast a net trains, and where the time goes.",
    "runs": "List runs, the best first, or compare two of them.",
    "layers": "List the words of the language, or explain one.",
    "plugins": "Show the plugins that are installed and what each adds.",
    "completion": "Print the script that teaches your shell to complete commands.",
}
"""What `netdsl --help` lists, so that listing a command does not import it."""

PLUGINS = "netdsl.plugin_commands"
INTERRUPTED, TERMINATED = 130, 143
FEW_COLLECTIONS = 100_000
"""New objects between two searches for garbage: a tree of 10,000 layers holds none, and searching it takes a tenth of
the time of its check."""


class Commands(click.Group):
    """The group of all commands: finds them by name, and turns every ending into one message and an exit status."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the order of a day's work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The object `command` of the module `netdsl.cli.NAME`."""
        if cmd_name not in COMMANDS:
            return _plugin_commands(ctx).get(cmd_name)
        command: click.Command = importlib.import_module(f"{__name__}.{module_name(cmd_name)}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments begin with."""
        if args[0] not in COMMANDS and not ctx.resilient_parsing and args[0] not in _plugin_commands(ctx):
            raise click.UsageError(_unknown(args[0]), ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the list of commands."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))
        if added := _plugin_commands(ctx):
            with formatter.section("Commands of plugins"):
                formatter.write_dl([(name, command.get_short_help_str()) for name, command in added.items()])

    def main(self, *args: Any, **extra: Any) -> NoReturn:
        """Runs a command and exits: 1 for an error in a file, 2 for a wrong usage, 130 and 143 when stopped."""
        extra["standalone_mode"] = False
        try:
            status = super().main(*args, **extra)
        except click.Abort:
            sys.exit(INTERRUPTED)
        except click.ClickException as error:
            _complain(error.format_message())
            if isinstance(error, click.UsageError) and error.ctx:
                click.echo(f"try `{error.ctx.command_path} --help`", err=True)
            sys.exit(error.exit_code)
        except OSError as error:
            _complain(": ".join(filter(None, (error.filename, (error.strerror or str(error)).lower()))))
            sys.exit(1)
        sys.exit(status if isinstance(status, int) else 0)


def module_name(command: str) -> str:
    """The module of a command: `run`; `import_`, because Python keeps `import` to itself."""
    return f"{command}_" if command == "import" else command


@click.command(cls=Commands, invoke_without_command=True, epilog="Try: netdsl shapes -e 'conv 3->32 k5; relu'")
@click.version_option(__version__, message="netdsl %(version)s")
@click.pass_context
def netdsl(ctx: click.Context) -> None:
    """The whiteboard notation for neural networks, made executable."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main() -> None:
    """The entry point."""
    gc.set_threshold(FEW_COLLECTIONS)
    signal.signal(signal.SIGTERM, _terminate)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # a real process's streams can
    try:
        netdsl.main(prog_name="netdsl")
    except SystemExit as end:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # it is over: a second one has nothing to close
        if "torch" not in sys.modules and isinstance(end.code, int):
            _leave(end.code)
        raise


def _leave(status: int) -> NoReturn:
    """Ends the process without taking the interpreter apart, which takes a tenth of the time of a whole check."""
    atexit._run_exitfuncs()
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    os._exit(status)


def _terminate(*_: object) -> NoReturn:
    """Leaves as an exception does, so that files are closed and terminals restored on the way out."""
    sys.exit(TERMINATED)


def _plugin_commands(ctx: click.Context) -> Mapping[str, click.Command]:
    """The commands that plugins add, asked for only where none of ours is meant; what is wrong is said once."""
    if PLUGINS not in ctx.meta:
        from netdsl.plugins.registry import load_commands

        found, problems = load_commands(COMMANDS)
        for problem in problems:
            click.echo(f"warning: {problem}", err=True)
        ctx.meta[PLUGINS] = {name: one.function for name, one in found.items()}
    commands: Mapping[str, click.Command] = ctx.meta[PLUGINS]
    return commands


def _complain(message: str) -> None:
    from netdsl.render.cells import visible

    click.echo("\n".join(map(visible, f"error: {message}".split("\n"))), err=True)


def _unknown(name: str) -> str:
    from difflib import get_close_matches

    if name.endswith(".net"):
        return f"`{name}` is not a command; to look at a file: `netdsl shapes {name}`"
    near = get_close_matches(name, COMMANDS, 1)
    return f"no such command: `{name}`" + (f"; did you mean `{near[0]}`?" if near else "")

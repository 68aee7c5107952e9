"""The group of all commands. It finds each command in its file, and imports it when it is called."""

from __future__ import annotations

import ast
import importlib
import keyword
import os
from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import groupby
from typing import Any, NamedTuple, NoReturn

import click

from netdsl.cli.shared.errors import show_error, warn
from netdsl.cli.shared.language import localize
from netdsl.core.errors import Interrupted, NetdslError
from netdsl.core.text import text
from netdsl.core.translation import translate

PACKAGE = "netdsl.cli"
FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PLUGINS = "netdsl.plugin_commands"
INTERRUPTED = 130  # 128 and the number of SIGINT, as shells report it

SECTIONS = ("Nets", "Training", "Language and setup")
"""The order of the sections in `netdsl --help`; a command's file names its own, as `SECTION`."""


class CommandEntry(NamedTuple):
    """A command as `netdsl --help` shows it."""

    section: str
    name: str
    summary: str


class Commands(click.Group):
    """The group of all commands: `NAME` is the object `command` of the module `netdsl.cli.NAME`."""

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of netdsl's own commands: every module of the folder is one."""
        modules = (name.removesuffix(".py") for name in os.listdir(FOLDER) if name.endswith(".py"))
        return frozenset(module.removesuffix("_") for module in modules if not module.startswith("_"))

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in alphabetical order."""
        return sorted(self.names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Imports a command and returns it; None if there is no such command."""
        if cmd_name not in self.names:
            return self._plugin_commands(ctx).get(cmd_name)
        command: click.Command = importlib.import_module(f"{PACKAGE}.{_module(cmd_name)}").command
        return localize(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first argument names."""
        name = args[0]
        # Completion asks for incomplete names, which are not mistakes.
        if name not in self.names and not ctx.resilient_parsing and name not in self._plugin_commands(ctx):
            raise click.UsageError(self._unknown(name), ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the list of commands, by section."""
        for section, listed in groupby(_in_order(map(read_listed, self.names)), key=lambda one: one.section):
            with formatter.section(translate(section)):
                formatter.write_dl([(one.name, translate(one.summary)) for one in listed])
        if added := self._plugin_commands(ctx):
            with formatter.section(text("Commands of plugins")):
                formatter.write_dl([(name, command.get_short_help_str()) for name, command in added.items()])

    def invoke(self, ctx: click.Context) -> object:
        """Runs the command that the arguments name; returns its exit status, if it has one."""
        try:
            return super().invoke(ctx)
        # Caught here, not in `main`: click turns every KeyboardInterrupt into `Abort`, and `Interrupted` is one.
        except (NetdslError, Interrupted) as error:
            return show_error(error)

    def main(self, *args: Any, **extra: Any) -> NoReturn:
        """Runs a command and exits: 1 for an error in a file, 2 for a wrong usage, 130 and 143 when stopped."""
        # Otherwise click prints errors in its own words and exits with its own statuses.
        extra["standalone_mode"] = False
        try:
            status = super().main(*args, **extra)
        except click.Abort:
            raise SystemExit(INTERRUPTED) from None
        except (click.ClickException, OSError) as error:
            raise SystemExit(show_error(error)) from error
        raise SystemExit(status if isinstance(status, int) else 0)

    def _plugin_commands(self, ctx: click.Context) -> Mapping[str, click.Command]:
        """The commands of plugins. The search for plugins is slow, so it is done only if no own command fits."""
        # Nested contexts share `meta`, so the plugins are searched once.
        if PLUGINS not in ctx.meta:
            from netdsl.plugins.registry import load_commands

            found, problems = load_commands(self.list_commands(ctx))
            for problem in problems:
                warn(str(problem))
            ctx.meta[PLUGINS] = {name: one.function for name, one in found.items()}
        commands: Mapping[str, click.Command] = ctx.meta[PLUGINS]
        return commands

    def _unknown(self, name: str) -> str:
        from netdsl.core.suggestions import nearest

        if name.endswith(".net"):
            return text("`{file}` is not a command; to look at a file: `netdsl shapes {file}`", file=name)
        near = nearest(name, self.names)
        if near is None:
            return text("no such command: `{name}`", name=name)
        return text("no such command: `{name}`; did you mean `{near}`?", name=name, near=near)


def read_listed(name: str) -> CommandEntry:
    """A command's `SECTION` and the first sentence of its help, read from its file.

    The file is not imported, because importing all commands would import torch.
    """
    with open(os.path.join(FOLDER, f"{_module(name)}.py"), encoding="utf-8") as file:
        statements = ast.parse(file.read()).body
    section, summary = "", ""
    for statement in statements:
        match statement:
            case ast.Assign([ast.Name("SECTION")], ast.Constant(str(value))):
                section = value
            case ast.FunctionDef("command"):
                paragraph = (ast.get_docstring(statement) or "").partition("\n\n")[0]
                summary = " ".join(paragraph.split())
    return CommandEntry(section, name, summary)


def _in_order(commands: Iterable[CommandEntry]) -> list[CommandEntry]:
    """The commands by section. Those of an unknown section come last."""
    places = {section: place for place, section in enumerate(SECTIONS)}
    return sorted(commands, key=lambda one: (places.get(one.section, len(places)), one))


def _module(command: str) -> str:
    """The module of a command: `run`; `import_`, because `import` is a keyword of Python."""
    return f"{command}_" if keyword.iskeyword(command) else command

"""The arguments and options that several commands take."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from netdsl.cli.shared.inputs import ProgramText, Settings, read_one
from netdsl.core.text import text

DEVICE = r"auto|cpu|mps|cuda(:\d+)?"
PATH = click.Path(path_type=Path)

Command = TypeVar("Command", bound=Callable[..., Any])


class Device(click.ParamType[str]):
    """The name of a device. Whether the machine has it is known only when it is used."""

    name = "device"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Fails for a name that no machine has."""
        if not re.fullmatch(DEVICE, value):
            self.fail(text("unknown device `{device}`: write auto, cpu, cuda, cuda:1 or mps", device=value), param, ctx)
        return str(value)


class ChosenEpoch(click.ParamType[Any]):
    """`best`, `last`, or the number of an epoch."""

    name = "epoch"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        """Fails for a text that names no epoch."""
        if value in ("best", "last"):
            return str(value)
        if not (str(value).isdecimal() and int(value)):
            self.fail(text("no such weights: `{given}`: write best, last, or the number of an epoch", given=value))
        return int(value)


device_option = click.option(
    "--device",
    type=Device(),
    default="auto",
    metavar="NAME",
    help="auto, cpu, cuda, cuda:1 or mps; auto is the default, the fastest device of the machine.",
)
data_option = click.option("--data", metavar="TEXT", help="Another `data` line: `--data 'digits batch=32'`.")
text_option = click.option("-e", "written", metavar="TEXT", help="Read TEXT instead of a file.")
weights_option = click.option(
    "--weights",
    "--epoch",
    "epoch",
    type=ChosenEpoch(),
    default="best",
    metavar="best|last|N",
    help="The epoch whose weights are used: the best (the default), the last, or epoch N if its weights were kept.",
)
output_option = click.option(
    "-o", "--output", type=click.Path(), metavar="FILE", help="Write to FILE instead of standard output."
)


def takes_program(function: Command) -> Command:
    """Gives a command FILE, `-e` and what `takes_settings` gives; it receives them as `program`."""

    @click.argument("file", type=click.Path(), required=False)
    @text_option
    @takes_settings
    @functools.wraps(function)
    def command(file: str | None, written: str | None, settings: Settings, **others: Any) -> Any:
        return function(program=ProgramText(read_one(file, written), settings), **others)

    return command  # type: ignore[return-value]  # click keeps the callable's own type


def takes_settings(function: Command) -> Command:
    """Gives a command `--set`, `--variant`, `--no-plugins` and `--plugin`; it receives them as `settings`."""

    @click.option(
        "--set", "overrides", multiple=True, metavar="NAME=VALUE", help="Set a variable or an argument of the file."
    )
    @click.option("--variant", metavar="NAME", help="Apply one of the file's variants.")
    @plugins_option
    @functools.wraps(function)
    def command(
        overrides: tuple[str, ...],
        variant: str | None,
        no_plugins: bool,
        plugin_files: tuple[Path, ...],
        **others: Any,
    ) -> Any:
        settings = Settings(read_overrides(overrides), variant, not no_plugins, plugin_files)
        return function(settings=settings, **others)

    return command  # type: ignore[return-value]  # likewise


def plugins_option(function: Command) -> Command:
    """Gives a command `--no-plugins` and `--plugin`; it receives them as `no_plugins` and `plugin_files`."""
    none = click.option("--no-plugins", is_flag=True, help="Do not load installed plugins.")
    file = click.option(
        "--plugin",
        "plugin_files",
        multiple=True,
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        metavar="FILE.py",
        help="Load the plugin in a file. Its code runs: load only files that you trust.",
    )
    return none(file(function))


def read_overrides(settings: Iterable[str]) -> dict[str, str]:
    """The names and values of `--set NAME=VALUE`, given any number of times."""
    overrides = {}
    for setting in settings:
        name, equals, value = (part.strip() for part in setting.partition("="))
        if not (name and equals):
            raise click.UsageError(
                text("`--set {setting}` has no value: write `--set {name}=VALUE`", setting=setting, name=name or "NAME")
            )
        overrides[name] = value
    return overrides

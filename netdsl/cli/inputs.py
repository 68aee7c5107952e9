"""What most commands are given: a file, a text or standard input, and the settings to read it with."""

from __future__ import annotations

import functools
import os
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import click

from netdsl.core.diagnostics import Diagnostic, errors
from netdsl.core.limits import MAX_BYTES
from netdsl.core.source import Source
from netdsl.plugins.registry import PluginWarning, Registry, load_registry
from netdsl.program import Experiment
from netdsl.render.diagnostics import render_text

LARGEST = MAX_BYTES + 4
"""So much of a file shows that it is too large, though the last character be cut."""

Command = TypeVar("Command", bound=Callable[..., Any])


class Unreadable(click.ClickException):
    """The command line names no file that can be opened."""

    exit_code = 2


class NotText(click.ClickException):
    """A file whose bytes are no text."""

    exit_code = 1


@dataclass(frozen=True)
class Settings:
    """How a text is read: `--set`, `--variant`, `--no-plugins`, `--plugin`."""

    overrides: Mapping[str, str] = field(default_factory=dict)
    variant: str | None = None
    plugins: bool = True
    plugin_files: tuple[Path, ...] = ()

    @cached_property
    def registry(self) -> Registry:
        """The names of the language; what is wrong with a plugin is said once."""
        registry = load_registry(installed=self.plugins, files=self.plugin_files)
        for problem in registry.problems:
            click.echo(f"warning: {problem}", err=True)
        return registry

    def overridden(self, given: Mapping[str, object]) -> Settings:
        """These settings with more values put in place, those of the command's own options; None puts none."""
        more = {name: str(value) for name, value in given.items() if value is not None}
        return replace(self, overrides={**self.overrides, **more})

    def check(self, source: Source) -> tuple[Experiment | None, list[Diagnostic]]:
        """The checked text, and what is wrong with it."""
        from netdsl.checker import check  # listing the words of the language needs no parser

        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", PluginWarning)
            found = check(source, self.registry, overrides=self.overrides, variant=self.variant)
        for warning in caught:
            click.echo(f"warning: {warning.message}", err=True)
        return found


@dataclass(frozen=True)
class Program:
    """A text and how to read it."""

    source: Source
    settings: Settings

    @cached_property
    def experiment(self) -> Experiment:
        """The checked text. Its diagnostics go to standard error; errors end the command with status 1."""
        experiment, diagnostics = self.settings.check(self.source)
        click.echo(
            render_text(diagnostics, color=colored(sys.stderr), columns=columns(sys.stderr, piped=100)),
            err=True,
            nl=False,
        )
        if experiment is None or errors(diagnostics):
            sys.exit(1)
        return experiment


def takes_program(function: Command) -> Command:
    """Gives a command FILE, `-e` and what `takes_settings` gives; it receives them as `program`."""

    @click.argument("file", type=click.Path(), required=False)
    @text_option
    @takes_settings
    @functools.wraps(function)
    def command(file: str | None, text: str | None, settings: Settings, **others: Any) -> Any:
        return function(program=Program(read_one(file, text), settings), **others)

    return command  # type: ignore[return-value]  # click keeps the callable's own type


def takes_settings(function: Command) -> Command:
    """Gives a command `--set`, `--variant`, `--no-plugins` and `--plugin`; it receives them as `settings`."""

    @click.option("--set", "overrides", multiple=True, metavar="NAME=VALUE", help="Override a variable or an argument.")
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
        settings = Settings(_overrides(overrides), variant, not no_plugins, plugin_files)
        return function(settings=settings, **others)

    return command  # type: ignore[return-value]  # likewise


def plugins_option(function: Command) -> Command:
    """Gives a command `--no-plugins` and `--plugin`; it receives them as `no_plugins` and `plugin_files`."""
    none = click.option("--no-plugins", is_flag=True, help="Use no installed plugin.")
    file = click.option(
        "--plugin",
        "plugin_files",
        multiple=True,
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        metavar="FILE.py",
        help="Use the plugin in a file. It is run: use only what you trust.",
    )
    return none(file(function))


data_option = click.option("--data", metavar="TEXT", help="Another `data` line: `--data 'digits batch=32'`.")
text_option = click.option("-e", "text", metavar="TEXT", help="Read TEXT instead of a file.")


def read_one(file: str | None, text: str | None) -> Source:
    """The source that FILE or `-e TEXT` names: exactly one of them."""
    if file is not None and text is None:
        return read_source(file)
    if text is not None and file is None:
        return Source("<text>", text)
    raise click.UsageError("give one FILE, `-` for standard input, or `-e TEXT`")


def read_sources(files: Sequence[str], text: str | None) -> list[Source]:
    """The sources that FILES and `-e TEXT` name: one at least."""
    sources = [read_source(file) for file in files]
    if text is not None:
        sources.append(Source("<text>", text))
    if not sources:
        raise click.UsageError("give FILES, `-` for standard input, or `-e TEXT`")
    return sources


def read_source(file: str) -> Source:
    """The text of a file, or of standard input for `-`."""
    name = "<stdin>" if file == "-" else file
    try:
        with click.open_file(file, "rb") as stream:
            content = stream.read(LARGEST)
    except OSError as error:
        raise Unreadable(_unreadable(file, error)) from error
    try:
        return Source(name, content.decode())
    except UnicodeDecodeError as error:
        if len(content) == LARGEST and error.start > LARGEST - 4:
            return Source(name, content[: error.start].decode())
        line = content.count(b"\n", 0, error.start) + 1
        what = f"byte 0x{content[error.start]:02x} in line {line}"
        raise NotText(f"`{name}` is not UTF-8 text: {what}") from error


def colored(stream: Any) -> bool:
    """Whether a stream shows colours: a terminal, unless `NO_COLOR` is set or the terminal is dumb."""
    return bool(stream.isatty()) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def columns(stream: Any, *, piped: int = 80) -> int:
    """How wide a line may be: the terminal's width within bounds, a fixed one where there is no terminal."""
    if not stream.isatty():
        return piped
    from shutil import get_terminal_size

    return max(80, min(120, get_terminal_size().columns))


def _unreadable(file: str, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        near = Path(f"{file}.net")
        return f"no such file: `{file}`" + (f"; did you mean `{near}`?" if near.is_file() else "")
    if isinstance(error, IsADirectoryError):
        return f"`{file}` is a folder; a file is expected"
    return f"`{file}` cannot be read: {(error.strerror or str(error)).lower()}"


def _overrides(settings: tuple[str, ...]) -> dict[str, str]:
    overrides = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not (name.strip() and equals):
            raise click.UsageError(f"`--set {setting}` has no value: write `--set {name.strip() or 'NAME'}=VALUE`")
        overrides[name.strip()] = value.strip()
    return overrides

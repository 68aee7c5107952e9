"""The input of most commands: the text of a file, of standard input or of `-e`, and the settings for reading it."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from functools import cached_property
from pathlib import Path

import click

from netdsl.cli.shared.errors import warn
from netdsl.cli.shared.output import colored, columns
from netdsl.components import Facts
from netdsl.components.registry import PluginWarning, Registry
from netdsl.core.diagnostics import Diagnostic, errors
from netdsl.core.errors import FileError, NetError, WrongPath
from netdsl.core.files import reason
from netdsl.core.limits import MAX_BYTES
from netdsl.core.records import record
from netdsl.core.source import Source
from netdsl.core.text import text
from netdsl.plugins.registry import load_registry
from netdsl.program import Experiment

LONGEST_CHARACTER = 4
LARGEST = MAX_BYTES + LONGEST_CHARACTER
"""Reading so many bytes shows that a file is too large, even if the last character is cut."""


LEAST_UNREADABLE = 5
"""So many statements of a file that cannot be read are rather prose, or another language, than slips."""


@record(frozen=True, eq=False)
class Settings:
    """The settings for reading a text: `--set`, `--variant`, `--no-plugins`, `--plugin`."""

    overrides: Mapping[str, str] = field(default_factory=dict)
    variant: str | None = None
    plugins: bool = True
    plugin_files: tuple[Path, ...] = ()

    @cached_property
    def registry(self) -> Registry:
        """The names of the language. A plugin that cannot be used gives a warning."""
        registry = load_registry(installed=self.plugins, files=self.plugin_files)
        for problem in registry.problems:
            warn(str(problem))
        return registry

    def override(self, given: Mapping[str, object]) -> Settings:
        """These settings with the values of a command's own options over the file's. None overrides nothing."""
        more = {name: str(value) for name, value in given.items() if value is not None}
        return replace(self, overrides={**self.overrides, **more})

    def check(self, source: Source, facts: Facts | None = None) -> tuple[Experiment | None, list[Diagnostic]]:
        """The checked text and its diagnostics; with `facts`, its data are not looked at."""
        from netdsl.checker import check  # listing the words of the language needs no parser

        # A plugin's warning is shown like netdsl's own, without Python's file and line.
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", PluginWarning)
            found = check(source, self.registry, overrides=self.overrides, variant=self.variant, facts=facts)
        for warning in caught:
            warn(str(warning.message))
        return found


@record(frozen=True, eq=False)
class ProgramText:
    """A text and the settings for reading it; with `facts`, its data are not looked at."""

    source: Source
    settings: Settings
    facts: Facts | None = None

    @cached_property
    def experiment(self) -> Experiment:
        """The checked text; its warnings go to standard error.

        Raises:
            NetError: the text has errors.
        """
        experiment, warnings = self.checked
        show_diagnostics(warnings)
        return experiment

    @cached_property
    def checked(self) -> tuple[Experiment, Sequence[Diagnostic]]:
        """The checked text and its warnings.

        Raises:
            NetError: the text has errors.
        """
        experiment, diagnostics = self.settings.check(self.source, self.facts)
        if experiment is None or errors(diagnostics):
            from netdsl.render.diagnostics import render_text

            raise NetError(render_text(diagnostics), diagnostics)
        return experiment, diagnostics


def show_diagnostics(diagnostics: Sequence[Diagnostic]) -> None:
    """Writes diagnostics to standard error."""
    if not diagnostics:
        return
    from netdsl.render.diagnostics import render_text  # most files have nothing to show

    shown = render_text(diagnostics, color=colored(sys.stderr), columns=columns(sys.stderr, piped=100))
    click.echo(shown, err=True, nl=False)


def read_one(file: str | None, written: str | None) -> Source:
    """The source that FILE or `-e TEXT` names; exactly one must be given."""
    if file is not None and written is None:
        return read_source(file)
    if written is not None and file is None:
        return Source("<text>", written)
    raise click.UsageError("give one FILE, `-` for standard input, or `-e TEXT`")


def read_sources(files: Sequence[str], written: str | None) -> list[Source]:
    """The sources that FILES and `-e TEXT` name; at least one must be given."""
    sources = [read_source(file) for file in files]
    if written is not None:
        sources.append(Source("<text>", written))
    if not sources:
        raise click.UsageError("give FILES, `-` for standard input, or `-e TEXT`")
    return sources


def read_source(file: str) -> Source:
    """The net in a file, or in standard input for `-`.

    Raises:
        WrongPath: the file cannot be read.
        FileError: its bytes are not UTF-8 text, or it is rather another kind of text.
    """
    return _not_prose(read_text(file))


def read_text(file: str) -> Source:
    """The text of a file, or of standard input for `-`, whatever stands in it.

    Raises:
        WrongPath: the file cannot be read.
        FileError: its bytes are not UTF-8 text.
    """
    name = "<stdin>" if file == "-" else file
    try:
        with click.open_file(file, "rb") as stream:
            # A device or an endless pipe is read only until it is too large.
            content = stream.read(LARGEST)
    except OSError as error:
        raise WrongPath(_unreadable(file, error)) from error
    try:
        return Source(name, content.decode())
    except UnicodeDecodeError as error:
        # If the file is too large, the last character may be cut; the checker then reports the size.
        if len(content) == LARGEST and error.start > LARGEST - LONGEST_CHARACTER:
            return Source(name, content[: error.start].decode())
        line = content.count(b"\n", 0, error.start) + 1
        byte = content[error.start]
        raise FileError(
            text("`{file}` is not UTF-8 text: byte 0x{byte:02x} in line {line}", file=name, byte=byte, line=line)
        ) from error


def _not_prose(source: Source) -> Source:
    """The source, unless its name is not that of a net and most of it cannot be read: each line would be a mistake.

    Raises:
        FileError: it is rather another kind of text.
    """
    if source.name == "<stdin>" or source.name.endswith(".net"):
        return source
    from netdsl.language.parser import parse  # few nets have such a name

    file, unreadable = parse(source)
    if len(unreadable) < LEAST_UNREADABLE or 2 * len(unreadable) < len(file.statements):
        return source
    message = text("`{file}` cannot be read as a net: {count} mistakes", file=source.name, count=len(unreadable))
    near = Path(source.name).with_suffix(".net")
    if near.is_file():
        raise FileError(message, text("did you mean `{file}`?", file=near))
    raise FileError(message, "the name of a file with a net ends in `.net`")


def _unreadable(file: str, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        near = f"{file}.net"
        if Path(near).is_file():
            return text("no such file: `{file}`; did you mean `{near}`?", file=file, near=near)
        return text("no such file: `{file}`", file=file)
    if isinstance(error, IsADirectoryError):
        return text("`{path}` is a folder; a file is expected", path=file)
    return text("`{path}` cannot be read: {reason}", path=file, reason=reason(error))

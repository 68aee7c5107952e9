"""`%%net`: a cell is checked, shown as a table and a picture, and built."""

from __future__ import annotations

import shlex
import warnings
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from keyword import iskeyword
from pathlib import Path
from typing import Any, get_args

import click
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, cell_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments
from IPython.display import display

from netdsl.checker import check
from netdsl.cli.shared.options import read_overrides
from netdsl.components.registry import PluginWarning, Registry
from netdsl.core.diagnostics import Diagnostic, errors
from netdsl.core.files import reason, write_atomically
from netdsl.core.shown import print_shown
from netdsl.core.source import Source
from netdsl.core.text import text
from netdsl.drawing.drawing import Drawing, Style, ThemeName
from netdsl.drawing.laid import Direction
from netdsl.plugins.registry import load_registry
from netdsl.program import Experiment
from netdsl.render.diagnostics import render_text
from netdsl.render.html import pre_html

CELL = "<cell>"
"""What messages call a cell."""


@dataclass(frozen=True)
class CellReport:
    """What is wrong with a cell."""

    diagnostics: Sequence[Diagnostic]

    _repr_pretty_ = print_shown

    def __str__(self) -> str:
        return render_text(self.diagnostics, color=True)

    def _repr_html_(self) -> str:
        return pre_html(str(self))


@magics_class
class NetMagics(Magics):
    """The magics of netdsl."""

    @magic_arguments()
    @argument("name", nargs="?", help="The variable that the built module is bound to.")
    @argument(
        "--set",
        dest="overrides",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="Override a variable or an argument; may be given several times.",
    )
    @argument("--variant", metavar="NAME", help="Apply one of the cell's variants.")
    @argument("--save", metavar="FILE", help="Write the cell to a file, for `netdsl.train(Path(FILE))`.")
    @argument("--style", choices=get_args(Style), default="blocks", help="How the net is drawn.")
    @argument("--depth", type=int, metavar="N", help="Open N levels of blocks.")
    @argument("--theme", choices=get_args(ThemeName), default="light", help="The colours of the picture.")
    @argument("--direction", choices=get_args(Direction), help="Where the data flow; else the net decides.")
    @cell_magic
    def net(self, line: str, cell: str) -> None:
        """Check a net, show its table and its picture, and build it."""
        options = self._read_options(line)
        overrides = _read_overrides(options)
        if options.save:
            _save(Path(options.save), cell)
        registry = _load_registry()
        # In the cell the line of the magic is the first, and in the file it is missing.
        source = Source(options.save, cell) if options.save else Source(CELL, f"\n{cell}")
        experiment, diagnostics = check(source, registry, overrides=overrides, variant=options.variant)
        if diagnostics:
            display(CellReport(diagnostics))
        self._show(source, experiment, diagnostics, options)
        if options.name:
            self._bind(options.name, experiment, diagnostics)

    def _read_options(self, line: str) -> Namespace:
        # As a shell divides a line: IPython's own way leaves the quotes of `--set 'data=digits batch=32'` in the value.
        try:
            arguments = shlex.split(line)
        except ValueError as error:
            raise UsageError(text("a quote is not closed in `{line}`", line=line)) from error
        options: Namespace = self.net.parser.parse_args(arguments)
        return options

    def _show(
        self, source: Source, experiment: Experiment | None, diagnostics: Sequence[Diagnostic], options: Namespace
    ) -> None:
        """Shows the net as far as it is known; a terminal shows no pictures."""
        if _shows_pictures(self.shell):
            look = (options.style, options.depth, options.theme, options.direction)
            display(Drawing(source, experiment, diagnostics, *look))
        if experiment is not None and experiment.network.nodes:
            display(experiment.network)

    def _bind(self, name: str, experiment: Experiment | None, diagnostics: Sequence[Diagnostic]) -> None:
        if experiment is None or errors(diagnostics):
            print(text("`{name}` is built once the errors are mended", name=name))
            return
        from netdsl.builder import build_network  # torch takes longer than all the rest, and the net is shown by now

        assert self.shell is not None  # it is the shell that runs the cell
        self.shell.push({name: build_network(experiment.network)})


def add_magics(shell: InteractiveShell) -> None:
    """Registers the magics."""
    shell.register_magics(NetMagics)


def _read_overrides(options: Namespace) -> dict[str, str]:
    name = options.name
    if name is not None and (not name.isidentifier() or iskeyword(name)):
        raise UsageError(text("`{name}` is not the name of a variable: write `%%net NAME`", name=name))
    if options.depth is not None and options.depth < 0:
        raise UsageError(text("`--depth {depth}` is less than 0", depth=options.depth))
    try:
        return read_overrides(options.overrides)
    except click.UsageError as error:
        raise UsageError(error.message) from error


def _save(path: Path, cell: str) -> None:
    try:
        write_atomically(path, cell.encode())
    except OSError as error:
        raise UsageError(text("`{path}` cannot be written: {reason}", path=path, reason=reason(error))) from error


def _load_registry() -> Registry:
    registry = load_registry()
    for problem in registry.problems:
        warnings.warn(str(problem), PluginWarning, stacklevel=2)
    return registry


def _shows_pictures(shell: Any) -> bool:
    """Whether the shell is the kernel of a notebook, and no terminal."""
    return hasattr(shell, "kernel")

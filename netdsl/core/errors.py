"""The errors that netdsl raises, as one tree.

    NetdslError                 what happened (`message`), and what to do about it (`help`)
    ├── NetError                a text that is no net: `diagnostics` holds every mistake
    ├── FileError               a file that cannot be read, or written
    │   └── WrongPath           … which the command line names
    ├── DataError               data that cannot be read, or used
    ├── TrainingError           a run that cannot start, or go on
    │   ├── CompileError        torch's compiler cannot make a program of the net
    │   ├── PeerLost            another process of the same run has died
    │   └── ReportedElsewhere   another process of the same run says why
    ├── Refusal                 a rule of a layer, or of another component, refuses what it is given
    │   └── Undetermined        … since it needs a number where a size is a symbol
    ├── ExportError             a net that cannot be exported to a target
    ├── UnsupportedModule       a module that cannot be written in the language
    ├── CallFailed              code of the user's own that fails when netdsl imports or calls it
    ├── UnknownName             a name that the language, or the list of plugins, does not have
    └── NameRefused             a name that a new plugin or net cannot have
    Interrupted (KeyboardInterrupt)   a run that was asked to stop, and has saved itself

The commands only raise them; `exit_status` is what the process then ends with: 1 for what is wrong in a file, 2 for
what is wrong on the command line.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Self

from netdsl.core.diagnostics import Diagnostic
from netdsl.core.text import text


class NetdslError(Exception):
    """Something that netdsl cannot do.

    Args:
        message: what was found, and what was expected.
        help: what to do about it.
    """

    exit_status = 1

    def __init__(self, message: str, help: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.help = help

    def __reduce__(self) -> tuple[type[Self], tuple[str, str | None]]:
        return type(self), (self.message, self.help)  # so that the help survives the way out of a worker process

    def _render_traceback_(self) -> list[str]:
        """What IPython shows: a traceback would show how netdsl is written, and not where the mistake is."""
        shown = text("error: {message}", message=self.message)
        return [shown, text("help: {help}", help=self.help)] if self.help else [shown]


class NetError(NetdslError, ValueError):
    """A text that is no net.

    Args:
        report: every mistake with its place, as people read it.
        diagnostics: the same as data.
    """

    def __init__(self, report: str, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__(report)
        self.args = ("\n" + report,)  # in a traceback, the report begins on a line of its own
        self.diagnostics = list(diagnostics)

    def __reduce__(self) -> tuple[type[Self], tuple[str, list[Diagnostic]]]:  # type: ignore[override]
        return type(self), (self.message, self.diagnostics)

    def _render_traceback_(self) -> list[str]:
        return [self.message]


class FileError(NetdslError):
    """A file that cannot be read, or written."""


class WrongPath(FileError):
    """A file that the command line names and that cannot be read, or written."""

    exit_status = 2


class DataError(NetdslError):
    """Data that cannot be read, or used."""


class TrainingError(NetdslError):
    """A run that cannot start, or go on."""


class CompileError(TrainingError):
    """torch's compiler cannot make a program of the net, or lacks what it needs for that."""


class PeerLost(TrainingError):
    """Another process of the same run has died, and what they computed together is lost: no reason to give up."""


class ReportedElsewhere(TrainingError):
    """The first process of the run has stopped, and thereby this one; the first one says why."""


class Refusal(NetdslError):
    """Raised by a rule when torch would refuse.

    Args:
        message: what was expected and what was found.
        parameter: the parameter at fault, so that the message can point at it.
        help: what to write instead.
        instead: the value that the parameter should have, of which the checker makes a fix: `Refusal(…, instead=0)`.
        safe: whether that is plainly what was meant, as `Fix` says; without it the value is a guess.
    """

    def __init__(
        self,
        message: str,
        parameter: str | None = None,
        help: str | None = None,
        *,
        instead: bool | float | str | tuple[float, ...] | None = None,
        safe: bool = False,
    ) -> None:
        super().__init__(message, help)
        self.parameter = parameter
        self.instead = instead
        self.safe = safe

    def __reduce__(self) -> tuple[Callable[..., Self], tuple[str, str | None, str | None]]:  # type: ignore[override]
        made = partial(type(self), instead=self.instead, safe=self.safe)
        return made, (self.message, self.parameter, self.help)


class Undetermined(Refusal):
    """Raised by a rule that needs a number where the size is a symbol: to be stated, not mended."""


class ExportError(NetdslError, ValueError):
    """A net that cannot be exported to a target."""


class UnsupportedModule(NetdslError, ValueError):
    """A module that cannot be written in the language: the message says which, and why."""


class CallFailed(NetdslError):
    """Code of the user's own that fails when netdsl imports or calls it."""


class MissingExtra(NetdslError):
    """A package that only this command needs, and that is not installed."""


class UnknownName(NetdslError):
    """A name that the language, or the list of plugins, does not have."""


class NameRefused(NetdslError, ValueError):
    """A name that a new plugin or net cannot have; the message says which one it could."""

    exit_status = 2


class Interrupted(KeyboardInterrupt):
    """A run that was asked to stop, and has saved itself.

    Args:
        number: the signal that asked for it.
        folder: the run's folder, from which it resumes.
        step: the step that it finished.
        reports: whether this process is the one of its run that says so.
    """

    def __init__(self, number: int, folder: Path, step: int, *, reports: bool = True) -> None:
        name = signal.Signals(number).name
        super().__init__(text("stopped by {signal} after step {step:,}, which is saved", signal=name, step=step))
        self.number = number
        self.folder = folder
        self.reports = reports

    @property
    def exit_status(self) -> int:
        """What a shell expects of a program that a signal ended: 130 or 143."""
        return 128 + self.number

    def _render_traceback_(self) -> list[str]:
        folder = str(self.folder)
        return [text("{stopped}; go on with `netdsl.train(resume={folder!r})`", stopped=self, folder=folder)]


def in_a_line(error: BaseException) -> str:
    """An exception of somebody else's code in a line: `ValueError: what it says`."""
    words = " ".join(str(error).split())
    return f"{type(error).__name__}: {words}" if words else type(error).__name__

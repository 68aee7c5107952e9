"""The errors that netdsl raises, as one tree.

    NetdslError                 what happened (`message`), and what to do about it (`help`)
    ├── DataError               data that cannot be read, or used
    ├── TrainingError           a run that cannot start, or go on
    │   ├── CompileError        torch's compiler cannot make a program of the net
    │   ├── PeerLost            another process of the same run has died
    │   └── ReportedElsewhere   another process of the same run says why
    ├── Refusal                 a rule of a layer, or of another component, refuses what it is given
    │   └── Undetermined        … since it needs a number where a size is a symbol
    ├── ExportError             a net that the target of an export has no words for
    ├── UnsupportedModule       a module that the language has no words for
    └── NameRefused             a name that a new plugin or net cannot have
    NetError (ValueError)       a text that is no net: `diagnostics` holds every mistake
    Interrupted (KeyboardInterrupt)   a run that was asked to stop, and has saved itself

The commands only raise them; `exit_status` is what the process then ends with.
"""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from netdsl.core.diagnostics import Diagnostic


class NetdslError(Exception):
    """What cannot be done.

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
    """

    def __init__(self, message: str, parameter: str | None = None, help: str | None = None) -> None:
        super().__init__(message, help)
        self.parameter = parameter

    def __reduce__(self) -> tuple[type[Self], tuple[str, str | None, str | None]]:  # type: ignore[override]
        return type(self), (self.message, self.parameter, self.help)


class Undetermined(Refusal):
    """Raised by a rule that needs a number where the size is a symbol: to be stated, not mended."""


class ExportError(NetdslError, ValueError):
    """A net that the target of an export has no words for."""


class UnsupportedModule(NetdslError, ValueError):
    """A module that the language has no words for: the message says which, and why."""


class NameRefused(NetdslError, ValueError):
    """A name that a new plugin or net cannot have; `help` says which one it could."""


class NetError(ValueError):
    """A text that is no net.

    Args:
        text: every mistake with its place, as people read it.
        diagnostics: the same as data.
    """

    exit_status = 1

    def __init__(self, text: str, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__("\n" + text)
        self.diagnostics = list(diagnostics)


class Interrupted(KeyboardInterrupt):
    """A run that was asked to stop, and has saved itself.

    Args:
        number: the signal that asked for it.
        folder: the run's folder, from which it resumes.
        step: the step that it finished.
        reports: whether this process is the one of its run that says so.
    """

    def __init__(self, number: int, folder: Path, step: int, *, reports: bool = True) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name} after step {step:,}, which is saved")
        self.number = number
        self.folder = folder
        self.reports = reports

    @property
    def exit_status(self) -> int:
        """What a shell expects of a program that a signal ended: 130 or 143."""
        return 128 + self.number

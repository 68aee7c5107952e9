"""The message of a command that fails. Commands only raise; each error of `netdsl.core.errors` has its exit status."""

from __future__ import annotations

import re
import sys
from typing import Any

import click

from netdsl.cli.shared.output import colored, columns
from netdsl.core.errors import (
    DataError,
    Interrupted,
    NetdslError,
    NetError,
    PeerLost,
    ReportedElsewhere,
    TrainingError,
)
from netdsl.core.files import reason
from netdsl.core.text import join_or, ntext, text
from netdsl.core.translation import translate
from netdsl.render.cells import visible

GIVEN = r"(?:'(.*)'|(\S+)) is not "
"""The beginning of click's message about a wrong value. Only there the value can be read."""

INTEGER = r"-?\d+"
NUMBER = r"-?\d+(\.\d*)?([eE][+-]?\d+)?"
# Not compiled here, because every command would wait for that, and few command lines are wrong.


def show_error(error: BaseException) -> int:
    """Writes the error that stopped a command to standard error, once per run. Returns the exit status."""
    status = _status(error)
    if isinstance(error, NetError):
        click.echo(_diagnostics(error), err=True, nl=False)
    elif not isinstance(error, (DataError, TrainingError, Interrupted)) or not _is_said_by_another(error):
        click.echo(_message(error), err=True)
    return status


def warn(message: str) -> None:
    """Writes a warning to standard error; the command goes on."""
    click.echo(text("warning: {message}", message=translate(message)), err=True)


def _status(error: BaseException) -> int:
    match error:
        case NetdslError() | Interrupted():
            return error.exit_status
        case click.ClickException():
            return error.exit_code
    return 1


def _message(error: BaseException) -> str:
    """The whole message, without control characters for terminals."""
    return "\n".join(map(visible, _text(error).split("\n")))


def _text(error: BaseException) -> str:
    match error:
        # First, because it is a ClickException too.
        case click.UsageError(ctx=click.Context() as ctx):
            return text("error: {message}\ntry `{command} --help`", message=_usage(error), command=ctx.command_path)
        case click.ClickException():
            return text("error: {message}", message=_usage(error))
        case OSError(filename=str(path)):
            return text("error: {path}: {reason}", path=path, reason=reason(error))
        case OSError():
            return text("error: {reason}", reason=reason(error))
        case Interrupted():
            return text(
                "{stopped}; go on with `netdsl run --resume {folder}`",
                stopped=translate(str(error)),
                folder=error.folder,
            )
        case NetdslError(help=str(help)):
            return text("error: {message}\nhelp: {help}", message=translate(error.message), help=translate(help))
    return text("error: {message}", message=translate(str(error)))


def _usage(error: click.ClickException) -> str:
    """The mistake in a command line, in our words where click has others."""
    match error:
        case click.NoSuchOption(option_name=option, possibilities=[near, *_]):
            return text("no such option: `{option}`; did you mean `{near}`?", option=option, near=near)
        case click.NoSuchOption(option_name=option):
            return text("no such option: `{option}`", option=option)
        # First, because it is a BadParameter too.
        case click.MissingParameter(param=click.Argument() as param):
            return text(
                "`{argument}` is missing", argument=param.make_metavar(error.ctx or click.get_current_context())
            )
        case click.BadOptionUsage(option_name=option):
            return text("`{option}` needs a value", option=option)
        case click.BadParameter(param=click.Parameter(opts=[*_, option], type=kind), message=reason):
            given = re.match(GIVEN, reason)
            said = given and _refuse_value(given[1] or given[2], kind)
            return text("wrong value of `{option}`: {reason}", option=option, reason=said or reason.rstrip("."))
        case click.UsageError(message=said) if given := re.fullmatch(r"Got unexpected extra arguments? \((.*)\)", said):
            return ntext(
                "`{given}` is one argument too many", "`{given}` are {count} arguments too many",
                given=given[1], count=len(given[1].split()),
            )  # fmt: skip
    message = translate(error.format_message().rstrip("."))
    return message[:1].lower() + message[1:]


def _refuse_value(given: str, kind: click.ParamType[Any]) -> str | None:
    """Why a value is refused; None if the type has its own message."""
    from netdsl.core.suggestions import nearest  # only a wrong choice asks for it

    match kind:
        case click.Choice(choices=choices):
            near = nearest(given, map(str, choices))
            allowed = join_or(map(str, choices))
            if near is None:
                return text("`{given}` is not {allowed}", given=given, allowed=allowed)
            return text("`{given}` is not {allowed}; did you mean `{near}`?", given=given, allowed=allowed, near=near)
        case click.IntRange(min=int(least), max=None) if re.fullmatch(INTEGER, given):
            return text("{given} is less than {least}", given=given, least=least)
        case click.IntRange(min=int(least), max=int(most)) if re.fullmatch(INTEGER, given):
            return text("{given} is not from {least} to {most}", given=given, least=least, most=most)
        # After IntRange, because IntRange is a subclass of it.
        case click.types.IntParamType():
            return text("`{given}` is not a whole number", given=given)
        case click.types.FloatParamType() if not re.fullmatch(NUMBER, given):
            return text("`{given}` is not a number", given=given)
    return None


def _diagnostics(error: NetError) -> str:
    from netdsl.render.diagnostics import render_text

    return render_text(error.diagnostics, color=colored(sys.stderr), columns=columns(sys.stderr, piped=100))


def _is_said_by_another(error: DataError | TrainingError | Interrupted) -> bool:
    """Whether another process of the same run writes this message. A launcher, if there is one, is told the error."""
    # Imported here, because only a run has other processes.
    from netdsl.training.distributed.launcher import launched, report_to_parent

    match error:
        case ReportedElsewhere():
            return True
        case PeerLost() if launched():
            return True  # the launcher starts all processes again, so the run has not failed yet
        case Interrupted(reports=False):
            return True
    return report_to_parent(_text(error), error.exit_status)

"""The hooks: what a plugin may hand to netdsl. None is called in a training step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import pluggy

from netdsl.components import Component
from netdsl.core.text import text
from netdsl.language.statements import COMPONENT_KINDS, STATEMENTS

if TYPE_CHECKING:
    import click

    from netdsl.core.diagnostics import Diagnostic
    from netdsl.lints.program import Program
    from netdsl.runs.history import Epoch, RunInfo

hookspec = pluggy.HookspecMarker("netdsl")
hookimpl = pluggy.HookimplMarker("netdsl")


HOOKS: Mapping[str, type[Component]] = {f"netdsl_{kind.plural.replace(' ', '')}": kind for kind in COMPONENT_KINDS}
"""The hooks through which plugins bring components, `netdsl_losses` for losses, with the kind of each."""


def _specify(hook: str, kind: type[Component]) -> Callable[[], Iterable[Component]]:
    def specification() -> Iterable[Component]:
        # pluggy wants a function, of which it reads the signature only.
        raise AssertionError("a specification is never called")

    specification.__name__ = specification.__qualname__ = hook
    specification.__annotations__ = {"return": f"Iterable[{kind.__name__}]"}
    specification.__doc__ = _purpose(kind)
    return hookspec(specification)


def _purpose(kind: type[Component]) -> str:
    """Where in a text the names of a kind stand."""
    kinds = kind.plural.capitalize()
    for statement in STATEMENTS.values():
        if statement.component is kind:
            return text("{kinds}: names that the `{line}` line may use.", kinds=kinds, line=statement.name)
        if statement.body is kind:
            return text("{kinds}: names that the body of the `{line}` line may use.", kinds=kinds, line=statement.name)
    return text("{kinds}: names that the net may use.", kinds=kinds)


# pluggy reads a module's functions: one is made for each kind of component, so that a new kind is not repeated here
globals().update({hook: _specify(hook, kind) for hook, kind in HOOKS.items()})


@hookspec
def netdsl_lints() -> Iterable[Callable[[Program], Iterator[Diagnostic]]]:
    """Lints: rules over a checked program without errors, each a function that yields warnings.

    A warning's code is the plugin's own, three letters and a number from 900 to 999: `EXA901`.
    """
    raise AssertionError("a specification is never called")


@hookspec
def netdsl_commands() -> Iterable[click.Command]:
    """Commands: `netdsl NAME` for each. They are asked for only where NAME is no command of netdsl's own."""
    raise AssertionError("a specification is never called")


@hookspec
def netdsl_run_started(run: RunInfo) -> str | None:
    """A run is about to take its first step, or its first one after `--resume`. A reason that is returned forbids it.

    Of several processes that train together, the first calls this and the two hooks below. A plugin that fails in one
    of the three is told once and called no more; training goes on with the same random numbers as without it.
    """
    raise AssertionError("a specification is never called")


@hookspec
def netdsl_epoch_ended(run: RunInfo, epoch: Epoch) -> str | None:
    """An epoch has been tested. A reason that is returned ends the run here, as if patience were lost."""
    raise AssertionError("a specification is never called")


@hookspec
def netdsl_run_ended(run: RunInfo, status: str) -> None:
    """A run that was started is over: `finished`, `stopped` by a signal, which saved it, or `failed`."""
    raise AssertionError("a specification is never called")

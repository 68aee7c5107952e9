"""The plugins that follow a run. One that fails is not called again, and training goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import torch

from netdsl.components.registry import Implementation
from netdsl.core.errors import Interrupted, TrainingError, in_a_line
from netdsl.core.text import Text, text
from netdsl.runs.history import Epoch, RunInfo
from netdsl.training.distributed.process_group import Team

Hooks = Mapping[str, Sequence[Implementation]]


@dataclass(kw_only=True)
class Callbacks:
    """The callbacks of a run. The first process of a team calls them; all learn what they ask for.

    Args:
        hooks: the plugins' functions, by hook.
        warn: prints a warning.
    """

    hooks: Hooks
    run: RunInfo
    team: Team
    device: torch.device
    warn: Callable[[str], None]
    _failed: set[str] = field(default_factory=set)

    @contextmanager
    def during(self, refused: Callable[[], None]) -> Iterator[None]:
        """Calls the plugins when the run starts, and when it ends; `refused` is called where one forbids the run.

        Raises:
            TrainingError: a plugin forbids the run.
        """
        status = "failed"
        try:
            if reason := self._ask("netdsl_run_started"):
                refused()
                raise TrainingError(
                    text("the run is not started: {reason}", reason=reason), "`--no-plugins` leaves all plugins out"
                )
            yield
            status = "finished"
        except Interrupted:
            status = "stopped"
            raise
        finally:
            if self.team.is_rank0:
                self._call("netdsl_run_ended", status=status)

    def epoch_ended(self, epoch: Epoch) -> Text | None:
        """Calls the plugins with what an epoch came to; the reason to end the run with it, if one of them gives one."""
        # A plugin gets a view of the results, since the history holds the same ones.
        return self._ask("netdsl_epoch_ended", epoch=replace(epoch, test=MappingProxyType(dict(epoch.test))))

    def _ask(self, hook: str, **given: object) -> Text | None:
        return self.team.broadcast(self._call(hook, **given) if self.team.is_rank0 else None)

    def _call(self, hook: str, **given: object) -> Text | None:
        """Calls the function of every plugin; the first reason to stop, with its plugin."""
        given = {"run": self.run, **given}
        answers = [(one, self._call_one(hook, one, given)) for one in self.hooks.get(hook, ())]
        found = ((one, reason) for one, reason in answers if reason)
        return next(
            (text("plugin {plugin}: {reason}", plugin=str(one.plugin), reason=reason) for one, reason in found), None
        )

    def _call_one(self, hook: str, one: Implementation, given: Mapping[str, object]) -> str | None:
        """What a plugin answers, unless it has failed before."""
        if one.plugin.name in self._failed:
            return None
        place = self.device
        try:
            # A plugin may draw random numbers; those of the run stay as they would be without it.
            with torch.random.fork_rng([] if place.type == "cpu" else [place], device_type=place.type):
                answer = one.function(**{name: given[name] for name in one.takes})
            if not (answer is None or isinstance(answer, str)):
                raise TypeError(
                    text("it returns {answer!r}, which is neither a reason to stop nor `None`", answer=answer)
                )
        except (Exception, SystemExit) as error:  # a plugin may fail in any way; training goes on
            self._failed.add(one.plugin.name)
            self.warn(
                text(
                    "plugin {plugin} fails in `{hook}` and is not called again: {error}",
                    plugin=str(one.plugin),
                    hook=hook,
                    error=in_a_line(error),
                )
            )
            return None
        return answer

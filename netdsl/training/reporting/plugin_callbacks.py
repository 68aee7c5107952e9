"""What plugins are told of a run, each by itself: one that fails is called no more, and training goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import torch

from netdsl.components.registry import Implementation
from netdsl.core.errors import Interrupted, TrainingError, in_a_line
from netdsl.runs.history import Epoch, RunInfo
from netdsl.training.distributed.process_group import Team

Hooks = Mapping[str, Sequence[Implementation]]


@dataclass(kw_only=True)
class Callbacks:
    """The callbacks of a run. The leader of a team calls them; what they ask for reaches everyone.

    Args:
        hooks: the plugins' functions, by hook.
        warn: says a line.
    """

    hooks: Hooks
    run: RunInfo
    team: Team
    device: torch.device
    warn: Callable[[str], None]
    _failed: set[str] = field(default_factory=set)

    @contextmanager
    def during(self) -> Iterator[None]:
        """Tells that the run starts, and how it ends.

        Raises:
            TrainingError: a plugin forbids the run.
        """
        status = "failed"
        try:
            if reason := self._asked("netdsl_run_started"):
                raise TrainingError(f"the run is not started: {reason}", "`--no-plugins` leaves all plugins out")
            yield
            status = "finished"
        except Interrupted:
            status = "stopped"
            raise
        finally:
            if self.team.is_rank0:
                self._call("netdsl_run_ended", status=status)

    def epoch_ended(self, epoch: Epoch) -> str | None:
        """Tells what an epoch came to; why the run should end with it, if a plugin says so."""
        return self._asked("netdsl_epoch_ended", epoch=replace(epoch, test=MappingProxyType(dict(epoch.test))))

    def _asked(self, hook: str, **given: Any) -> str | None:
        return self.team.broadcast(self._call(hook, **given) if self.team.is_rank0 else None)

    def _call(self, hook: str, **given: Any) -> str | None:
        """Calls every plugin's; the first reason to stop, with its plugin."""
        given = {"run": self.run, **given}
        asked = [(one, self._answer(hook, one, given)) for one in self.hooks.get(hook, ())]
        return next((f"plugin {one.plugin}: {reason}" for one, reason in asked if reason), None)

    def _answer(self, hook: str, one: Implementation, given: Mapping[str, Any]) -> str | None:
        """What a plugin says, unless it has failed; torch's random numbers are left as they are."""
        if one.plugin.name in self._failed:
            return None
        place = self.device
        try:
            with torch.random.fork_rng([] if place.type == "cpu" else [place], device_type=place.type):
                answer = one.function(**{name: given[name] for name in one.takes})
            if not (answer is None or isinstance(answer, str)):
                raise TypeError(f"it returns {answer!r}, which is neither a reason to stop nor `None`")
        except (Exception, SystemExit) as error:  # a plugin may fail in any way; training goes on
            self._failed.add(one.plugin.name)
            self.warn(f"plugin {one.plugin} fails in `{hook}` and is called no more: {in_a_line(error)}")
            return None
        return answer

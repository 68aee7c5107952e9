"""The names of the language, gathered from every plugin, and what else plugins bring.

Of a name that two plugins bring, netdsl's own is kept. Where neither is netdsl's, neither is kept: which of them a text
means must not depend on the order of loading.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from netdsl.components import Component
from netdsl.components.registry import OWN, Implementation, Plugin, Problem, Registry
from netdsl.core.errors import in_a_line
from netdsl.core.text import join_and, text
from netdsl.plugins.hookspecs import HOOKS
from netdsl.plugins.loading import Gathered, gather
from netdsl.plugins.torch_lookup import LazyTorchLookup, described

CALLBACKS = ("netdsl_run_started", "netdsl_epoch_ended", "netdsl_run_ended")
NAME = r"[A-Za-z_]\w*(\.\w+)*"


def load_registry(*, installed: bool = True, files: Sequence[Path] = ()) -> Registry:
    """What netdsl's own plugin, the installed ones (unless told otherwise) and those in files bring."""
    gathered = gather(installed=installed, files=files)
    # Who brings what: a name may be claimed by several plugins.
    claims: dict[tuple[type[Component], str], dict[str, Component]] = {}
    for kind, plugin, component in _contributions(gathered):
        brought = claims.setdefault((kind, component.name), {})
        # The same object twice is no contradiction: modules import components from each other.
        if brought.setdefault(plugin.name, component) is not component:
            message = text(
                "plugin {plugin} brings the {kind} `{name}` twice; the first is used",
                plugin=plugin,
                kind=kind.kind,
                name=component.name,
            )
            gathered.note(plugin, message)
    # Every kind is there, also one of which nobody brings anything.
    components: dict[type[Component], dict[str, Component]] = {kind: {} for kind in HOOKS.values()}
    # Who is meant by each name: which of several must not depend on the order of loading.
    origins, disputed = {}, {}
    for (kind, name), brought in claims.items():
        winner = _winner(kind, name, brought, gathered)
        if winner is None:
            disputed[kind, name] = tuple(brought)
        else:
            components[kind][name], origins[kind, name] = described(brought[winner]), winner
    # Lints and callbacks have no names that could clash.
    lints = tuple(
        Implementation(plugin, rule) for plugin, rule in _returned("netdsl_lints", gathered, callable, "rule")
    )
    callbacks = {hook: tuple(_implementations(hook, gathered)) for hook in CALLBACKS}
    plugins, problems = tuple(gathered.plugins.values()), tuple(gathered.problems)
    failing = tuple(problem for problem in problems if problem.plugin in gathered.files)
    return Registry(components, origins, problems, plugins, disputed, lints, callbacks, LazyTorchLookup(), failing)


def load_commands(
    taken: Iterable[str], *, installed: bool = True, files: Sequence[Path] = ()
) -> tuple[Mapping[str, Implementation], Sequence[Problem]]:
    """The commands that plugins bring, but for those of a name that is taken, and the problems met in asking."""
    import click

    gathered = gather(installed=installed, files=files)
    earlier = len(gathered.problems)
    # A command of netdsl's own counts as brought by netdsl, so that it wins by the same rule.
    claims: dict[str, dict[str, Any]] = {name: {OWN: None} for name in taken}
    found = _returned("netdsl_commands", gathered, lambda one: isinstance(one, click.Command), "click.Command")
    for plugin, command in found:
        claims.setdefault(str(command.name), {})[plugin.name] = command
    winners = {name: _winner("command", name, brought, gathered) for name, brought in claims.items()}
    commands = {
        name: Implementation(gathered.plugins[winner], claims[name][winner])
        for name, winner in winners.items()
        if winner not in (None, OWN)
    }
    # The problems of loading are told by whoever loads the registry.
    return commands, gathered.problems[earlier:]


def _winner(kind: Any, name: str, brought: Mapping[str, Any], gathered: Gathered) -> str | None:
    """Which plugin's name counts: netdsl's own, or the only one. The others are told."""
    if len(brought) == 1:
        return next(iter(brought))
    noun = getattr(kind, "kind", kind)
    others = [gathered.plugins[plugin] for plugin in brought if plugin != OWN]
    # netdsl's name stays what every text means by it, whatever is installed.
    if OWN in brought:
        for plugin in others:
            message = text(
                "plugin {plugin} brings the {kind} `{name}`, which netdsl has itself: netdsl's is used",
                plugin=plugin,
                kind=noun,
                name=name,
            )
            gathered.note(plugin, message, text("rename it in `{plugin}`", plugin=plugin.name))
        return OWN
    message = text(
        "plugins {plugins} both bring the {kind} `{name}`, and neither is used",
        plugins=join_and(map(str, others)),
        kind=noun,
        name=name,
    )
    advice = text("choose one: `NETDSL_PLUGINS={plugin}`, or uninstall the other", plugin=others[0].name)
    gathered.problems.append(Problem(others[0].name, message, advice))
    return None


def _contributions(gathered: Gathered) -> Iterator[tuple[type[Component], Plugin, Component]]:
    for hook, kind in HOOKS.items():
        for plugin, component in _returned(hook, gathered, lambda one, kind=kind: isinstance(one, kind), kind.__name__):  # type: ignore[misc]
            # Each start would pay for reading every signature of netdsl's own components.
            fault = None if plugin.name == OWN else _fault(plugin, component)
            if fault is None:
                yield kind, plugin, component
            else:
                gathered.note(plugin, fault)


def _fault(plugin: Plugin, component: Component) -> str | None:
    """What makes a component useless; its signature must be one that the language can fill."""
    if not re.fullmatch(NAME, str(component.name)):
        return text(
            "plugin {plugin} brings the {kind} `{name}`, which is not a name that can be written",
            plugin=plugin,
            kind=component.kind,
            name=component.name,
        )
    # To read the signature would import the class.
    if component.is_lazy:
        return None
    try:
        parameters = component.parameters
    except Exception as error:  # annotations that name nothing, a function that is none
        return text(
            "plugin {plugin} brings the {kind} `{name}`, whose signature cannot be read: {reason}",
            plugin=plugin,
            kind=component.kind,
            name=component.name,
            reason=in_a_line(error),
        )
    if all(map(str.isidentifier, parameters)):
        return None
    return text(
        "plugin {plugin} brings the {kind} `{name}`, whose signature cannot be written in a net",
        plugin=plugin,
        kind=component.kind,
        name=component.name,
    )


def _returned(hook: str, gathered: Gathered, fits: Callable[[Any], bool], noun: str) -> Iterator[tuple[Plugin, Any]]:
    """What the plugins return from a hook, one by one; what does not fit is noted and left out."""
    for implementation in _implementations(hook, gathered):
        plugin = implementation.plugin
        try:
            answer = implementation.function()
            # A string is a list to Python, of its letters.
            found = [answer] if isinstance(answer, str) else list(answer)
        except (Exception, SystemExit) as error:  # a plugin may fail in any way; the command goes on
            message = text(
                "plugin {plugin} fails in `{hook}`, which is left out: {reason}",
                plugin=plugin,
                hook=hook,
                reason=in_a_line(error),
            )
            gathered.note(plugin, message)
            continue
        for one in found:
            if fits(one):
                yield plugin, one
            else:
                message = text(
                    "plugin {plugin} returns {value!r} from `{hook}`, which is not a `{type}` and is left out",
                    plugin=plugin,
                    value=one,
                    hook=hook,
                    type=noun,
                )
                gathered.note(plugin, message)


def _implementations(hook: str, gathered: Gathered) -> Iterator[Implementation]:
    for implementation in getattr(gathered.manager.hook, hook).get_hookimpls():
        plugin = gathered.plugins.get(implementation.plugin_name)
        if plugin is not None:  # a registration that failed may have come so far
            yield Implementation(plugin, implementation.function, tuple(implementation.argnames))

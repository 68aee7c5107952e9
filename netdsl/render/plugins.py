"""The plugins, listed: who they are, what each adds, what it costs, what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from netdsl.components import Component
from netdsl.components.registry import OWN, Plugin, Problem, Registry
from netdsl.core.text import join_and, text
from netdsl.core.translation import translate
from netdsl.render.cells import Paint, crop, left, painter, wrap

SLOW = 0.1
"""Seconds from which on an import is worth a word."""

NAMES = 24


@dataclass(frozen=True)
class Present:
    """What there is to list: the registry, and the commands that each plugin adds, which no registry holds."""

    registry: Registry
    commands: Mapping[str, Sequence[str]] = field(default_factory=dict)
    problems: Sequence[Problem] = ()

    @property
    def all_problems(self) -> list[Problem]:
        """Every problem once."""
        # Names and commands are gathered by two loads, which meet the same problems.
        return list(dict.fromkeys([*self.registry.problems, *self.problems]))


def plugin_list(present: Present, *, color: bool = False, columns: int = 80) -> str:
    """Each plugin with its version, its cost and the names that it adds; then the problems."""
    paint = painter(color)
    lines = []
    for plugin in present.registry.plugins:
        lines += [_title(plugin, paint), *_warnings(plugin, columns)]
        for heading, names in _added(plugin, present):
            lines += _listed(f"  {translate(heading)}: ", ", ".join(names), columns)
    return "".join(f"{line}\n" for line in [*lines, *_problems(present.all_problems, columns, paint)])


def plugin_page(present: Present, plugin: Plugin, *, color: bool = False, columns: int = 80) -> str:
    """One plugin: each name that it adds in a line, and its problems."""
    paint = painter(color)
    lines = [_title(plugin, paint), *_warnings(plugin, columns)]
    for kind, components in present.registry.components.items():
        mine = [one for name, one in components.items() if present.registry.origins[kind, name] == plugin.name]
        if mine:
            lines += ["", paint(translate(kind.plural), bold=True), *(_described(one, columns, paint) for one in mine)]
    for heading, names in _others(plugin, present):
        lines += ["", paint(translate(heading), bold=True), *(f"  {name}" for name in names)]
    mine_alone = [problem for problem in present.all_problems if problem.plugin == plugin.name]
    return "".join(f"{line}\n" for line in [*lines, *_problems(mine_alone, columns, paint)])


def _title(plugin: Plugin, paint: Paint) -> str:
    title = f"{paint(plugin.name, bold=True)} {plugin.version}".rstrip()
    if plugin.name == OWN:
        return title
    return text(
        "{plugin}, from {package}, imported in {time}",
        plugin=title,
        package=plugin.package,
        time=_time(plugin.seconds),
    )


def _warnings(plugin: Plugin, columns: int) -> Iterator[str]:
    if plugin.seconds >= SLOW or plugin.heavy:
        yield from _listed(text("  cost: "), _cost(plugin), columns)


def _cost(plugin: Plugin) -> str:
    time = _time(plugin.seconds)
    if not plugin.heavy:
        return text("is slow to import: every command waits {time} for it", time=time)
    return text(
        "imports {modules} at its top: every command waits {time} for it", modules=join_and(plugin.heavy), time=time
    )


def _time(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def _added(plugin: Plugin, present: Present) -> Iterator[tuple[str, Sequence[str]]]:
    for kind, components in present.registry.components.items():
        names = [name for name in components if present.registry.origins[kind, name] == plugin.name]
        if names:
            yield kind.plural, names
    yield from _others(plugin, present)


def _others(plugin: Plugin, present: Present) -> Iterator[tuple[str, Sequence[str]]]:
    """What is no component: lints, callbacks and commands."""
    registry = present.registry
    lints = [getattr(one.function, "__name__", repr(one.function)) for one in registry.lints if one.plugin is plugin]
    callbacks = [hook for hook, found in registry.callbacks.items() if any(one.plugin is plugin for one in found)]
    others = {"lints": lints, "callbacks": callbacks, "commands": present.commands.get(plugin.name, ())}
    yield from ((heading, names) for heading, names in others.items() if names)


def _described(component: Component, columns: int, paint: Paint) -> str:
    name = paint(left(component.name, NAMES), fg="cyan")
    return f"  {name}  {crop(component.summary, columns - NAMES - 4)}".rstrip()


def _problems(problems: Sequence[Problem], columns: int, paint: Paint) -> Iterator[str]:
    if problems:
        yield ""
        yield paint(translate("problems"), bold=True)
    for problem in problems:
        yield from wrap(str(problem), columns, first="  ", rest="    ")


def _listed(heading: str, text: str, columns: int) -> list[str]:
    return wrap(text, columns, first=heading, rest="    ")

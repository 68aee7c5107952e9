"""Plugins found, imported and registered, each by itself: one that cannot be used is left out, and the rest goes on."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from operator import attrgetter
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import pluggy

from netdsl import __version__
from netdsl.components.registry import OWN, Plugin, Problem
from netdsl.core.errors import in_a_line
from netdsl.core.text import text
from netdsl.plugins import hookspecs, own
from netdsl.plugins.entry_points import Announcement, announcements

VARIABLE = "NETDSL_PLUGINS"
REQUIREMENT = "requires_netdsl"
HEAVY = ("torch", "torchvision", "numpy", "tensorboard", "pandas", "scipy", "sklearn")
CLAUSE = r"(>=|<=|==|!=|~=|>|<)\s*(\d+(?:\.\d+)*)"


class Gathered(NamedTuple):
    """The plugins in a manager of their own, by the name that they are registered under, and what went wrong.

    `files` are the names of those in files.
    """

    manager: pluggy.PluginManager
    plugins: dict[str, Plugin]
    problems: list[Problem]
    files: list[str]

    def note(self, plugin: Plugin, message: str, advice: str = "") -> None:
        """Notes a problem with a plugin."""
        self.problems.append(Problem(plugin.name, message, advice or plugin.repair))


class Unusable(Exception):
    """Why a plugin is left out, and what to do about it where that is not what `repair` says."""

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice


def gather(*, installed: bool = True, files: Sequence[Path] = ()) -> Gathered:
    """A fresh manager with netdsl's own plugin, the installed ones that `NETDSL_PLUGINS` allows, and the files."""
    gathered = Gathered(pluggy.PluginManager("netdsl"), {}, [], [])
    gathered.manager.add_hookspecs(hookspecs)
    # Netdsl's own plugin comes first, so that its names stand first in lists.
    gathered.manager.register(own, OWN)
    gathered.plugins[OWN] = Plugin(OWN, __version__, OWN)
    for one in _wanted(gathered) if installed else ():
        # Two plugins may have one name, and a manager refuses the second.
        plugin = Plugin(_unused(one.name, gathered, one.package), one.version, one.package)
        _add(plugin, gathered, partial(_import_announced, plugin, one))
    for file in files:
        plugin = Plugin(_unused(file.stem, gathered, str(file)), "", str(file))
        _add(plugin, gathered, partial(_import_file, plugin, file))
        gathered.files.append(plugin.name)
    return gathered


def _wanted(gathered: Gathered) -> Iterable[Announcement]:
    """The installed plugins, or those of them that the environment names; empty, none."""
    named = os.environ.get(VARIABLE)
    if named is None:
        return announcements()
    # An empty value names none: it switches all plugins off.
    names = [name for name in map(str.strip, named.split(",")) if name]
    found = announcements() if names else []
    for name in names:
        if name not in {one.name for one in found}:
            message = text("plugin `{name}`, which `{variable}` names, is not installed", name=name, variable=VARIABLE)
            gathered.problems.append(Problem(name, message, _installed([one.name for one in found])))
    return [one for one in found if one.name in names]


def _installed(names: Sequence[str]) -> str:
    """What to do about a plugin that is named but not installed."""
    if not names:
        return "install it, or correct the name: no plugin is installed"
    installed = ", ".join(f"`{name}`" for name in names)
    return text("install it, or correct the name; the installed plugins: {plugins}", plugins=installed)


def _unused(name: str, gathered: Gathered, package: str) -> str:
    return f"{name} ({package})" if name in gathered.plugins else name


def _import_announced(plugin: Plugin, announcement: Announcement) -> object:
    # Before the import: a plugin for another version may fail in it.
    _check_needs(plugin, announcement.needs)
    module, _, attribute = announcement.target.partition(":")
    found = importlib.import_module(module)
    return attrgetter(attribute)(found) if attribute else found


def _import_file(plugin: Plugin, file: Path) -> object:
    """The file as a module that `module:attribute` can name."""
    if not file.is_file():
        raise Unusable(text("plugin {plugin} is left out: there is no such file", plugin=plugin))
    # A prefix, so that a file called `json.py` hides no module of that name.
    name = f"netdsl_plugin_{re.sub(r'[^0-9A-Za-z_]', '_', file.stem)}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise Unusable(text("plugin {plugin} is left out: it is not a Python file", plugin=plugin))
    module = importlib.util.module_from_spec(spec)
    # Before it runs, as Python does: classes of a module that cannot be found cannot be pickled.
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _add(plugin: Plugin, gathered: Gathered, load: Callable[[], object]) -> None:
    """Imports and registers a plugin, unless that fails."""
    # Modules that are there already were not imported for this plugin.
    before, start = set(sys.modules), perf_counter()
    try:
        found = load()
        # A file has no metadata, so that a module may say itself what it needs.
        _check_needs(plugin, [f"netdsl{getattr(found, REQUIREMENT, '')}"])
    except Unusable as error:
        gathered.note(plugin, error.message, error.advice)
        return
    except (Exception, SystemExit) as error:  # a plugin may fail in any way; the command goes on
        gathered.note(
            plugin,
            text(
                "plugin {plugin} cannot be imported and is left out: {reason}", plugin=plugin, reason=in_a_line(error)
            ),
        )
        return
    seconds = perf_counter() - start
    heavy = tuple(name for name in HEAVY if name in sys.modules and name not in before)
    _register(plugin._replace(seconds=seconds, heavy=heavy), found, gathered)


def _register(plugin: Plugin, found: object, gathered: Gathered) -> None:
    manager = gathered.manager
    try:
        manager.register(found, plugin.name)
    except Exception as error:  # such as a hook with parameters that its specification does not have
        # pluggy's last line says what is wrong; those above repeat the function.
        reason = str(error).splitlines()[-1] if str(error) else type(error).__name__
        gathered.note(
            plugin, text("plugin {plugin} cannot be registered and is left out: {reason}", plugin=plugin, reason=reason)
        )
        return
    gathered.plugins[plugin.name] = plugin
    for message in _misspelt(plugin, found, manager):
        gathered.note(plugin, message)


def _misspelt(plugin: Plugin, found: object, manager: pluggy.PluginManager) -> Iterator[str]:
    """The hooks that will never be called: of an unknown name, or without their mark."""
    # pluggy accepts unknown hooks without a word.
    callers = manager.get_hookcallers(found) or []
    for caller in callers:
        if not caller.has_spec():
            yield _unknown_hook(plugin, caller.name)
    names = [name for name in dir(found) if name.startswith("netdsl_") and name not in {one.name for one in callers}]
    unmarked = [name for name in names if callable(getattr(found, name, None))]
    for name in unmarked:
        yield text(
            "plugin {plugin} has a function `{name}` that is not marked as a hook: write `@hookimpl` above it",
            plugin=plugin,
            name=name,
        )
    if not callers and not unmarked:
        yield text("plugin {plugin} has no hooks and adds nothing", plugin=plugin)


def _unknown_hook(plugin: Plugin, name: str) -> str:
    # Only a mistake pays for this import.
    from difflib import get_close_matches

    near = get_close_matches(name, [hook for hook in vars(hookspecs) if hook.startswith("netdsl_")], 1)
    if not near:
        return text("plugin {plugin} has a hook `{hook}`, which netdsl does not have", plugin=plugin, hook=name)
    return text(
        "plugin {plugin} has a hook `{hook}`, which netdsl does not have: did you mean `{near}`?",
        plugin=plugin,
        hook=name,
        near=near[0],
    )


def _check_needs(plugin: Plugin, needs: Iterable[str]) -> None:
    for need in needs:
        # Behind the semicolon stands an environment, which is for installers.
        wanted = need.partition(";")[0]
        if not all(_meets(relation, version) for relation, version in re.findall(CLAUSE, wanted)):
            raise Unusable(
                text(
                    "plugin {plugin} needs {wanted}, but this is netdsl {version}, and is left out",
                    plugin=plugin,
                    wanted=wanted.strip(),
                    version=__version__,
                ),
                text("`pip install -U netdsl`, or {repair}", repair=plugin.repair),
            )


def _meets(relation: str, version: str) -> bool:
    """Whether this netdsl is such a version; only released versions are compared."""
    # A development version counts as the release that it becomes.
    match = re.match(r"\d+(\.\d+)*", __version__)
    ours, theirs = _release(match[0] if match else "0"), _release(version)
    width = max(len(ours), len(theirs))
    # 1.2 and 1.2.0 are the same release.
    ours, theirs = ours + (0,) * (width - len(ours)), theirs + (0,) * (width - len(theirs))
    if relation == "~=":
        # `~=1.4.2` keeps 1.4: all numbers but the last.
        kept = version.count(".")
        return ours >= theirs and ours[:kept] == theirs[:kept]
    answers = {"==": ours == theirs, "!=": ours != theirs, ">=": ours >= theirs, "<=": ours <= theirs}
    return {**answers, ">": ours > theirs, "<": ours < theirs}[relation]


def _release(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))

"""Functions of plugins, called so that what goes wrong in them is one message and not the end of the check."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from netdsl.checker.context import Context
from netdsl.components import Component, Refusal
from netdsl.components.registry import OWN
from netdsl.core.errors import in_a_line
from netdsl.core.text import text

Found = TypeVar("Found")


def guarded(component: Component, context: Context, function: Callable[[], Found]) -> Found:
    """What a component's function returns; whatever but a refusal a plugin's raises is a refusal that names it.

    Raises:
        Refusal: the component's own, or the one that tells of its failure.
        OSError: it cannot read what it has to look at.
    """
    try:
        return function()
    # A refusal is meant, and an unreadable file is reported with its path by the caller.
    except (Refusal, OSError):
        raise
    except Exception as error:  # a plugin may fail in any way; netdsl's own failures are bugs to be seen
        origin = context.registry.origins.get((type(component), component.name), OWN)
        plugin = next((one for one in context.registry.plugins if one.name == origin != OWN), None)
        if plugin is None:
            raise
        message = text(
            "the {kind} `{component}` of plugin {plugin} fails here: {in_a_line}",
            kind=component.kind,
            component=component.name,
            plugin=plugin,
            in_a_line=in_a_line(error),
        )
        raise Refusal(message, help=plugin.repair) from error

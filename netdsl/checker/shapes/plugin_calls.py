"""Calls of plugins' functions. A failure in them becomes one message and does not end the check."""

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
    """Calls a component's function. Any exception of a plugin but a refusal becomes a refusal that names the plugin.

    Raises:
        Refusal: the component's own, or the one that describes its failure.
        OSError: a file that it needs cannot be read.
    """
    try:
        return function()
    # A refusal is intended. The caller reports an unreadable file with its path.
    except (Refusal, OSError):
        raise
    except Exception as error:  # a plugin may fail in any way; netdsl's own failures are bugs and must be visible
        origin = context.registry.origins.get((type(component), component.name), OWN)
        plugin = next((one for one in context.registry.plugins if one.name == origin != OWN), None)
        if plugin is None:
            raise
        message = text(
            "`{component}` of plugin {plugin} fails here: {in_a_line}",
            component=component.name,
            plugin=plugin,
            in_a_line=in_a_line(error),
        )
        raise Refusal(message, help=plugin.repair) from error

"""What the editor's user may choose: which hints are shown, and whether there are lines above the code."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

SECTION = "netdsl"


@dataclass(frozen=True)
class ServerSettings:
    """The choices, as they stand in an editor's settings under `netdsl`.

    Args:
        outputs: show the shape behind every statement.
        inputs: show the size before `->` that is left out.
        parameters: show the names of the parameters that values are given to.
        counts: show how many numbers each layer learns.
        lenses: show lines above the net and above blocks.
    """

    outputs: bool = True
    inputs: bool = True
    parameters: bool = False
    counts: bool = False
    lenses: bool = True

    def updated(self, given: Any) -> ServerSettings:
        """With what an editor sends, with or without its section; what is no choice is left alone."""
        chosen = given.get(SECTION, given) if isinstance(given, dict) else {}
        flags = chosen.get("hints", {}) if isinstance(chosen, dict) else {}
        both = {**(flags if isinstance(flags, dict) else {}), **(chosen if isinstance(chosen, dict) else {})}
        names = [field.name for field in fields(self)]
        return replace(self, **{name: both[name] for name in names if isinstance(both.get(name), bool)})

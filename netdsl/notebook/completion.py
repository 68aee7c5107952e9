"""What Tab offers in a cell below `%%net`: what an editor would."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, completion_matcher
from IPython.core.interactiveshell import InteractiveShell

from netdsl.plugins.registry import load_registry

if TYPE_CHECKING:
    from netdsl.editor.reading import Document

MAGIC = "%%net"


class Place(NamedTuple):
    """The net in a cell, and the offset of the cursor in it."""

    text: str
    offset: int


@cache
def open_document() -> Document:
    """The cell; it remembers between two keys what serves the next."""
    from netdsl.editor.reading import Document  # the first picture need not wait for what Tab needs

    return Document(load_registry())


@completion_matcher(identifier="netdsl", api_version=2, priority=1000)
def complete_net(context: CompletionContext) -> SimpleMatcherResult:
    """What may stand at the cursor of a cell below `%%net`; nothing for any other cell."""
    place = find_place(context)
    if place is None:
        return {"completions": []}
    from netdsl.editor.completions import completions

    found = completions(open_document().read(place.text), place.offset)
    # IPython replaces one piece of text before the cursor, whatever is chosen.
    start = max((one.start for one in found if one.start <= place.offset), default=place.offset)
    fragment = place.text[start : place.offset]
    return {
        "completions": [
            SimpleCompletion(one.insert, type=one.kind)
            for one in found
            if one.start == start and one.insert.startswith(fragment)
        ],
        "matched_fragment": fragment,
        "ordered": True,
        "suppress": True,
    }


def find_place(context: CompletionContext) -> Place | None:
    """Where the cursor is in the net of a cell; None where there is none, or in the line of the magic."""
    first, *lines = context.full_text.split("\n")
    if first.split()[:1] != [MAGIC] or context.cursor_line == 0:
        return None
    before = sum(len(line) + 1 for line in lines[: context.cursor_line - 1])
    return Place("\n".join(lines), before + context.cursor_position)


def add_completion(shell: InteractiveShell) -> None:
    """Has Tab answer in cells below `%%net`."""
    matchers = shell.Completer.custom_matchers
    if complete_net not in matchers:  # `%reload_ext` comes a second time
        matchers.append(complete_net)

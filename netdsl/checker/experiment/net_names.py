"""Words of lines around the net that name some of its layers."""

from __future__ import annotations

from collections.abc import Iterable

from netdsl.checker.context import Context
from netdsl.core.diagnostics import Code
from netdsl.core.source import Span
from netdsl.core.text import text
from netdsl.program import Network, find_named, names_of


def require_layers(code: Code, words: Iterable[str], where: Span, network: Network, context: Context) -> bool:
    """Whether each word names layers that have weights; the first that does not is reported."""
    for word in words:
        found = [node for _, node in find_named(network, word)]
        if not found:
            report_unknown_layer(code, word, where, network, context)
            return False
        if not any(node.params for node in found):
            context.report(code, text("`{word}` has no weights", word=word), place_of(word, where))
            return False
    return True


def report_unknown_layer(code: Code, word: str, where: Span, network: Network, context: Context) -> None:
    """Reports a word that names nothing in the net, with the most similar one, or the labels that there are."""
    known: set[str] = set()
    for path, node in network.places():
        known |= names_of(path, node)
    labels = [node.key for node in network.nodes if not node.key.isdigit()]
    advice = text("the labels at the top are {labels}", labels=", ".join(f"`{one}`" for one in labels))
    unlabelled = text("the net has no labels: write `as {name}` behind the layer that is meant", name=word)
    unknown = text("unknown layer, family or label `{name}`", name=word)
    context.report.unknown(code, unknown, word, place_of(word, where), sorted(known), advice if labels else unlabelled)


def place_of(word: str, where: Span) -> Span:
    """The place of a word in the list that stands somewhere, such as `head` in `stem,head`."""
    start = where.start
    for part in where.text.split(","):
        if part == word:
            return where.source.span(start, start + len(part))
        start += len(part) + 1
    return where  # a variable stands for the list

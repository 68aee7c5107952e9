"""Words of lines around the net that name some of its layers."""

from __future__ import annotations

from collections.abc import Iterable

from netdsl.checker.context import Context
from netdsl.core.diagnostics import Code
from netdsl.core.source import Span
from netdsl.core.text import text
from netdsl.layer_names import find_named, find_weighted, names_of
from netdsl.program import Network

UNKNOWN_LAYER = Code(
    "NET315",
    title="a name that no layer of the net has",
    meaning=(
        "`train freeze=`, and settings such as `head.lr=0.1` of an `optimizer` line, name layers by label, name, "
        "family or block. Those that they name must be there and have weights that are trained."
    ),
    example="input 3x8x8\nconv 8 k3; relu; flatten; linear 10\noptimizer sgd lr=0.01 head.lr=0.1",
    instead="input 3x8x8\nconv 8 k3; relu; flatten; linear 10 as head\noptimizer sgd lr=0.01 head.lr=0.1",
)


def require_layers(code: Code, words: Iterable[str], where: Span, network: Network, context: Context) -> bool:
    """Whether each word names layers that have weights; the first that does not is reported."""
    for word in words:
        if next(find_named(network, word), None) is None:
            _report_unknown_layer(code, word, where, network, context)
            return False
        if next(find_weighted(network, [word]), None) is None:
            context.report(code, text("`{word}` has no weights", word=word), _place_of(word, where))
            return False
    return True


def _report_unknown_layer(code: Code, word: str, where: Span, network: Network, context: Context) -> None:
    """Reports a word that names nothing in the net, with the most similar one, or the labels that there are."""
    known: set[str] = set()
    for path, node in network.places():
        known |= names_of(path, node)
    labels = [node.key for node in network.nodes if not node.key.isdigit()]
    advice = text("the labels at the top are {labels}", labels=", ".join(f"`{one}`" for one in labels))
    unlabelled = text("the net has no labels: write `as {name}` behind the layer that is meant", name=word)
    unknown = text("unknown layer, family, block or label `{name}`", name=word)
    context.report.unknown(code, unknown, word, _place_of(word, where), sorted(known), advice if labels else unlabelled)


def _place_of(word: str, where: Span) -> Span:
    """The place of a word in the list that stands somewhere, such as `head` in `stem,head`."""
    start = where.start
    for part in where.text.split(","):
        if part == word:
            return where.source.span(start, start + len(part))
        start += len(part) + 1
    return where  # a variable stands for the list

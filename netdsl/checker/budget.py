"""`budget params<=25M macs<=4G`: promises that `check` keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from netdsl.checker.context import Context
from netdsl.checker.scope import Scope
from netdsl.checker.values import INVALID, evaluate, show
from netdsl.language.syntax import Bound, Statement
from netdsl.memory import activation_bytes, weight_bytes
from netdsl.network import Experiment, Network
from netdsl.receptive import depth, receptive_field
from netdsl.sizes import Dim

QUANTITIES: Mapping[str, tuple[str, Callable[[Network, int], Dim]]] = {
    "params": ("parameters", lambda network, _: network.params),
    "macs": ("multiply-adds", lambda network, _: network.macs),
    "memory": (
        "bytes of weights and activations",
        lambda network, batch: weight_bytes(network) + batch * activation_bytes(network),
    ),
    "receptive": ("pixels of receptive field", lambda network, _: receptive_field(network)),
    "depth": ("layers with weights in a row", lambda network, _: depth(network)),
}


def check_budget(statements: Sequence[Statement], experiment: Experiment, scope: Scope, context: Context) -> None:
    """Notes every bound that the net exceeds."""
    for statement in statements:
        for item in statement.items:
            if not isinstance(item, Bound):
                advice = "write `budget params<=25M macs<=4G`"
                context.error("NET113", "`budget` takes bounds", item.span, help=advice)
            elif item.name.text not in QUANTITIES:
                context.unknown("NET102", "quantity", item.name.text, item.name.span, QUANTITIES)
            else:
                _bound(item, experiment, scope, context)


def _bound(bound: Bound, experiment: Experiment, scope: Scope, context: Context) -> None:
    limit = evaluate(bound.limit, scope, context)
    if isinstance(limit, bool) or not isinstance(limit, (int, float)):
        if limit is not INVALID:
            context.error("NET103", f"a bound is a number, found {show(limit)}", bound.limit.span)
        return
    what, measure = QUANTITIES[bound.name.text]
    batch = experiment.data.settings.batch if experiment.data else 1
    found = measure(experiment.network, batch)
    if not isinstance(found, int):
        return
    if bound.relation == "<=" and found > limit:
        context.error("NET410", f"the budget allows {limit:,} {what}, but the net has {found:,}", bound.span)
    elif bound.relation == ">=" and found < limit:
        context.error("NET410", f"the budget asks for {limit:,} {what}, but the net has {found:,}", bound.span)

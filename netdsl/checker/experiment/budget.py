"""`budget params<=25M macs<=4G`: promises that `check` keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from netdsl.analysis.memory import activation_bytes, weight_bytes
from netdsl.checker.arguments.codes import UNKNOWN_PARAMETER, WRONG_VALUE
from netdsl.checker.arguments.values import INVALID, evaluate, show
from netdsl.checker.context import Context
from netdsl.checker.names.codes import MALFORMED_DEFINITION
from netdsl.checker.names.scope import Scope
from netdsl.core.diagnostics import Code, Edit, Fix, errors
from netdsl.core.sizes import Dim
from netdsl.core.text import Text, text
from netdsl.language.syntax import Bound, Item, Setting, Statement
from netdsl.program import Experiment, Network

BUDGET_EXCEEDED = Code(
    "NET410",
    title="the budget is exceeded",
    meaning=(
        "A `budget` line limits the net. `params`, `macs`, `memory` (bytes, for one batch) and `depth` (layers with "
        "weights in a row) usually have an upper bound, `receptive` (pixels that an output sees) a lower one."
    ),
    example="budget params<=1k\ninput 64\nlinear 64",
    instead="budget params<=5k\ninput 64\nlinear 64",
)


def _receptive_field(network: Network, _: int) -> int:
    from netdsl.analysis.receptive_field import (
        receptive_field,  # it needs `fractions`, which few texts should wait for
    )

    return receptive_field(network)


def _depth(network: Network, _: int) -> int:
    from netdsl.analysis.receptive_field import depth

    return depth(network)


class Quantity(NamedTuple):
    """A quantity that a budget can limit: the function that measures it for a batch size, and its message.

    `usual` is the usual relation in its bounds.
    """

    measure: Callable[[Network, int], Dim]
    explain: Callable[[str, int], Text]
    usual: str = "<="


QUANTITIES: Mapping[str, Quantity] = {
    "params": Quantity(
        lambda network, _: network.params,
        lambda bound, found: text(
            "the budget is `{bound}`, but the net has {found:,} parameters", bound=bound, found=found
        ),
    ),
    "macs": Quantity(
        lambda network, _: network.macs,
        lambda bound, found: text(
            "the budget is `{bound}`, but the net has {found:,} multiply-adds", bound=bound, found=found
        ),
    ),
    "memory": Quantity(
        lambda network, batch: weight_bytes(network) + batch * activation_bytes(network),
        lambda bound, found: text(
            "the budget is `{bound}`, but the net has {found:,} bytes of weights and activations",
            bound=bound,
            found=found,
        ),
    ),
    "receptive": Quantity(
        _receptive_field,
        lambda bound, found: text(
            "the budget is `{bound}`, but the net has {found:,} pixels of receptive field", bound=bound, found=found
        ),
        usual=">=",
    ),
    "depth": Quantity(
        _depth,
        lambda bound, found: text(
            "the budget is `{bound}`, but the net has {found:,} layers with weights in a row", bound=bound, found=found
        ),
    ),
}


def check_budget(statements: Sequence[Statement], experiment: Experiment, scope: Scope, context: Context) -> None:
    """Reports every bound that the net exceeds."""
    found: dict[str, Dim] = {}
    # After a mistake the net may lack layers.
    certain = not errors(context.report.diagnostics)
    for statement in statements:
        for item in statement.items:
            bound = _as_bound(item, context)
            if bound is None:
                continue
            if bound.name.text in QUANTITIES:
                name = bound.name.text
                # Each quantity is measured once, because measuring a large net takes time.
                if name not in found:
                    found[name] = _measure(name, experiment)
                _bound(bound, found[name], certain, scope, context)
            else:
                advice = text("the quantities are {names}", names=", ".join(f"`{name}`" for name in QUANTITIES))
                unknown = text("unknown quantity `{name}`", name=bound.name.text)
                context.report.unknown(UNKNOWN_PARAMETER, unknown, bound.name.text, bound.name.span, QUANTITIES, advice)


def _as_bound(item: Item, context: Context) -> Bound | None:
    """An item as a bound. `params=25M` is reported, and taken as a bound."""
    if isinstance(item, Setting):
        bound = f"{item.name.text}<={item.value.span.text}"
        fix = Fix(text("write `{bound}`", bound=bound), (Edit(item.span, bound),))
        context.report(MALFORMED_DEFINITION, "`budget` takes bounds", item.span, fix=fix)
        return Bound(item.name, item.value, item.span)
    if not isinstance(item, Bound):
        context.report(
            MALFORMED_DEFINITION, "`budget` takes bounds", item.span, help="write `budget params<=25M macs<=4G`"
        )
        return None
    return item


def _measure(name: str, experiment: Experiment) -> Dim:
    # Without data the batch size is unknown, so one sample is counted.
    batch = experiment.data.settings.batch if experiment.data else 1
    return QUANTITIES[name].measure(experiment.network, batch)


def _bound(bound: Bound, found: Dim, certain: bool, scope: Scope, context: Context) -> None:
    """Checks one bound. A net with mistakes may lack layers, so that too little is not certain."""
    limit = evaluate(bound.limit, scope, context)
    if isinstance(limit, bool) or not isinstance(limit, (int, float)):
        if limit is not INVALID:
            context.report(WRONG_VALUE, text("a bound is a number, found {found}", found=show(limit)), bound.limit.span)
        return
    # A symbolic number has no value to compare.
    if not isinstance(found, int):
        return
    too_much = bound.relation == "<=" and found > limit
    # Missing layers only make a net smaller: a bound that is exceeded already stays exceeded.
    too_little = bound.relation == ">=" and found < limit and certain
    if too_much or too_little:
        context.report(BUDGET_EXCEEDED, QUANTITIES[bound.name.text].explain(bound.span.text, found), bound.span)

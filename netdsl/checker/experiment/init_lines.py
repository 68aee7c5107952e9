"""The check of `init kaiming_normal on=conv`: whether such weights exist, and whether they can be filled so."""

from __future__ import annotations

from netdsl.checker.context import Context
from netdsl.checker.experiment.net_names import require_layers
from netdsl.components import Trait
from netdsl.core.diagnostics import Code
from netdsl.core.text import text
from netdsl.layer_names import find_filled
from netdsl.program import InitUse, Network, Node

NOTHING_TO_FILL = Code(
    "NET309",
    title="an init line that fills nothing",
    meaning=(
        "`on` names layers, families of layers (as `netdsl layers` lists them) or labels of the net. Those that it "
        "names must be there and have weights."
    ),
    example="input 3x8x8\nconv 8 k3; relu; flatten; linear 10\ninit normal std=0.01 on=head",
    instead="input 3x8x8\nconv 8 k3; relu; flatten; linear 10 as head\ninit normal std=0.01 on=head",
)

UNFIT_WEIGHTS = Code(
    "NET310",
    title="an initializer that cannot fill these weights",
    meaning=(
        "`dirac` is made for the kernels of convolutions, `eye` and `sparse` for matrices, and `kaiming_normal` and "
        "its like for weights with inputs and outputs: a vector, as normalisations have, has none."
    ),
    example="input 3x8x8\nconv 8 k3; relu; flatten; linear 10\ninit dirac on=linear",
    instead="input 3x8x8\nconv 8 k3; relu; flatten; linear 10\ninit dirac on=conv",
)


def check_init(use: InitUse, network: Network, context: Context) -> None:
    """Reports names that are not there or have no weights, and weights that the initializer cannot fill."""
    where = use.on_span or use.span
    assert where is not None, "a line of a file has a place"
    if not require_layers(NOTHING_TO_FILL, use.settings.on, where, network, context):
        return
    named = [node for _, node in find_filled(network, use)]
    unfit = [node for node in named if not _fits(use, node)]
    if use.settings.on and unfit:
        context.report(UNFIT_WEIGHTS, _describe(use, unfit[0]), where)
    elif len(unfit) == len(named):
        message = text("the net has no weights that `{init}` can fill", init=use.component.name)
        context.report(NOTHING_TO_FILL, message, where)
    elif channels := next((size for node in named if (size := _odd(use, node))), None):
        message = text(
            "`groups` is {groups} but the {channels} kernels of a convolution are not a multiple of it",
            groups=use.arguments["groups"],
            channels=channels,
        )
        context.report(UNFIT_WEIGHTS, message, where)


def _describe(use: InitUse, node: Node) -> str:
    return text(
        "`{init}` fills weights of {dims} dimensions, but those of `{layer}` have {found}",
        init=use.component.name,
        dims=use.component.dims_in_words,
        layer=node.written,
        found=_dimensions(node),
    )


def _fits(use: InitUse, node: Node) -> bool:
    found = _dimensions(node)
    least, most = use.component.dims
    return found is None or least <= found <= most


def _dimensions(node: Node) -> int | None:
    """How many dimensions a layer's weights have, as far as its traits say it."""
    if Trait.CONVOLUTION in node.traits:
        return len(node.input) + 1  # the channels out, beside those in and the axes
    if node.traits & {Trait.LINEAR, Trait.RECURRENT}:
        return 2
    return 1 if Trait.NORMALISES in node.traits else None


def _odd(use: InitUse, node: Node) -> object:
    """The number of kernels of a convolution where `groups` does not divide it."""
    groups = use.arguments.get("groups", 1)
    # A transposed convolution has its kernels by the channels that come in.
    kernels = (node.out if Trait.WINDOW in node.traits else node.input)[0]
    return isinstance(kernels, int) and bool(kernels % groups) and kernels

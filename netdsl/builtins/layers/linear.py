"""Weighted sums of features, tables of vectors, and the layer that does nothing."""

from __future__ import annotations

from netdsl.builtins.layers.checks import at_least_rank
from netdsl.components import INFERRED, Refusal, Result, call, layer
from netdsl.core.ranges import Count
from netdsl.core.sizes import Shape, product
from netdsl.core.text import text


@layer(
    "linear",
    flow=("in_features", "out_features"),
    stated={"in_features": -1},
    aliases={"out": "out_features", "in": "in_features"},
    assumes="F",
    example="linear 1024->64",
    traits={"affine", "linear"},
)
def linear(x: Shape, out_features: Count, bias: bool = True, *, in_features: int = INFERRED) -> Result:
    """Weighs and sums all features, once for each of the `out_features`: y = x·Wᵀ + b.

    It acts on the last dimension: every step of a sequence T×F is transformed alike. Put `flatten` before it to feed it
    an image. It learns in_features·out_features weights, and out_features biases.
    """
    # torch takes one vector without a batch, but a sample of one number has no features.
    at_least_rank(1, x, "linear", "at least one dimension")
    return Result(
        (*x[:-1], out_features),
        call("torch.nn:Linear", in_features=in_features, out_features=out_features, bias=bias),
        params=(in_features + bias) * out_features,
        macs=product(x[:-1]) * in_features * out_features,
    )


@layer("linear", flow=("num_embeddings", "embedding_dim"), takes="index", example="embedding 1000->64")
def embedding(
    x: Shape,
    num_embeddings: Count,
    embedding_dim: Count,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Result:
    """Looks every index up in a table of learned vectors: T indices become T×embedding_dim.

    The input holds whole numbers from 0 up to, not including, `num_embeddings`. The vector at `padding_idx` starts at
    zero and stays there; with `max_norm`, longer vectors are shortened when they are looked up.
    """
    if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
        raise Refusal(
            text(
                "`padding_idx` is {padding_idx} but the indices end at {last}",
                padding_idx=padding_idx,
                last=num_embeddings - 1,
            ),
            "padding_idx",
        )
    table = call(
        "torch.nn:Embedding",
        num_embeddings=num_embeddings,
        embedding_dim=embedding_dim,
        padding_idx=padding_idx,
        max_norm=max_norm,
        norm_type=norm_type,
        scale_grad_by_freq=scale_grad_by_freq,
        sparse=sparse,
    )
    return Result((*x, embedding_dim), table, params=num_embeddings * embedding_dim)


@layer("linear", takes="any", example="identity", traits={"affine", "idempotent", "passes_through", "view"})
def identity(x: Shape) -> Result:
    """Returns its input unchanged: a place for a label, or for a layer that is switched off."""
    return Result(x, call("torch.nn:Identity"))

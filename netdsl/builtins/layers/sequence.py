"""Layers on sequences T×F: T steps of F features each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from netdsl.builtins.layers.checks import batched, check_heads, distinct_axes, multiple
from netdsl.components import INFERRED, Refusal, Requirement, Result, Undetermined, call, layer
from netdsl.components.component import LabelledOutput
from netdsl.core.ranges import Count, Share
from netdsl.core.sizes import Dim, Shape, Unknown, format_shape
from netdsl.core.text import text

LAYOUTS = ("TF",)


def _recurrent_traits(arguments: Mapping[str, Any]) -> set[str]:
    return {"recurrent", "bidirectional", "looks_ahead"} if arguments.get("bidirectional") else {"recurrent"}


def _attention_traits(arguments: Mapping[str, Any]) -> set[str]:
    # Attention to another sequence has no order to keep.
    return {"looks_ahead"} if arguments.get("causal") is False else set()


def _encoder_traits(arguments: Mapping[str, Any]) -> set[str]:
    return set() if arguments.get("causal") else {"looks_ahead"}


RECURRENT: dict[str, Any] = {
    "flow": ("input_size", "hidden_size"),
    "stated": {"input_size": -1},
    "aliases": {"in": "input_size", "hidden": "hidden_size", "layers": "num_layers"},
    "accepts": LAYOUTS,
    "assumes": "TF",
    "traits": _recurrent_traits,
}


@layer("sequence", **RECURRENT, example="lstm 64->128 bidirectional")
def lstm(
    x: Shape,
    hidden_size: Count,
    num_layers: Count = 1,
    bias: bool = True,
    dropout: Share = 0.0,
    bidirectional: bool = False,
    proj_size: int = 0,
    *,
    input_size: int = INFERRED,
) -> Result:
    """Reads a sequence step by step with a memory that gates write, keep and read: T×F becomes T×hidden_size.

    `bidirectional` reads it backwards as well and returns both, twice as many features; `num_layers` stacks lstms,
    with `dropout` between them; `proj_size` shrinks what each step returns. Follow it by `last` for one answer to the
    whole sequence (Hochreiter and Schmidhuber, 1997).
    """
    # torch's own bounds; 0 means no projection.
    if not 0 <= proj_size < hidden_size:
        raise Refusal(
            text(
                "`proj_size` is {proj_size} but must be at least 0 and below `hidden_size` {hidden_size}",
                proj_size=proj_size,
                hidden_size=hidden_size,
            ),
            "proj_size",
        )
    cell = {"num_layers": num_layers, "bias": bias, "dropout": dropout, "bidirectional": bidirectional}
    # The input, forget, cell and output gates.
    return _recurrent(x, "LSTM", 4, input_size, hidden_size, proj_size, cell | {"proj_size": proj_size})


@layer("sequence", **RECURRENT, example="gru 128")
def gru(
    x: Shape,
    hidden_size: Count,
    num_layers: Count = 1,
    bias: bool = True,
    dropout: Share = 0.0,
    bidirectional: bool = False,
    *,
    input_size: int = INFERRED,
) -> Result:
    """Reads a sequence step by step with a state that two gates update: T×F becomes T×hidden_size.

    Three quarters of an `lstm` in size, and often as good (Cho et al., 2014).
    """
    cell = {"num_layers": num_layers, "bias": bias, "dropout": dropout, "bidirectional": bidirectional}
    # The reset, update and new gates.
    return _recurrent(x, "GRU", 3, input_size, hidden_size, 0, cell)


@layer("sequence", **RECURRENT, example="rnn 128")
def rnn(
    x: Shape,
    hidden_size: Count,
    num_layers: Count = 1,
    nonlinearity: Literal["tanh", "relu"] = "tanh",
    bias: bool = True,
    dropout: Share = 0.0,
    bidirectional: bool = False,
    *,
    input_size: int = INFERRED,
) -> Result:
    """Reads a sequence step by step; each state is a function of the step and the state before (Elman, 1990).

    T×F becomes T×hidden_size. It forgets quickly: an `lstm` or a `gru` remembers over longer distances.
    """
    cell = {"num_layers": num_layers, "nonlinearity": nonlinearity, "bias": bias, "dropout": dropout}
    return _recurrent(x, "RNN", 1, input_size, hidden_size, 0, cell | {"bidirectional": bidirectional})


@layer(
    "sequence",
    stated={"embed_dim": -1},
    aliases={"heads": "num_heads", "from": "memory"},
    accepts=LAYOUTS,
    assumes="TF",
    example="attention 8",
    traits=_attention_traits,
)
def attention(
    x: Shape,
    num_heads: Count,
    dropout: Share = 0.0,
    bias: bool = True,
    add_bias_kv: bool = False,
    add_zero_attn: bool = False,
    causal: bool = False,
    *,
    memory: LabelledOutput | None = None,
    embed_dim: int = INFERRED,
) -> Result:
    """Lets every step of a sequence look at all others and gather what fits: T×F stays T×F.

    Each of the `num_heads` compares the steps in F/num_heads features of its own. `causal` lets a step see only itself
    and those before it, as a language model must (Vaswani et al., 2017). `from=LABEL` is cross attention: the steps
    look at those of a labelled output, another sequence, whose length and features may differ.
    """
    check_heads(num_heads, embed_dim, "num_heads")
    if memory is not None:
        settings = {"dropout": dropout, "bias": bias, "add_bias_kv": add_bias_kv, "add_zero_attn": add_zero_attn}
        if causal:
            raise Refusal("`causal` orders the steps of one sequence, and `from` names another", "causal")
        return _cross_attention(x, memory, num_heads, embed_dim, settings)
    # Each appends one step to the keys and values, none to the queries.
    extra_steps = add_bias_kv + add_zero_attn
    return Result(
        x,
        call(
            "netdsl.modules:SelfAttention",
            embed_dim=embed_dim,
            num_heads=num_heads,
            dropout=dropout,
            bias=bias,
            add_bias_kv=add_bias_kv,
            add_zero_attn=add_zero_attn,
            causal=causal,
        ),
        # The projections of query, key, value and output are square; `add_bias_kv` learns one key and one value.
        params=4 * embed_dim * (embed_dim + bias) + 2 * embed_dim * add_bias_kv,
        macs=_attention_macs(x[0], embed_dim, extra_steps),
    )


@layer(
    "sequence",
    stated={"d_model": -1},
    aliases={"heads": "nhead", "num_heads": "nhead"},
    accepts=LAYOUTS,
    assumes="TF",
    example="transformer 8 dim_feedforward=512 norm_first",
    traits=_encoder_traits,
    torch_names=("TransformerEncoderLayer",),
)
def transformer(
    x: Shape,
    nhead: Count,
    dim_feedforward: Count = 2048,
    dropout: Share = 0.1,
    activation: Literal["relu", "gelu"] = "relu",
    layer_norm_eps: float = 1e-5,
    norm_first: bool = False,
    bias: bool = True,
    causal: bool = False,
    *,
    d_model: int = INFERRED,
) -> Result:
    """One encoder layer: `attention`, then two linear layers for each step, both with a residual and a layernorm.

    T×F stays T×F, so that `repeat` stacks them. `norm_first` normalises before each part and not after it, which trains
    more steadily; `causal` lets a step see only itself and those before it (Vaswani et al., 2017).
    """
    check_heads(nhead, d_model, "nhead")
    # torch's layer takes its mask in `forward`, which a Sequential cannot pass on.
    target = "netdsl.modules:CausalTransformerEncoderLayer" if causal else "torch.nn:TransformerEncoderLayer"
    # Without `bias`, torch takes the shift out of both layernorms too.
    attending, norms = 4 * d_model * (d_model + bias), 2 * d_model * (1 + bias)
    feeding = _count_feeding(d_model, dim_feedforward, bias)
    return Result(
        x,
        call(
            target,
            d_model=d_model,
            nhead=nhead,
            dim_feedforward=dim_feedforward,
            dropout=dropout,
            activation=activation,
            layer_norm_eps=layer_norm_eps,
            batch_first=True,  # torch's default expects the steps before the batch
            norm_first=norm_first,
            bias=bias,
            **({"causal": True} if causal else {}),
        ),
        params=attending + feeding + norms,
        macs=_attention_macs(x[0], d_model, 0) + 2 * x[0] * d_model * dim_feedforward,
    )


@layer(
    "sequence",
    stated={"d_model": -1},
    aliases={"heads": "nhead", "num_heads": "nhead", "from": "memory"},
    accepts=LAYOUTS,
    assumes="TF",
    example="decoder 8 from=memory",
    traits=_attention_traits,
)
def decoder(
    x: Shape,
    nhead: Count,
    dim_feedforward: Count = 2048,
    dropout: Share = 0.1,
    activation: Literal["relu", "gelu"] = "relu",
    layer_norm_eps: float = 1e-5,
    norm_first: bool = False,
    bias: bool = True,
    causal: bool = True,
    *,
    memory: LabelledOutput,
    d_model: int = INFERRED,
) -> Result:
    """One decoder layer: `attention` within the sequence, `attention` to a labelled output, two linear layers a step.

    Each part has a residual and a layernorm. `from=LABEL` names the output of the encoder, a sequence of as many
    features. A step sees only itself and those before it, unless `causal=false`; it sees all of the encoder's output
    (Vaswani et al., 2017).
    """
    check_heads(nhead, d_model, "nhead")
    _check_memory("decoder", memory)
    message = text(
        "`decoder` has {features} features, but `from` names an output of {memory}",
        features=d_model,
        memory=format_shape(memory),
    )
    alike = Requirement(memory[1], "==", d_model, message, "memory")
    attending, norms = 4 * d_model * (d_model + bias), 3 * d_model * (1 + bias)
    feeding = _count_feeding(d_model, dim_feedforward, bias)
    return Result(
        x,
        call(
            "netdsl.modules:DecoderLayer",
            d_model=d_model,
            nhead=nhead,
            dim_feedforward=dim_feedforward,
            dropout=dropout,
            activation=activation,
            layer_norm_eps=layer_norm_eps,
            norm_first=norm_first,
            bias=bias,
            causal=causal,
        ),
        params=2 * attending + feeding + norms,
        macs=_attention_macs(x[0], d_model, 0)
        + _cross_macs(x[0], memory[0], d_model, d_model)
        + 2 * x[0] * d_model * dim_feedforward,
        requires=(alike,),
    )


@layer(
    "sequence",
    stated={"length": 0, "features": 1},
    accepts=LAYOUTS,
    assumes="TF",
    example="posembed 16 64",
    traits={"affine"},
)
def posembed(x: Shape, length: int = INFERRED, features: int = INFERRED) -> Result:
    """Adds a learned vector to each position, since attention alone does not know the order of its steps."""
    embedding = call("netdsl.modules:PositionalEmbedding", length=length, features=features)
    return Result(x, embedding, params=length * features)


@layer(
    "sequence",
    stated={"features": 1},
    accepts=LAYOUTS,
    assumes="TF",
    formula="T + 1",
    example="classtoken 64",
    traits={"affine"},
)
def classtoken(x: Shape, features: int = INFERRED) -> Result:
    """Puts a learned vector before a sequence, for a classifier to read: T×F becomes (T+1)×F.

    After the transformer layers, `select 0` takes it out again (Devlin et al., 2018).
    """
    steps = x[0] + 1
    token = call("netdsl.modules:ClassToken", features=features)
    return Result((steps, *x[1:]), token, params=features, formula=(f"{x[0]} + 1 = {steps}",))


def _last_traits(arguments: Mapping[str, Any]) -> set[str]:
    # Two halves of different steps are joined, and so copied.
    return {"affine"} if arguments.get("bidirectional") else {"affine", "view"}


@layer(
    "sequence",
    inherits={"bidirectional": "bidirectional"},
    accepts=LAYOUTS,
    assumes="TF",
    takes="any",
    example="last",
    traits=_last_traits,
)
def last(x: Shape, bidirectional: bool = False) -> Result:
    """Takes the last step of a sequence: T×F becomes F.

    Behind a bidirectional `lstm`, `gru` or `rnn`, or with only dropout between, each direction's own last step: the
    first half of the features from the end of the sequence, the second, which was read backwards, from its beginning.
    That is the state `h_n` of torch. `bidirectional=false` takes the end for both.
    """
    if not bidirectional:
        return Result(x[1:], call("netdsl.modules:Last"))
    message = text(
        "`bidirectional` needs an even number of features, half of them for each direction, not {features}",
        features=x[1],
    )
    even = multiple(x[1], 2, message, "bidirectional")
    return Result(x[1:], call("netdsl.modules:Last", bidirectional=True), requires=(even,))


@layer("sequence", assumes="TF", example="mean", traits={"affine"})
def mean(x: Shape, dim: int | tuple[int, ...] = 0, keepdim: bool = False) -> Result:
    """Averages over one dimension or several, which disappear; by default over the steps of a sequence T×F.

    With `keepdim` the dimension stays, of size 1.
    """
    return _reduced(x, "Mean", dim, keepdim)


@layer("sequence", assumes="TF", takes="any", example="max", traits={"gradient_from_output"})
def max(x: Shape, dim: int | tuple[int, ...] = 0, keepdim: bool = False) -> Result:  # noqa: A001
    """The largest value over one dimension or several, which disappear; by default over the steps of a sequence T×F.

    With `keepdim` the dimension stays, of size 1.
    """
    return _reduced(x, "Max", dim, keepdim)


def _reduced(x: Shape, module: str, dim: int | tuple[int, ...], keepdim: bool) -> Result:
    axes = distinct_axes((dim,) if isinstance(dim, int) else dim, x)
    out = tuple(1 if at in axes else size for at, size in enumerate(x) if keepdim or at not in axes)
    dims = batched(dim) if isinstance(dim, int) else tuple(map(batched, dim))
    return Result(out, call(f"netdsl.modules:{module}", dim=dims, keepdim=keepdim))


def _recurrent(
    x: Shape, cell: str, gates: int, inputs: int, hidden: int, projection: int, given: dict[str, Any]
) -> Result:
    """What the three recurrent nets have in common: `gates` weight matrices of the input, as many of the state."""
    layers = given["num_layers"]
    directions = 1 + given["bidirectional"]
    returned = projection or hidden
    # A projection shrinks what the next step and the next layer see, and has weights of its own.
    first, further = (
        directions * (gates * hidden * (seen + returned) + projection * hidden)
        for seen in (inputs, directions * returned)
    )
    weights = first + (layers - 1) * further
    # torch keeps two biases, one for the input and one for the state, as cuDNN does.
    biases = layers * directions * 2 * gates * hidden if given["bias"] else 0
    # torch's cells return a pair; these return the output alone.
    module = call(f"netdsl.modules:{cell}", input_size=inputs, hidden_size=hidden, **given)
    return Result((x[0], directions * returned), module, params=weights + biases, macs=x[0] * weights)


def _cross_attention(x: Shape, memory: LabelledOutput, heads: int, features: int, settings: dict[str, Any]) -> Result:
    """Keys and values from another sequence, which may have other features."""
    _check_memory("attention", memory)
    # An unknown size comes from an error that is reported already.
    given = features if isinstance(memory[1], Unknown) else memory[1]
    if not isinstance(given, int):
        raise Undetermined(text("`attention` needs to know the features of {memory}", memory=format_shape(memory)))
    extra_steps = settings["add_bias_kv"] + settings["add_zero_attn"]
    # Where the features are the same, torch keeps the three projections in one matrix.
    other = {} if given == features else {"kdim": given, "vdim": given}
    return Result(
        x,
        call("netdsl.modules:CrossAttention", embed_dim=features, num_heads=heads, **other, **settings),
        params=2 * features * (features + given)
        + 4 * features * settings["bias"]
        + 2 * features * settings["add_bias_kv"],
        macs=_cross_macs(x[0], memory[0], features, given) + 2 * x[0] * extra_steps * features,
    )


def _count_feeding(features: int, width: int, bias: bool) -> int:
    """The parameters of the two linear layers that follow attention: to a width, and back."""
    return 2 * features * width + (features + width) * bias


def _check_memory(name: str, memory: LabelledOutput) -> None:
    if len(memory) != 2:
        shape = format_shape(memory)
        message = text("`{layer}` looks at a sequence T×F, but `from` names {memory}", layer=name, memory=shape)
        raise Refusal(message, "memory")


def _cross_macs(steps: Dim, others: Dim, features: int, given: int) -> Dim:
    """The projections of queries and outputs, those of keys and values, and both products of the two sequences."""
    return 2 * steps * features * features + 2 * others * given * features + 2 * steps * others * features


def _attention_macs(steps: Dim, features: int, extra_steps: int) -> Dim:
    """Four projections, and the two products of every step with every step."""
    return 4 * steps * features * features + 2 * steps * (steps + extra_steps) * features

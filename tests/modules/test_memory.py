"""Cross attention and the decoder against torch's own modules, number by number."""

import pytest
import torch
from torch import nn

import netdsl
from netdsl.checker import check
from netdsl.core.diagnostics import errors
from netdsl.core.source import Source
from netdsl.plugins.registry import load_registry


@pytest.mark.parametrize(("features", "settings"), [(16, ""), (24, ""), (16, "bias=false"), (24, "add_bias_kv")])
def test_cross_attention_is_torch_s(features: int, settings: str) -> None:
    built = netdsl.build(
        f"input x=5x16 memory=7x{features}; from memory; linear {features} as keys\n"
        f"from x; attention 4 from=keys {settings}"
    ).eval()
    kinds = {"": {}, "bias=false": {"bias": False}, "add_bias_kv": {"add_bias_kv": True}}[settings]
    other = {} if features == 16 else {"kdim": features, "vdim": features}
    expected = nn.MultiheadAttention(16, 4, batch_first=True, **other, **kinds).eval()
    expected.load_state_dict(built[1].state_dict())
    x, memory = torch.randn(3, 5, 16), torch.randn(3, 7, features)
    keys = built.keys(memory)
    assert torch.equal(built(x, memory), expected(x, keys, keys, need_weights=False)[0])
    assert sum(one.numel() for one in expected.parameters()) == list(built_params(built))[1]


def built_params(module: nn.Module) -> list[int]:
    return [sum(one.numel() for one in child.parameters()) for child in module.children()]


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("settings", ["", "norm_first", "activation=gelu bias=false"])
def test_a_decoder_is_torch_s(causal: bool, settings: str) -> None:
    text = (
        "input x=5x16 memory=7x16; from memory; relu as seen\n"
        f"from x; decoder 4 from=seen dim_feedforward=32 causal={str(causal).lower()} {settings}"
    )
    network, built = netdsl.shapes(text), netdsl.build(text).eval()
    kinds = {"": {}, "norm_first": {"norm_first": True}}.get(settings, {"activation": "gelu", "bias": False})
    expected = nn.TransformerDecoderLayer(16, 4, 32, batch_first=True, **kinds).eval()
    expected.load_state_dict(built[1].state_dict())
    x, memory = torch.randn(3, 5, 16), torch.randn(3, 7, 16)
    mask = nn.Transformer.generate_square_subsequent_mask(5) if causal else None
    assert torch.equal(built(x, memory), expected(x, memory.relu(), tgt_mask=mask, tgt_is_causal=causal))
    assert network.params == sum(one.numel() for one in expected.parameters())


def test_the_transformer_is_torch_s() -> None:
    """The encoder and the decoder of "Attention Is All You Need", with torch's layernorm behind each."""
    built = netdsl.build(
        "input src=6x16 tgt=5x16\n"
        "repeat 2 { transformer 4 dim_feedforward=32 }; layernorm as memory\n"
        "from tgt; repeat 3 { decoder 4 from=memory dim_feedforward=32 }; layernorm"
    ).eval()
    expected = nn.Transformer(16, 4, 2, 3, 32, batch_first=True).eval()
    # The layers of both stand in the same order.
    order = [*expected.encoder.state_dict().values(), *expected.decoder.state_dict().values()]
    for target, value in zip(order, built.state_dict().values(), strict=True):
        target.copy_(value)
    src, tgt = torch.randn(3, 6, 16), torch.randn(3, 5, 16)
    mask = nn.Transformer.generate_square_subsequent_mask(5)
    torch.testing.assert_close(built(src, tgt), expected(src, tgt, tgt_mask=mask, tgt_is_causal=True))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("input 5x16; linear 16 as m; relu; attention 4 from=m causal", "NET203"),
        ("input 5x16; linear 16 as m; relu; decoder 4", "NET104"),
        ("input 5x16; linear 8 as m; linear 16; decoder 4 from=m", "NET203"),
        ("input 5x16; linear 16 as m; flatten as f; from m; attention 4 from=f", "NET203"),
        ("input 5x16; linear 16 as m; attention 4 from=n", "NET111"),
        ("input 5x16; linear 16 as m; attention 4 from=3", "NET103"),
        ("input words=5 x=5x16; from x; attention 4 from=words", "NET203"),
        ("input words=5x16 x=5x16; embedding 9->4; from x; attention 4 from=words", "NET208"),
        ("input a=9x16 b=T; from b; reshape 3x-1 as c; from a; attention 4 from=c", "NET204"),
    ],
)
def test_what_cannot_be_looked_at(text: str, code: str) -> None:
    found = errors(check(Source("net", text), load_registry(installed=False))[1])
    assert [one.code for one in found] == [code]

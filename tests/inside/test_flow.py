"""Numbers against torch: what flows, what attends, and what the answer depends on."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import netdsl
from netdsl.core.errors import DataError
from netdsl.inside.flow import SampleFlow, follow
from netdsl.modules import SelfAttention


def flow_of(text: str, x: torch.Tensor) -> tuple[SampleFlow, nn.Sequential]:
    torch.manual_seed(0)
    module = netdsl.build(text).eval()
    return follow(module, netdsl.shapes(text), x, "x"), module


def test_each_stage_has_what_its_module_gives_even_before_one_that_works_in_place() -> None:
    x = torch.randn(1, 1, 6, 6)
    flow, module = flow_of("input 1x6x6; conv 4 k3; nn.ReLU inplace=true; flatten; linear 3", x)
    after = x
    for stage, layer in zip(flow.stages, [module[0], nn.ReLU(), module[2], module[3]], strict=True):
        after = layer(after)
        assert torch.equal(stage.output, after[0])


def test_what_is_used_again_has_an_output_each_time() -> None:
    x = torch.randn(1, 6)
    flow, module = flow_of("input 6; linear 6 as a; relu; again a; residual { linear 6 } as r; again r", x)
    first, again = module.a(x), module.a(module.a(x).relu())
    found = [stage.output for stage in flow.stages if stage.node.path in ("a", "r")]
    expected = [first, again, module.r(again), module.r(module.r(again))]
    assert [torch.equal(one, other[0]) for one, other in zip(found, expected, strict=True)] == [True] * 4


def test_saliency_is_the_size_of_the_gradient_of_the_largest_output() -> None:
    x = torch.randn(1, 3, 6, 6)
    flow, module = flow_of("input 3x6x6; conv 4 k3; relu; flatten; linear 3", x)
    assert all(parameter.grad is None for parameter in module.parameters())
    given = x.clone().requires_grad_()
    module(given).max().backward()
    assert given.grad is not None
    assert flow.saliency is not None
    torch.testing.assert_close(flow.saliency, given.grad[0].abs().amax(0))


def test_each_input_has_its_saliency_and_the_last_output_is_asked() -> None:
    text = "input a=3 b=4; linear 3->2 as x; from b; linear 4->2; add x as y; linear 5 as z; output y z"
    network = netdsl.shapes(text)
    module = netdsl.build(text)
    fed = [torch.randn(1, 3), torch.randn(1, 4)]
    flow = follow(module, network, fed, "a sample")
    given = [one.clone().requires_grad_() for one in fed]
    module(*given)[1].max().backward()
    assert [one.name for one in flow.inputs] == ["a", "b"]
    for one, expected in zip(flow.inputs, given, strict=True):
        assert one.saliency is not None
        assert expected.grad is not None
        torch.testing.assert_close(one.saliency, expected.grad[0].abs())


def test_saliency_is_that_of_captum() -> None:
    attributions = pytest.importorskip("captum.attr", reason="captum is not installed")
    x = torch.randn(1, 3, 6, 6)
    flow, module = flow_of("input 3x6x6; conv 4 k3; relu; flatten; linear 3", x)
    found = attributions.Saliency(module).attribute(x.requires_grad_(), target=int(module(x).argmax()))
    torch.testing.assert_close(flow.saliency, found[0].amax(0))


@pytest.mark.parametrize("causal", [False, True])
def test_attention_weights_make_the_output(causal: bool) -> None:
    x = torch.randn(2, 5, 8)
    module = SelfAttention(8, 2, causal=causal).eval()
    weights = module.weigh(x)
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 2, 5))
    assert bool((weights.triu(1) == 0).all()) == causal
    values = nn.functional.linear(x, module.in_proj_weight[16:], module.in_proj_bias[16:]).view(2, 5, 2, 4)
    mixed = torch.einsum("nhts,nshd->nthd", weights, values).reshape(2, 5, 8)
    torch.testing.assert_close(module.out_proj(mixed), module(x))


def test_attention_inside_a_layer_of_torch_is_seen() -> None:
    flow, _ = flow_of("input 5x8; transformer 2", torch.randn(1, 5, 8))
    [weights] = flow.stages[0].attention.values()
    assert weights.shape == (2, 5, 5)


@pytest.mark.parametrize(
    ("text", "shape", "dead"),
    [
        ("input 2x3x3; conv 2->2 k1 bias=false; relu", (1, 2, 3, 3), [0.5, 0.5]),
        ("input 4; linear 4->2 bias=false; relu", (1, 4), [0.5, 0.5]),
    ],
)
def test_a_unit_is_dead_if_it_is_0_throughout(text: str, shape: tuple[int, ...], dead: list[float]) -> None:
    module = netdsl.build(text)
    with torch.no_grad():
        module[0].weight.fill_(1.0)
        module[0].weight[0].fill_(0.0)
    flow = follow(module, netdsl.shapes(text), torch.ones(shape), "x")
    assert [stage.dead for stage in flow.stages] == dead


def test_layers_are_chosen_by_path_and_by_word() -> None:
    flow, _ = flow_of("input 1x6x6; residual { conv 1 k3 p1; relu }; conv 2 k3", torch.randn(1, 1, 6, 6))
    assert [stage.node.path for stage in flow.choose("conv")] == ["0.body.0", "1"]
    assert [stage.node.name for stage in flow.choose("0")] == ["residual", "conv", "relu"]
    with pytest.raises(DataError, match="no layer is called `convv`") as caught:
        flow.choose("convv")
    assert caught.value.help == "did you mean `conv`?"


def test_a_net_that_cannot_take_the_sample_says_what_fits() -> None:
    with pytest.raises(DataError, match="the net cannot take 1x2x2") as caught:
        flow_of("conv 1->1 k3", torch.ones(1, 1, 2, 2))
    assert caught.value.help == "sizes that fit: H, W ≥ 3"


def test_hooks_are_gone_after_a_look() -> None:
    _, module = flow_of("input 5x8; attention 2", torch.randn(1, 5, 8))
    assert not any(one._forward_hooks for one in module.modules())

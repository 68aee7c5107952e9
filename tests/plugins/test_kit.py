from typing import Any

import pytest
from torch import nn

from netdsl.api import NetError
from netdsl.components import Component, Layer, Loss, Refusal, Result, call, layer
from netdsl.plugins.registry import load_registry
from netdsl.testing import assert_component_documented, assert_layer_sound, run_net

REGISTRY = load_registry(installed=False)
LAYERS = [
    one
    for one in REGISTRY.layers.values()
    # What looks at a labelled output is no layer alone; random nets try it among others.
    if not one.branches and not any(one.parameters[name].is_label for name in one.required)
]
COMPONENTS = [one for components in REGISTRY.components.values() for one in components.values()]

RARE = {"fold": 4000, "reshape": 2000, "permute": 500, "squeeze": 2000, "unwindows": 2000}
"""Random arguments seldom go with an input."""


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda one: f"{one.kind}-{one.name}")
def test_what_comes_with_netdsl_is_documented(component: Component) -> None:
    assert_component_documented(component)


@pytest.mark.parametrize("one", LAYERS, ids=lambda one: one.name)
def test_what_comes_with_netdsl_is_sound(one: Layer) -> None:
    assert_layer_sound(one, examples=RARE.get(one.name, 40))


def rule(out: int = 0, params: int = 0, refuse: bool = False) -> Layer:
    def lines(x, features: int) -> Result:
        if features < 0 or (refuse and features == 3):
            raise Refusal("no threes")
        weights = x[-1] * features + features + params
        module = call("torch.nn:Linear", in_features=x[-1], out_features=features)
        return Result((*x[:-1], features + out), module, params=weights)

    return layer("linear", accepts=("F",))(lines)


def reference(shape: tuple[int, ...], features: int) -> nn.Module:
    return nn.Linear(shape[-1], features)


def test_a_sound_rule_passes() -> None:
    assert_layer_sound(rule(), reference=reference)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"out": 1}, "the output is .* by the rule, .* in torch"),
        ({"params": 1}, "it has .* parameters by the rule, .* in torch"),
        ({"refuse": True}, r"is refused \(no threes\), but torch runs it"),
    ],
)
def test_a_rule_that_is_wrong_fails(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        assert_layer_sound(rule(**wrong), reference=reference)


def test_a_rule_that_accepts_what_torch_refuses_fails() -> None:
    @layer("shape")
    def broken(x, groups: int) -> Result:
        return Result(x, call("torch.nn:PixelShuffle", upscale_factor=groups))

    with pytest.raises(AssertionError, match="is accepted, but torch refuses it"):
        assert_layer_sound(broken)


def test_a_rule_that_accepts_nothing_fails() -> None:
    @layer("shape")
    def never(x) -> Result:
        raise Refusal("never")

    with pytest.raises(AssertionError, match="none of 100 random uses"):
        assert_layer_sound(never)


@pytest.mark.parametrize(("doc", "message"), [("", "has no documentation"), ("Words", "is no sentence")])
def test_a_component_without_words_fails(doc: str, message: str) -> None:
    def silent() -> None: ...

    silent.__doc__ = doc
    with pytest.raises(AssertionError, match=message):
        assert_component_documented(Loss(name="silent", function=silent))


def test_a_net_is_trained_in_passing() -> None:
    result = run_net("data digits limit=64; flatten; linear 10", registry=REGISTRY)
    assert len(result.epochs) == 1
    assert not result.folder.exists()


def test_a_net_with_mistakes_is_not() -> None:
    with pytest.raises(NetError):
        run_net("data digits; linear", registry=REGISTRY)

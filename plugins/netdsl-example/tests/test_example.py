from pathlib import Path

import pytest

from netdsl import shapes, train
from netdsl.components import Layer
from netdsl.plugins.registry import load_registry
from netdsl.testing import assert_component_documented, assert_layer_sound, run_net

NET = Path(__file__).parents[1] / "swirl.net"
REGISTRY = load_registry()
MINE = [REGISTRY.components[kind][name] for (kind, name), plugin in REGISTRY.origins.items() if plugin == "example"]


def test_there_is_one_of_each_kind():
    assert sorted(one.name for one in MINE) == sorted(
        ["quick_gelu", "snake", "bottleneck", "focal", "signsgd", "warmup", "confidence", "swirl", "lines"]
    )
    assert REGISTRY.problems == ()


@pytest.mark.parametrize("component", MINE, ids=lambda one: one.name)
def test_each_is_documented(component):
    assert_component_documented(component)


def test_the_rule_is_sound():
    assert_layer_sound(REGISTRY.layers["quick_gelu"])
    assert isinstance(REGISTRY.layers["quick_gelu"], Layer)


def test_the_net_has_the_shapes_that_one_expects():
    network = shapes(NET)
    assert (network.input, network.out) == ((2,), (2,))


def test_the_net_learns(tmp_path):
    result = train(NET, device="cpu", out=tmp_path / "run", quiet=True)
    assert result.best.test["accuracy"] > 0.85
    assert (tmp_path / "run" / "lines.txt").read_text().count("\n") > 20


def test_a_net_runs_in_passing():
    assert len(run_net("data swirl samples=60; linear 8; quick_gelu; linear 2; loss focal").epochs) == 1

import json
import math
from functools import cache

import pytest

import netdsl
from netdsl.checker import check
from netdsl.components import call
from netdsl.components.registry import Registry
from netdsl.core.source import Source
from netdsl.plugins.registry import load_registry
from netdsl.program import Network, Node
from netdsl.render.shapes_json import shapes_json


@cache
def registry() -> Registry:
    return load_registry(installed=False)


def record(text: str) -> dict[str, object]:
    experiment, diagnostics = check(Source("net.net", text), registry())
    assert not diagnostics
    return json.loads(shapes_json(experiment.network, "net.net"))


def test_a_network() -> None:
    whole = record("input 3x32x32\nconv 3->32 k5 p2; relu")
    layers = whole.pop("layers")
    assert whole == {
        "file": "net.net",
        "input": [3, 32, 32],
        "output": [32, 32, 32],
        "params": 2432,
        "trainable": 2432,
        "macs": 2_457_600,
    }
    assert [layer["path"] for layer in layers] == ["0", "1"]
    args = layers[0].pop("args")
    assert args["in_channels"] == 3
    assert args["bias"] is True
    assert layers[0] == {
        "path": "0",
        "layer": "conv",
        "module": "torch.nn.Conv2d",
        "line": 2,
        "column": 1,
        "in": [3, 32, 32],
        "out": [32, 32, 32],
        "params": 2432,
        "macs": 2_457_600,
        "depth": 0,
    }


def test_sizes_that_vary_are_strings() -> None:
    whole = record("input 3xHxW\nconv 8 k3 s2 p1")
    assert whole["output"] == [8, "(H+1)/2", "(W+1)/2"]
    assert isinstance(whole["macs"], str)


def test_the_sizes_that_fit_are_an_exact_set() -> None:
    (fits,) = record("input 8xL\nmaxpool 4 as a; maxpool 2; upsample 2; concat a")["fits"]
    assert fits == {
        "symbols": ["L"],
        "intervals": [],
        "repeats": {"from": 8, "period": 8, "intervals": [[0, 3]]},
        "searched": None,
        "equal": False,
        "conditions": [],
    }


def test_composites_stand_before_their_children_one_depth_up() -> None:
    layers = record("input 8\nresidual { linear 8; relu }\nlinear 2")["layers"]
    listed = [(layer["path"], layer["layer"], layer["depth"], layer["params"]) for layer in layers]
    assert listed == [
        ("0", "residual", 0, 72),
        ("0.body", "body", 1, 72),
        ("0.body.0", "linear", 2, 72),
        ("0.body.1", "relu", 2, 0),
        ("1", "linear", 0, 18),
    ]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ((3, 5), [3, 5]),
        (None, None),
        (True, True),
        (0.5, 0.5),
        (math.inf, "inf"),
        (math.nan, "nan"),
        ("same", "same"),
        ({"a": (1,)}, {"a": [1]}),
        (1j, "1j"),
    ],
)
def test_arguments(value: object, written: object) -> None:
    span = Source("net.net", "relu").span(0, 4)
    node = Node("0", "relu", None, "relu", span, (8,), (8,), call("torch.nn:ReLU", value=value), 0, 0)
    text = shapes_json(Network((8,), (8,), (node,)), "net.net")
    assert json.loads(text, parse_constant=pytest.fail)["layers"][0]["args"] == {"value": written}


def test_inputs_and_outputs_go_by_their_names() -> None:
    net = netdsl.shapes("input a=Hx3 b=4; linear 4 as low; from b; linear 2 as high; output high low")
    found = json.loads(shapes_json(net, "net.net"))
    assert (found["input"], found["output"]) == (["H", 3], ["H", 4])
    assert found["inputs"] == {"a": ["H", 3], "b": [4]}
    assert found["outputs"] == {"high": [2], "low": ["H", 4]}
    assert [layer.get("from") for layer in found["layers"]] == [None, "b"]

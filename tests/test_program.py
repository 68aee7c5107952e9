"""What is kept once for many places, against the same net written out."""

from __future__ import annotations

import json
from functools import cache
from random import Random

import pytest

from netdsl.analysis.memory import activation_bytes
from netdsl.analysis.receptive_field import depth, receptive_field
from netdsl.builder import build_network
from netdsl.checker import check
from netdsl.components.registry import Registry
from netdsl.core.source import Source
from netdsl.plugins.registry import load_registry
from netdsl.program import Network, Node, Siblings, Stretch
from netdsl.render.shapes_json import shapes_json, write_shapes
from tests.effort import most_calls

LAYERS = ("linear 8", "relu", "bn", "residual { linear 8; relu }", "residual { relu } shortcut { linear 8 }", "pair 8")
BLOCK = "block pair n { linear n; tanh }\n"


@cache
def registry() -> Registry:
    return load_registry(installed=False)


def checked(text: str) -> Network:
    experiment, diagnostics = check(Source("net", text), registry())
    assert [one.code for one in diagnostics if one.severity == "error"] == []
    return experiment.network


def statements(random: Random, depth: int) -> tuple[str, str]:
    """Some statements with `repeat`, and the same written out."""
    short, long = [], []
    for _ in range(random.randint(1, 3)):
        if depth and random.random() < 0.5:
            inside, times = statements(random, depth - 1), random.randint(1, 4)
            short.append(f"repeat {times} {{ {inside[0]} }}")
            long += [inside[1]] * times
        elif depth and random.random() < 0.3:
            inside = statements(random, depth - 1)
            short.append(f"residual {{ {inside[0]} }}")
            long.append(f"residual {{ {inside[1]} }}")
        else:
            short.append(random.choice(LAYERS))
            long.append(short[-1])
    return "; ".join(short), "; ".join(long)


def unplaced(network: Network) -> dict[str, object]:
    """The JSON without what tells where in the text a layer stands."""
    record = json.loads(shapes_json(network, "net"))
    for layer in record["layers"]:
        del layer["line"], layer["column"]
    return record


@pytest.mark.parametrize("seed", range(25))
def test_what_is_repeated_is_what_would_be_written_out(seed: int) -> None:
    short, long = statements(Random(seed), 3)
    kept, written = (checked(f"{BLOCK}input 8\n{text}") for text in (short, long))
    assert unplaced(kept) == unplaced(written)
    assert [node.path for node in kept.walk()] == [path for path, _ in kept.places()]
    assert sum(times for _, times in kept.count_nodes()) == sum(1 for _ in written.walk())
    for measure in (activation_bytes, depth, receptive_field):
        assert measure(kept) == measure(written)
    modules = [[*build_network(network).state_dict()] for network in (kept, written)]
    assert modules[0] == modules[1]


def test_siblings_are_a_sequence() -> None:
    nodes = checked("input 8\ntanh as first; repeat 3 { repeat 2 { tanh }; residual { relu } }; linear 4 as last").nodes
    assert isinstance(nodes, Siblings)
    paths = ["first", *map(str, range(1, 10)), "last"]
    assert [node.path for node in nodes] == paths
    assert [nodes[place].path for place in range(-len(nodes), len(nodes))] == paths * 2
    assert [node.path for node in nodes[2:9:2]] == paths[2:9:2]
    assert [child.path for child in nodes[6].children] == ["6.body"]
    assert [inner.path for inner in nodes[6].children[0].children] == ["6.body.0"]
    assert nodes == tuple(nodes)
    assert repr(nodes) == repr(tuple(nodes))
    with pytest.raises(IndexError):
        nodes[len(nodes)]


def test_a_round_has_the_paths_of_its_place() -> None:
    nodes = checked("input 8\nrelu; repeat 4 { linear 8; tanh }").nodes
    first, rounds = nodes.stretches()
    assert [[node.path for node in one] for one in first] == [["0"]]
    assert [[node.path for node in one] for one in rounds] == [["1", "2"], ["3", "4"], ["5", "6"], ["7", "8"]]
    assert [node.path for node in rounds[-1]] == ["7", "8"]
    assert [node.path for node in rounds[1:3][1]] == ["5", "6"]


def test_a_stretch_counts_what_is_in_it() -> None:
    span = Source("net", "relu").span(0, 4)
    node = Node("0", "relu", None, "relu", span, (8,), (8,), checked("input 8; relu").nodes[0].call, 0, 0)
    assert Stretch((Stretch((node,), 3), node), 5).length == 20


@pytest.mark.parametrize(
    "text",
    [
        "input 8; repeat 99999 { tanh }",
        "input 8; repeat 300 { repeat 300 { tanh } }",
        "block a { linear 8; relu }\ninput 8\nrepeat 30000 { a }",
        "block a { repeat 900 { tanh } }\ninput 8\n" + "a\n" * 100,
        "input 8; repeat 30000 { residual { linear 8; relu } }",
        "data digits\nflatten; linear 10; repeat 99000 { tanh }",
        "budget receptive>=3 depth>=3 memory<=1T\ninput 3x9x9; repeat 99999 { conv 3 k3 p1 }",
        "input 8; repeat 99999 { tnah }",
        "input 8; repeat 99999 { linear 9->9 }",
    ],
)
def test_what_is_repeated_is_checked_once(text: str) -> None:
    checked("input 8; tanh")
    with most_calls(50_000):  # written out, each takes millions
        check(Source("net", text), registry())


def test_blocks_that_double_are_checked_once_and_looked_at_in_each_place() -> None:
    blocks = "".join(f"block b{n} {{ b{n + 1}; b{n + 1} }}\n" for n in range(15))
    checked("input 8; tanh")
    with most_calls(8_000_000):  # the lints alone ask what stands before each layer
        check(Source("net", blocks + "block b15 { tanh }\ninput 8\nb0"), registry())


def test_the_text_of_a_large_net_is_written_piece_by_piece() -> None:
    pieces = list(write_shapes(checked("input 8; repeat 99999 { tanh }"), "net"))
    assert max(map(len, pieces)) < 1000
    assert pieces[-2].splitlines()[2] == '      "path": "99998",'

"""Depth and receptive field along ways that `from` opens: of ways that meet, the longest and the widest count."""

import pytest

import netdsl
from netdsl.analysis.memory import activation_bytes
from netdsl.analysis.receptive_field import depth, receptive_field

TWO = "input a=3x32x32 b=3x32x32; conv 8 k3 p1; conv 8 k3 p1 as two; from b; conv 8 k7 p3 as three"


@pytest.mark.parametrize(
    ("text", "field", "layers"),
    [
        (TWO, 7, 1),
        (f"{TWO}; add two", 7, 2),
        (f"{TWO}; add two; conv 8 k3 p1", 9, 3),
        (f"{TWO}; from two; conv 8 k3 p1; add three", 7, 3),
        (f"{TWO}; output two", 5, 2),
        (f"{TWO}; output two three", 7, 2),
        (f"{TWO}; residual {{ from two; conv 8 k3 p1 }}", 7, 3),
        (f"{TWO}; repeat 3 {{ from two; conv 8 k3 p1 }}", 7, 3),
        ("block b { conv 8 k3 p1 as x; relu; from x; conv 8 k3 p1 s2 }\ninput 3x32x32; b; b", 13, 4),
        ("input 3x32x32; repeat 2 { conv 8 k3 p1 } as x; relu; from x; repeat 0 { bn } as y; conv 3 k3; from y", 5, 2),
        ("input 3x32x32; conv 3 k3 p1 as c; repeat 3 { relu; again c }", 9, 4),
        ("block b { conv 3 k3 p1; relu; conv 3 k3 p1 }\ninput 3x32x32; b as u; again u", 9, 4),
        ("input 3x32x32; residual { repeat 0 { bn } as x; conv 3 k3 p1; from x }", 1, 0),
    ],
)
def test_ways_that_meet(text: str, field: int, layers: int) -> None:
    network = netdsl.shapes(text)
    assert (receptive_field(network), depth(network)) == (field, layers)


def test_every_input_takes_memory() -> None:
    assert activation_bytes(netdsl.shapes("input a=8 b=100; linear 2")) == 4 * (8 + 100 + 2)

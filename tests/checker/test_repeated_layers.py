"""Many rounds of a `repeat`: checked once where the shape stays, ended where a mistake is."""

import pytest


@pytest.mark.parametrize(
    ("body", "layers"),
    [
        ("linear 8; relu", ["0", "1", "2", "3", "4", "5"]),
        ("residual { linear 8 }", ["0", "0.body", "0.body.0", "1", "1.body", "1.body.0", "2", "2.body", "2.body.0"]),
        ("b", ["0", "0.0", "1", "1.0", "2", "2.0"]),
        ("relu as a", ["a", "a_2", "a_3"]),
    ],
)
def test_copies_have_the_paths_that_rounds_would_have(checked, body, layers):
    repeated = checked(f"block b {{ relu }}; input 8; repeat 3 {{ {body} }}").network
    assert [node.path for node in repeated.walk()] == layers
    single = checked(f"block b {{ relu }}; input 8; repeat 1 {{ {body} }}").network
    assert (repeated.params, repeated.macs) == (3 * single.params, 3 * single.macs)


def test_a_mistake_ends_the_rounds(mistakes):
    (mistake,) = mistakes("input 8; repeat 49999 { linear 9->8; relu }")
    assert mistake.code == "NET201"


def test_copies_count_for_the_limit(mistakes):
    (mistake,) = mistakes("input 8; repeat (in*13000) { relu }")
    assert mistake.code == "NET403"

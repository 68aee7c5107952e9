"""Sizes that the input leaves open, in arithmetic with fractions, in every place that takes a value."""

import pytest

from netdsl.core.diagnostics import errors

FRACTIONS = ["(H+64/2.5)", "(0.5*H)", "(0.5-H)", "(H/2.5)", "(2.5//H)", "(H%2.5)", "(H*H/0.5)"]
PLACES = [
    "avgpool {}",
    "conv {} k3",
    "conv 8 k{}",
    "conv 8 kernel_size={}",
    "conv {}->8 k3",
    "dropout {}",
    "repeat {} {{ relu }}",
    "let q={}; conv q k3",
    "reshape {},2",
    "permute {},1,0",
    "concat {{ }} dim={}",
    "block b n {{ conv n k3 }}; b {}",
    "budget params<={}; relu",
    "relu; train epochs={}",
    "relu; optimizer sgd lr={}",
]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("fraction", FRACTIONS)
def test_a_fraction_of_an_open_size_is_a_mistake_and_no_failure(found, place, fraction):
    assert errors(found("input 3xHxW; " + place.format(fraction)))


@pytest.mark.parametrize("layer", ["rnn", "lstm", "gru"])
def test_the_weights_of_many_layers_are_counted_at_once(checked, layer):
    network = checked(f"input 4x4; {layer} 4 99999").network
    one, two = (checked(f"input 4x4; {layer} 4 {layers}").network.params for layers in (1, 2))
    assert network.params == one + 99_998 * (two - one)

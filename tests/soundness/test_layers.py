from random import Random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.soundness.generate import random_case
from tests.soundness.harness import (
    by_rule,
    disagreement,
    formula_disagreement,
    layers,
    macs_disagreement,
    symbolic_disagreement,
    unknown_disagreement,
)
from tests.soundness.oracles import ORACLES

LAYERS = layers()
# a case is small as it is drawn, and a smaller seed is no smaller case: nothing is gained by shrinking
many = settings(max_examples=200, deadline=None, database=None, phases=[Phase.generate])
seeds = st.integers(0, 2**64 - 1)
every_layer = pytest.mark.parametrize("name", sorted(LAYERS))


def test_every_layer_has_an_oracle():
    assert {layer.function.__name__ for layer in LAYERS.values()} <= set(ORACLES)


@every_layer
@many
@given(seeds)
def test_layer_agrees_with_torch(name, seed):
    assert disagreement(random_case(LAYERS[name], Random(seed))) is None


@every_layer
def test_symbols_and_unknown_sizes_agree_with_numbers(name):
    random = Random(name)
    for _ in range(200):
        case = random_case(LAYERS[name], random)
        assert symbolic_disagreement(case, random) is None
        assert unknown_disagreement(case, random) is None
        assert formula_disagreement(case) is None


@every_layer
def test_macs_agree_with_torchs_flop_counter(name):
    random = Random(name)
    for _ in range(10):
        assert macs_disagreement(random_case(LAYERS[name], random)) is None


@every_layer
def test_random_cases_are_neither_all_refused_nor_all_alike(name):
    random = Random(name)
    results = [by_rule(random_case(LAYERS[name], random)) for _ in range(300)]
    accepted = [result for result in results if not isinstance(result, str)]
    assert len(accepted) >= 0.2 * len(results)
    assert len({result.out for result in accepted}) > 10

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
from tests.soundness.oracles import ORACLES, find_oracle

ALL = layers()
RULES = {name: layer.function.__name__ for name, layer in ALL.items()}
LAYERS = {name: layer for name, layer in ALL.items() if find_oracle(RULES[name])}
"""Those without an oracle fail in one test, which says what they need."""

OWED = """\
torch.nn has no class that is named as `{rule}` is. Say in tests/soundness/oracles.py what torch makes of its arguments:

    ORACLES = {{
        "{rule}": lambda shape, {arguments}: ...,  # the module that a reader of torch's documentation would write

Then run `python -m pytest tests/soundness -k {name}`."""

TOO_FEW = """\
random arguments make too few uses of `{name}` that are accepted and differ. Say in tests/soundness/generate.py what is
sensible: in DRAWS for one parameter, in ADJUSTMENTS for the shape and all arguments together"""

# a case is small as it is drawn, and a smaller seed is no smaller case: nothing is gained by shrinking
many = settings(max_examples=200, deadline=None, database=None, phases=[Phase.generate])
seeds = st.integers(0, 2**64 - 1)
every_layer = pytest.mark.parametrize("name", sorted(LAYERS))


def describe_debt(name):
    """What whoever adds a layer still owes."""
    arguments = ", ".join([*ALL[name].parameters, ""])
    return OWED.format(name=name, rule=RULES[name], arguments=f"*, {arguments}".rstrip(", ") if arguments else "/")


def test_every_layer_has_an_oracle():
    owing = {RULES[name]: name for name in ALL.keys() - LAYERS.keys()}
    assert not owing, "\n\n".join(map(describe_debt, owing.values()))


def test_every_oracle_has_a_layer():
    assert sorted(ORACLES.keys() - RULES.values()) == []


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
    assert len(accepted) >= 0.2 * len(results), TOO_FEW.format(name=name)
    assert len({result.out for result in accepted}) > 10, TOO_FEW.format(name=name)

"""Sets of sizes that fit: against every size tried, for random conditions and random nets."""

from random import Random

import pytest

from netdsl.checker.context import Constraint
from netdsl.checker.solve.one_symbol import Condition, solve_one
from netdsl.core.size_sets import SizeSet, periodic
from netdsl.core.sizes import Dim, symbol
from netdsl.core.source import Source

SPAN = Source("net", "").span(0, 0)
H = symbol("H")


def random_size(random: Random, depth: int) -> Dim:
    """A size made of floor divisions, sums and now and then a product."""
    chance = random.random()
    if not depth or chance < 0.2:
        return random.choice([H, H, random.randint(-5, 9)])
    inner = random_size(random, depth - 1)
    if chance < 0.55:
        return inner // random.randint(1, 5)
    if chance < 0.9:
        return inner + random.choice([1, 1, -1, 3]) * random_size(random, depth - 1)
    return inner * random_size(random, depth - 1)


def test_a_set_holds_the_sizes_that_meet_the_conditions_and_no_other():
    random, exact = Random(7), 0
    for _ in range(150):
        pairs = [(random_size(random, 3), random_size(random, 3)) for _ in range(random.randint(1, 3))]
        constraints = [Constraint(left, random.choice([">=", "=="]), right, "", SPAN) for left, right in pairs]
        fit = solve_one(constraints)
        conditions = [Condition.of(constraint) for constraint in constraints]
        exact += fit.searched is None
        tried = [*range(1, 130), 5000, 5001, 1_000_003]
        for size in tried if fit.searched is None else [size for size in tried if size <= fit.searched]:
            assert (size in fit) == all(one.holds(size) for one in conditions), (constraints, fit, size)
    assert exact > 100


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        (SizeSet(((32, 39),)), "32…39"),
        (SizeSet(((8, 8),)), "8"),
        (periodic([0, 1, 2, 3], 8, 8, []), "8…11, 16…19, …"),
        (periodic([0], 16, 17, [16]), "16, 32, 48, …"),
        (periodic([0, 8], 16, 17, [8, 16]), "8, 16, 24, …"),
        (periodic([0], 1, 5, [1]), "1, 5 or more"),
        (SizeSet(((1, 1), (7, 7))), "1, 7"),
        (SizeSet(((4, 4),), searched=4096), "4, … (tried up to 4,096)"),
    ],
)
def test_a_set_in_words(sizes, words):
    assert str(sizes) == words


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("input 8xL; maxpool 4 as a; maxpool 2; upsample 2; concat a", "L = 8…11, 16…19, …"),
        ("input 8xHxW; maxpool 2 as a; relu; maxpool 1x3; upsample 1x3; add a", "W = 6…7, 12…13, …; H ≥ 2"),
        ("input 16xHxW; transpose dim0=1 dim1=2; add { transpose dim0=1 dim1=2 } { }", "H = W"),
        ("maxpool 2; flatten; linear 1000->64", "C*(H/2)*(W/2) = 1000"),
    ],
)
def test_independent_symbols_are_solved_each_for_itself(checked, text, fits):
    assert checked(text).network.fits == fits


def test_a_join_that_one_size_fits_is_warned_of(found):
    (warning,) = found("input 16xHxW; residual { conv 16 k3 s2 p1 }")
    assert (warning.code, warning.message) == ("NET921", "only H = W = 1 fits here")
    assert not found("input 16x1x1; residual { conv 16 k3 s2 p1 }")
    assert not found("input 16xHxW; residual { conv 16 k3 p1 }")
    assert not found("input 16xHxW; conv 16 k3; residual { conv 16 k3 p1 }; flatten; linear 144->2")


@pytest.mark.parametrize("hole", ["p?", "p2??", "k? p?"])
def test_a_search_for_what_cannot_fit_ends_soon(found, hole):
    written = f"conv 3->32 {'' if 'k' in hole else 'k5 '}{hole}; relu; maxpool 2; flatten; linear 1000->64"
    assert {one.code for one in found(written)} == {"NET115"}

import operator
import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdsl.core.limits import MAX_INTEGER
from netdsl.core.sizes import (
    UNKNOWN,
    Expr,
    ceil_div,
    evaluate,
    format_shape,
    is_known,
    product,
    symbol,
    symbols,
)

NAMES = "HWT"
H, W = symbol("H"), symbol("W")

OPERATIONS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.floordiv}

small = st.integers(-9, 9)
divisors = st.integers(1, 12)
values = st.fixed_dictionaries({name: st.integers(1, 50) for name in NAMES})
leaves = small | st.sampled_from(NAMES)
trees = st.recursive(
    leaves,
    lambda inner: st.tuples(st.sampled_from("+-*"), inner, inner) | st.tuples(st.just("/"), inner, divisors),
    max_leaves=8,
)


def compute(tree, leaf):
    """The tree worked out, its names replaced by `leaf`."""
    if isinstance(tree, str):
        return leaf(tree)
    if isinstance(tree, int):
        return tree
    operation, left, right = tree
    return OPERATIONS[operation](compute(left, leaf), compute(right, leaf))


def formal(tree):
    return compute(tree, symbol)


@given(trees, values)
def test_formula_comes_to_what_integers_come_to(tree, numbers):
    assert evaluate(formal(tree), numbers) == compute(tree, numbers.__getitem__)


@given(trees, values)
def test_printed_formula_means_the_formula(tree, numbers):
    dim = formal(tree)
    # in print `/` is floor division, and binds before a minus sign in front
    text = re.sub(r"(^|\()-", r"\g<1>0-", str(dim)).replace("/", "//")
    assert eval(text, {}, dict(numbers)) == evaluate(dim, numbers)


@given(trees)
def test_formula_without_symbols_is_an_integer(tree):
    dim = formal(tree)
    assert isinstance(dim, int) or symbols([dim])
    assert dim - dim == 0
    assert dim * 0 == 0


@given(trees, trees, trees)
def test_equal_sums_and_products_are_the_same_formula(one, two, three):
    a, b, c = formal(one), formal(two), formal(three)
    assert a + b == b + a
    assert (a + b) + c == a + (b + c)
    assert a * b == b * a
    assert (a * b) * c == a * (b * c)
    assert a * (b + c) == a * b + a * c
    assert a - b == a + -1 * b
    assert (a + b) - b == a


@given(trees, trees, divisors, divisors)
def test_equal_quotients_are_the_same_formula(one, two, n, m):
    a, b = formal(one), formal(two)
    assert (n * a + b) // n == a + b // n
    assert (m * a) // (m * n) == a // n
    assert a // 1 == a


@given(small, small, small, small, divisors, divisors)
def test_quotient_of_a_quotient_is_one_quotient(of_h, of_w, constant, shift, n, m):
    a = of_h * H + of_w * W + constant
    assert (a // n + shift * H + constant) // m == (a + n * (shift * H + constant)) // (n * m)


@given(trees, divisors, values)
def test_ceil_div_rounds_up(tree, divisor, numbers):
    exact = evaluate(formal(tree), numbers)
    assert evaluate(ceil_div(formal(tree), divisor), numbers) == -(-exact // divisor)


@given(trees, trees)
def test_equal_formulas_have_equal_hashes(one, two):
    a, b = formal(one) + formal(two), formal(two) + formal(one)
    assert len({a, b}) == 1


@given(st.lists(leaves, max_size=4), values)
def test_product_of_dims(dims, numbers):
    expected = 1
    for dim in dims:
        expected *= compute(dim, numbers.__getitem__)
    assert evaluate(product(formal(dim) for dim in dims), numbers) == expected


@pytest.mark.parametrize("other", [3, H, H // 2 * W, UNKNOWN])
def test_what_is_computed_from_an_unknown_size_is_unknown(other):
    results = [UNKNOWN + other, other + UNKNOWN, UNKNOWN - other, other - UNKNOWN, UNKNOWN * other, other * UNKNOWN]
    assert {*results, UNKNOWN // 2, ceil_div(UNKNOWN, 3), product([other, UNKNOWN])} == {UNKNOWN}


def test_unknown_size_has_no_value():
    with pytest.raises(TypeError, match="unknown size"):
        evaluate(UNKNOWN, {})


@pytest.mark.parametrize("divisor", [0, -1])
def test_size_is_divided_by_positive_numbers_alone(divisor):
    with pytest.raises(ValueError, match="divided by"):
        H // divisor


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        ((), ""),
        ((10,), "10"),
        ((3, 32, 32), "3x32x32"),
        ((3, H, W), "3xHxW"),
        ((64, H // 8, W // 8), "64 x H/8 x W/8"),
        ((64, H // 2 // 2 // 2), "64 x H/8"),
        ((H + 1, (H + 1) // 2), "H+1 x (H+1)/2"),
        ((H - 3, 2 * (H // 2), -1 * H + 7), "H-3 x 2*(H/2) x -H+7"),
        ((H * W, 3 * (H // 2) * (W // 2)), "H*W x 3*(H/2)*(W/2)"),
        ((UNKNOWN, 4), "?x4"),
    ],
)
def test_shapes_are_printed_as_people_write_them(shape, text):
    assert format_shape(shape) == text


def test_what_is_known_of_a_shape():
    assert is_known((3, 4))
    assert not is_known((3, H))
    assert not is_known((3, UNKNOWN))
    assert symbols((3, H, H * (W // 2))) == {"H", "W"}


def test_constant_and_symbols_of_a_formula():
    dim = 3 * H + W // 2 - 5
    assert isinstance(dim, Expr)
    assert dim.constant == -5
    assert dim.symbols == {"H", "W"}


@pytest.mark.parametrize("seed", range(20))
def test_many_quotients_stay_small_and_right_for_every_allowed_size(seed):
    random = Random(seed)
    steps = [(random.randrange(-4, 6), random.choice((1, 2, 2, 3))) for _ in range(200)]
    size = symbol("H")
    for more, divisor in steps:
        size = (size + more) // divisor
    assert len(str(size)) < 60
    for start in (1, 2, 3, 4, 5, 8, 100, 12345, 2**20, 2**30, MAX_INTEGER - 1):
        expected = start
        for more, divisor in steps:
            expected = (expected + more) // divisor
        assert evaluate(size, {"H": start}) == expected


def test_the_text_of_a_size_takes_no_part_in_comparing_it():
    size = symbol("H") + 3
    assert str(size) == "H+3"
    assert size == symbol("H") + 3
    assert {size: 1}[symbol("H") + 3] == 1

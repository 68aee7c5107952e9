import pytest

from netdsl.components.registry import Registry
from netdsl.plugins.registry import load_registry
from tests.soundness.nets import Author
from tests.soundness.whole import judge, judge_symbols

NETS = 300


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry(installed=False)


def test_random_nets_are_judged_as_torch_judges_them(registry):
    accepted = 0
    for seed in range(NETS):
        net = Author(seed).net()
        verdict = judge(net, registry)
        assert verdict.disagreement is None, f"seed {seed}: {verdict.disagreement}\n{net.text}"
        accepted += verdict.accepted
    assert NETS * 0.3 < accepted < NETS * 0.95


def test_sizes_that_may_vary_agree_with_sizes_that_are_given(registry):
    judged = 0
    for seed in range(NETS):
        net = Author(seed).net()
        if len(net.input) < 2:
            continue
        verdict = judge_symbols(net, registry)
        assert verdict.disagreement is None, f"seed {seed}: {verdict.disagreement}\n{net.text}"
        judged += verdict.accepted
    assert judged > NETS * 0.1

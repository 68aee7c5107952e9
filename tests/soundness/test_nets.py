import pytest
from torch import nn

from netdsl.components.registry import Registry
from netdsl.plugins.registry import load_registry
from tests.soundness.nets import Author, Net
from tests.soundness.whole import Verdict, judge, judge_symbols, one_resolution
from tests.soundness.wired_nets import WiredAuthor

NETS = 300
SYMBOLIC = 60
WIRED = 150


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


def test_each_size_up_to_64_fits_where_torch_takes_it(registry):
    judged = 0
    for seed in range(SYMBOLIC):
        net = Author(seed).net()
        if not one_resolution(net):
            continue
        verdict = judge_symbols(net, registry)
        assert verdict.disagreement is None, f"seed {seed}: {verdict.disagreement}\n{net.text}"
        judged += verdict.accepted
    assert judged > SYMBOLIC * 0.3


def test_random_nets_of_several_inputs_are_judged_as_torch_judges_them(registry):
    accepted = 0
    for seed in range(WIRED):
        net = WiredAuthor(seed).net()
        verdict = (judge_symbols if seed % 2 and one_resolution(net) else judge)(net, registry)
        assert verdict.disagreement is None, f"seed {seed}: {verdict.disagreement}\n{net.text}"
        accepted += verdict.accepted
    assert WIRED * 0.3 < accepted < WIRED * 0.95


@pytest.mark.parametrize(
    ("shape", "text", "modules"),
    [
        ((1, 9, 11), "flatten; linear 99->4", [nn.Flatten(), nn.Linear(99, 4)]),
        (
            (1, 20, 24),
            "maxpool 2; conv 1 k2; flatten; linear 99->4",
            [nn.MaxPool2d(2), nn.Conv2d(1, 1, 2), nn.Flatten(), nn.Linear(99, 4)],
        ),
    ],
)
def test_sizes_fit_that_only_a_product_of_them_decides(registry, shape, text, modules):
    model = nn.Sequential(*modules).to("meta")
    net = Net((shape,), f"input {'x'.join(map(str, shape))}; {text}", lambda x: [model.train(len(x) > 1)(x)])
    assert judge_symbols(net, registry) == Verdict(accepted=True)

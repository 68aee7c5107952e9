import copy
import re

import pytest
import torch
from torch import nn

import netdsl
from netdsl.builder import build_network, completed, construct, create, locate
from netdsl.components import Schedule, call
from netdsl.plugins.registry import load_registry
from netdsl.program import Use

TUDUI = """
input 3x32x32
conv 3->32 k5 p2; maxpool 2
conv 32->32 k5 p2; maxpool 2
conv 32->64 k5 p2; maxpool 2
flatten
linear 1024->64
linear 64->10
"""


def tudui() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 32, 5, padding=2),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 32, 5, padding=2),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 5, padding=2),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(1024, 64),
        nn.Linear(64, 10),
    )


def seeded(make):
    torch.manual_seed(0)
    return make()


def test_the_net_of_the_course_is_the_one_written_by_hand_bit_for_bit():
    built, expected = seeded(lambda: netdsl.build(TUDUI)), seeded(tudui)
    assert type(built) is nn.Sequential
    assert [type(module) for module in built] == [type(module) for module in expected]
    assert list(built.state_dict()) == list(expected.state_dict())
    assert all(map(torch.equal, built.state_dict().values(), expected.state_dict().values()))
    x = torch.randn(2, 3, 32, 32)
    assert torch.equal(built(x), expected(x))


def test_weights_written_by_hand_can_be_loaded():
    built, expected = netdsl.build(TUDUI), tudui()
    built.load_state_dict(expected.state_dict(), strict=True)
    assert all(map(torch.equal, built.parameters(), expected.parameters()))


class TwoTowers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.u, self.item = nn.Embedding(90, 8), nn.Embedding(50, 8)
        self.score = nn.Linear(8, 1)

    def forward(self, user: torch.Tensor, item: torch.Tensor) -> torch.Tensor:
        return self.score((self.u(user) * self.item(item)).flatten(1))


def test_a_net_of_two_inputs_is_the_one_written_by_hand():
    text = (
        "input user=1 item=1; embedding 90->8 as u; from item; embedding 50->8; mul u; flatten; linear 1 as score\n"
        "output score"
    )
    built, expected = seeded(lambda: netdsl.build(text)), seeded(TwoTowers)
    assert isinstance(built, nn.Sequential)
    assert list(built.state_dict()) == ["u.weight", "1.weight", "score.weight", "score.bias"]
    user, item = torch.randint(0, 50, (2, 7, 1))
    assert torch.equal(built(user, item), expected(user, item))
    with pytest.raises(TypeError, match=re.escape("the net takes 2 tensors (user, item), but received 1")):
        built(user)
    copied = copy.deepcopy(built)
    assert torch.equal(copied(user, item), expected(user, item))


class Siamese(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.tower = nn.Sequential(nn.Linear(8, 6), nn.ReLU(), nn.BatchNorm1d(6))
        self.head = nn.Linear(6, 6)
        self.last = nn.Linear(6, 1)

    def forward(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        one, two = self.tower(left), self.tower(right)
        return self.last(self.head(self.head(one * two).relu()))


SIAMESE = (
    "block tower n { linear n; relu; bn }\ninput left=8 right=8\n"
    "tower 6 as one; from right; again one; mul one; linear 6 as head; relu; again head; linear 1"
)


def test_a_module_that_is_used_again_is_one_module():
    built, expected = seeded(lambda: netdsl.build(SIAMESE)), seeded(Siamese)
    keys = ["one.0", "one.2", "head", "4"]
    assert list(dict.fromkeys(key.rpartition(".")[0] for key in built.state_dict())) == keys
    assert list(map(torch.equal, built.parameters(), expected.parameters())) == [True] * 8
    left, right = torch.randn(2, 5, 8)
    assert torch.equal(built(left, right), expected(left, right))
    # Both uses move the statistics of one normalisation, and both change the same weights.
    assert torch.equal(built.one[2].running_mean, expected.tower[2].running_mean)
    copied = copy.deepcopy(built.eval())
    expected.eval()
    assert torch.equal(copied(left, right), expected(left, right))
    for net in (copied, expected):
        net(left, right).sum().backward()
    assert all(map(torch.equal, gradients(copied), gradients(expected)))


def test_numbers_of_layers_go_on_behind_what_is_used_again():
    built = netdsl.build(
        "input 4; linear 4 as a; repeat 3 { relu }; again a; repeat 3 { tanh }; again a as b; linear 2"
    )
    assert [name for name, _ in built.named_children()] == ["a", "1", "2", "3", "4", "5", "6", "7"]
    x = torch.randn(3, 4)
    assert torch.equal(built(x), built[7](built.a(built.a(built.a(x).relu()).tanh().tanh().tanh())))
    assert torch.equal(built[:5](x), built.a(built.a(x).relu()).tanh())


def test_what_is_used_again_is_filled_once():
    text = "input 4; linear 4 as a; again a; linear 4\ninit normal std=2"
    torch.manual_seed(0)
    first = netdsl.build(text)
    torch.manual_seed(0)
    second = netdsl.build(text.replace("again a", "relu"))
    assert all(map(torch.equal, first.parameters(), second.parameters()))


def gradients(net: nn.Module) -> list[torch.Tensor]:
    return [one.grad for one in net.parameters()]


def test_several_outputs_are_a_tuple_in_the_order_of_the_line():
    built = netdsl.build("input 8; linear 8 as low; relu as high; from low; linear 2 as aux; output high aux low")
    x = torch.randn(3, 8)
    high, aux, low = built(x)
    assert torch.equal(low, built.low(x))
    assert torch.equal(high, low.relu())
    assert torch.equal(aux, built.aux(low))
    # A part of the net keeps its ways.
    assert torch.equal(built[:3](x), aux)


def test_a_net_that_ends_in_its_only_output_is_a_plain_sequential():
    assert type(netdsl.build("input 8; linear 8; relu; linear 2 as score; output score")) is nn.Sequential


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("input 4; linear 3 as head", ["head.weight", "head.bias"]),
        ("input 4; linear 4; linear 3 as head", ["0.weight", "0.bias", "head.weight", "head.bias"]),
        ("input 4; relu; linear 3", ["1.weight", "1.bias"]),
        ("input 4; repeat 2 { linear 4; relu }", ["0.weight", "0.bias", "2.weight", "2.bias"]),
        (
            "block twice out { linear out; linear out as last }; input 4; twice 3",
            ["0.0.weight", "0.0.bias", "0.last.weight", "0.last.bias"],
        ),
        ("input 4; residual { linear 4 as inner }", ["0.body.inner.weight", "0.body.inner.bias"]),
    ],
)
def test_labels_are_names_and_all_else_is_numbered(text, keys):
    assert list(netdsl.build(text).state_dict()) == keys


def test_building_touches_neither_the_default_device_nor_the_default_dtype():
    before = torch.get_default_dtype(), torch.get_default_device()
    netdsl.build(TUDUI)
    assert (torch.get_default_dtype(), torch.get_default_device()) == before


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_nets_are_built_in_the_callers_dtype(dtype):
    torch.set_default_dtype(dtype)
    try:
        built = netdsl.build("input 4; linear 3")
    finally:
        torch.set_default_dtype(torch.float32)
    assert {parameter.dtype for parameter in built.parameters()} == {dtype}


def test_nets_are_built_on_the_callers_device():
    with torch.device("meta"):
        built = netdsl.build(TUDUI)
    assert {parameter.device.type for parameter in built.parameters()} == {"meta"}


@pytest.mark.parametrize(
    "text",
    [
        "input 3x8x8; conv 4 k3 p1 as stem; relu; concat stem",
        "input 4; residual { linear 4; relu }; linear 3",
        "input 4; concat { linear 2 } { linear 3 }",
    ],
)
def test_copies_share_nothing_and_compute_the_same(text):
    built = netdsl.build(text)
    copied = copy.deepcopy(built)
    x = torch.randn(2, *netdsl.shapes(text).input)
    assert torch.equal(copied(x), built(x))
    ours = {parameter.data_ptr() for parameter in built.parameters()}
    assert not ours & {parameter.data_ptr() for parameter in copied.parameters()}
    with torch.no_grad():
        for parameter in copied.parameters():
            parameter.zero_()
    assert not torch.equal(copied(x), built(x))


def test_two_builds_share_no_weights():
    network = netdsl.shapes("input 4; linear 3")
    first, second = build_network(network), build_network(network)
    assert not {p.data_ptr() for p in first.parameters()} & {p.data_ptr() for p in second.parameters()}


@pytest.mark.parametrize("text", ["input 4; linaer 3", "input 4; linear 5->3", "conv 3->"])
def test_what_is_no_net_is_not_built(text):
    with pytest.raises(netdsl.NetError) as caught:
        netdsl.build(text)
    assert caught.value.diagnostics


@pytest.mark.parametrize(
    ("target", "expected"), [("torch.nn:Linear", nn.Linear), ("torch.nn:functional.relu", nn.functional.relu)]
)
def test_a_target_is_a_module_and_an_attribute_of_it(target, expected):
    assert locate(target) is expected


@pytest.mark.parametrize(
    ("target", "error"), [("torch.nn:Linaer", AttributeError), ("no_such_module:thing", ModuleNotFoundError)]
)
def test_a_target_that_is_not_there_is_an_error(target, error):
    with pytest.raises(error):
        locate(target)


def test_values_go_before_arguments_and_defaults_are_the_components():
    linear = construct(call("torch.nn:Linear", in_features=4, out_features=3), bias=False)
    assert (linear.in_features, linear.out_features, linear.bias) == (4, 3, None)
    schedule = load_registry().of(Schedule)["linear"]
    use = Use(schedule, {"end_factor": 0.5})
    assert completed(use)["end_factor"] == 0.5
    assert completed(use).keys() == schedule.parameters.keys()
    optimizer = torch.optim.SGD(linear.parameters(), lr=1.0)
    assert create(use, optimizer, 10).optimizer is optimizer

"""Settings of single layers, as `head.lr=0.1`: what torch does with groups of parameters."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD, AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR

import netdsl
from netdsl.builder import build_network, locate
from netdsl.checker import check
from netdsl.components import Optimizer as Component
from netdsl.core.diagnostics import errors
from netdsl.core.source import Source
from netdsl.data import open_data
from netdsl.plugins.registry import load_registry
from netdsl.program import Experiment
from netdsl.training.assembly import assemble
from netdsl.training.schedules import Steps

REGISTRY = load_registry(installed=False)
CPU = torch.device("cpu")
NET = """input 1x8x8
conv 4 k3 p1 as stem; bn; relu; maxpool 2
flatten; linear 16; relu
linear 10 as head
data digits batch=32 limit=160
train epochs=2 every=1 seed=3 speed=contiguous report=false
"""


@pytest.fixture(autouse=True)
def data() -> None:
    """The digits, in the place of those that other tests train on."""


def checked(text: str) -> Experiment:
    experiment, found = check(Source("x.net", text), REGISTRY)
    assert not errors(found), found
    return experiment


def losses(text: str, folder: Path) -> list[float]:
    netdsl.train(text, device="cpu", out=folder, quiet=True)
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [line["train/loss"] for line in lines if "train/loss" in line]


def by_hand(
    text: str,
    make: Callable[[nn.Sequential], Optimizer],
    factor: Callable[[int], float] = lambda _: 1.0,
    after: Callable[[nn.Sequential], object] = lambda _: None,
) -> list[float]:
    """The losses of a loop that knows nothing of netdsl but its batches and the first weights."""
    experiment = checked(text)
    assert experiment.data is not None
    torch.manual_seed(experiment.train.seed)
    net = build_network(experiment.network)
    optimizer, loss = make(net), nn.CrossEntropyLoss()
    schedule = LambdaLR(optimizer, factor)
    data = open_data(experiment.data, "cpu", seed=experiment.train.seed)
    found = []
    for epoch in range(experiment.train.epochs):
        net.train()
        for x, y in data.train.epoch(epoch):
            value = loss(net(x), y)
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            with torch.no_grad():
                after(net)
            schedule.step()
            found.append(value.item())
    return found


def parts(net: nn.Sequential, *names: str) -> list[list[Tensor]]:
    """The parameters of some layers, each by itself, and those of all others in front."""
    named = [list(net.get_submodule(name).parameters()) for name in names]
    taken = {id(one) for group in named for one in group}
    return [[one for one in net.parameters() if id(one) not in taken], *named]


def sgd(net: nn.Sequential) -> Optimizer:
    rest, head, stem = parts(net, "head", "stem")
    groups = [{"params": rest}, {"params": head, "lr": 0.1, "momentum": 0.0}, {"params": stem, "weight_decay": 0.1}]
    return SGD(groups, lr=0.02, momentum=0.9)


def adamw(net: nn.Sequential) -> Optimizer:
    rest, norm, head = parts(net, "1", "head")
    groups = [{"params": rest}, {"params": norm, "weight_decay": 0.0}, {"params": head, "lr": 0.02}]
    return AdamW(groups, lr=0.002, weight_decay=0.1)


@pytest.mark.parametrize(
    ("line", "make", "schedule", "factor"),
    [
        ("sgd lr=0.02 momentum=0.9 head.lr=0.1 head.momentum=0 stem.weight_decay=0.1", sgd, "", lambda _: 1.0),
        (
            "adamw lr=0.002 weight_decay=0.1 normalisation.weight_decay=0 head.lr=0.02",
            adamw,
            "schedule exponential gamma=0.5 warmup=1",
            lambda step: (step + 1) / 6 if step < 5 else 0.5 ** ((step - 5) / 5),
        ),
    ],
)
def test_losses_are_those_of_a_loop_by_hand(
    line: str,
    make: Callable[[nn.Sequential], Optimizer],
    schedule: str,
    factor: Callable[[int], float],
    tmp_path: Path,
) -> None:
    text = f"{NET}optimizer {line}\n{schedule}"
    expected = by_hand(text, make, factor)
    assert losses(text, tmp_path / "r") == pytest.approx(expected, abs=1e-6)
    plain = f"{NET}optimizer {' '.join(word for word in line.split() if '.' not in word.partition('=')[0])}\n{schedule}"
    assert losses(plain, tmp_path / "plain") != pytest.approx(expected, abs=1e-3)


OTHER_VALUES = {"betas": ("0.5,0.6", (0.5, 0.6)), "t0": ("1", 1.0), "weight_decay": ("0.3", 0.3)}
ONCE = {"dampening": " momentum=0.9"}


def settable() -> list[tuple[str, str]]:
    from netdsl.checker.experiment.optimizer_line import settings_of_layers

    own = REGISTRY.of(Component)
    return [
        (name, setting)
        for name, one in own.items()
        if REGISTRY.origins[Component, name] == "netdsl"
        for setting in settings_of_layers(one).parameters
        if setting != "maxnorm"
    ]


@pytest.mark.parametrize(("name", "setting"), settable())
def test_each_number_of_each_optimizer_may_be_a_layers_own(name: str, setting: str) -> None:
    """Two layers with the same gradients: one steps as torch's group does, and otherwise than the other."""
    written, value = OTHER_VALUES.get(setting, ("0.5", 0.5))
    text = f"input 3\nlinear 3 as one\nlinear 3 as two\ndata fake 3 classes=3\noptimizer {name}{ONCE.get(setting, '')}"
    learner = assemble(checked(f"{text} two.{setting}={written}"), CPU, Steps(9, 3))
    one, two = learner.module.one.weight, learner.module.two.weight
    theirs = nn.Parameter(torch.ones(3, 3))
    arguments = {"momentum": 0.9} if setting in ONCE else {}
    reference = locate(REGISTRY.of(Component)[name].target)([{"params": [theirs], setting: value}], **arguments)
    for weight in (one, two):
        nn.init.ones_(weight)
    for step in range(8):  # `radam` scales its steps from the sixth on
        for weight in (one, two, theirs):
            weight.grad = torch.full((3, 3), 0.1 * (step + 1))
        learner.optimizer.step()
        reference.step()
    torch.testing.assert_close(two, theirs)
    states = [[learner.optimizer.state[one].get(key), value] for key, value in learner.optimizer.state[two].items()]
    moved = [pair for pair in [[one, two], *states] if isinstance(pair[1], Tensor)]
    assert any(not torch.equal(*pair) for pair in moved)


def groups(text: str) -> dict[str, dict[str, Any]]:
    """The settings of each weight."""
    learner = assemble(checked(text), CPU, Steps(9, 3))
    names = {id(parameter): name for name, parameter in learner.module.named_parameters()}
    found = [
        (names[id(one)], {name: group[name] for name in ("lr", "weight_decay", "momentum")})
        for group in learner.optimizer.param_groups
        for one in group["params"]
    ]
    assert len(found) == len(dict(found)) == len(names)
    return dict(found)


def test_each_layer_has_what_its_names_are_given() -> None:
    net = """input 3x8x8
block unit out { conv out k3 p1; bn; relu }
unit 4 as first
repeat 2 { unit 4 }
gap; flatten
linear 8 as head; relu; linear 3
data fake 3x8x8 classes=3
optimizer sgd lr=0.1 unit.lr=0.2 first.lr=0.3 conv.momentum=0.5 linear.lr=0.4 head.lr=0.5 first.weight_decay=0.1
"""
    found = groups(net)
    assert {name: (one["lr"], one["momentum"], one["weight_decay"]) for name, one in found.items()} == {
        "first.0.weight": (0.3, 0.5, 0.1),
        "first.0.bias": (0.3, 0.5, 0.1),
        "first.1.weight": (0.3, 0, 0.1),
        "first.1.bias": (0.3, 0, 0.1),
        **{f"{block}.0.{own}": (0.2, 0.5, 0) for block in "12" for own in ("weight", "bias")},
        **{f"{block}.1.{own}": (0.2, 0, 0) for block in "12" for own in ("weight", "bias")},
        "head.weight": (0.5, 0, 0),
        "head.bias": (0.5, 0, 0),
        "7.weight": (0.4, 0, 0),
        "7.bias": (0.4, 0, 0),
    }


def test_a_module_that_stands_twice_is_in_one_group() -> None:
    net = "input 4\nlinear 4 as step; relu; again step as later; linear 3\ndata fake 4 classes=3\noptimizer sgd "
    for name in ("step", "later"):
        found = groups(f"{net}lr=0.1 {name}.lr=0.2")
        assert {key: one["lr"] for key, one in found.items()} == {
            "step.weight": 0.2, "step.bias": 0.2, "2.weight": 0.1, "2.bias": 0.1,
        }  # fmt: skip


def test_what_decay_leaves_out_has_none_in_any_group() -> None:
    found = groups(f"{NET.strip()} decay=weights\noptimizer sgd weight_decay=0.1 head.weight_decay=0.2 stem.lr=1")
    assert {name: one["weight_decay"] for name, one in found.items()} == {
        "stem.weight": 0.1, "stem.bias": 0, "1.weight": 0, "1.bias": 0,
        "5.weight": 0.1, "5.bias": 0, "head.weight": 0.2, "head.bias": 0,
    }  # fmt: skip


def test_the_rate_that_is_recorded_is_that_of_layers_without_their_own(tmp_path: Path) -> None:
    text = f"{NET}optimizer sgd lr=0.02 stem.lr=0.1 momentum=0.9\nschedule linear"
    netdsl.train(text, device="cpu", out=tmp_path / "r", quiet=True)
    lines = [json.loads(line) for line in (tmp_path / "r" / "metrics.jsonl").read_text().splitlines()]
    assert [line["train/lr"] for line in lines if "train/loss" in line][:2] == pytest.approx([0.018, 0.016])


def test_a_rate_of_zero_keeps_the_weights_and_lets_statistics_move(tmp_path: Path) -> None:
    text = f"{NET}optimizer adamw lr=0.01 stem.lr=0 normalisation.lr=0"
    torch.manual_seed(3)
    before = netdsl.build(NET).state_dict()
    after = netdsl.train(text, device="cpu", out=tmp_path / "r", quiet=True).model.state_dict()
    same = [name for name in before if torch.equal(before[name], after[name])]
    assert same == ["stem.weight", "stem.bias", "1.weight", "1.bias"]


@pytest.mark.parametrize(("line", "highest"), [("", [0.1, 0.3]), ("max_lr=0.5", [0.5, 1.5])])
def test_one_cycle_keeps_the_ratio_of_the_rates(line: str, highest: list[float]) -> None:
    text = f"{NET}optimizer sgd lr=0.1 head.lr=0.3\nschedule onecycle {line}"
    learner = assemble(checked(text), CPU, Steps(20, 10))
    assert learner.schedule is not None
    rates = []
    for _ in range(20):
        rates.append([group["lr"] for group in learner.optimizer.param_groups])
        learner.optimizer.step()
        learner.schedule.step()
    assert [max(rate) for rate in zip(*rates, strict=True)] == pytest.approx(highest)
    assert all(head == pytest.approx(3 * rest) for rest, head in rates)


def test_the_settings_of_a_run_name_those_of_layers(tmp_path: Path) -> None:
    from netdsl.render.settings import list_settings
    from netdsl.training.reporting.tensorboard import settings_of

    experiment = checked(f"{NET}optimizer sgd head.lr=0.5 maxnorm=3 stem.maxnorm=2")
    expected = {"optimizer.head.lr": 0.5, "optimizer.maxnorm": 3.0, "optimizer.stem.maxnorm": 2.0}
    listed = {one.name: one.value for one in list_settings(experiment)}
    assert expected.items() <= listed.items()
    assert expected.items() <= settings_of(experiment).items()


def test_settings_of_layers_may_be_overridden() -> None:
    experiment, found = check(
        Source("x.net", f"{NET}optimizer sgd head.lr=0.5\nvariant slow optimizer.stem.lr=0.25"),
        REGISTRY,
        overrides={"optimizer.head.lr": "0.75"},
        variant="slow",
    )
    assert not errors(found), found
    assert experiment.optimizer.of_layers == {"head.lr": 0.75, "stem.lr": 0.25}

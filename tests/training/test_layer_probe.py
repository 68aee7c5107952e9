from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from netdsl.checker import check
from netdsl.core.source import Source
from netdsl.data import Batch, open_data
from netdsl.plugins.registry import load_registry
from netdsl.training.assembly import assemble
from netdsl.training.layer_probe import LayerProbe
from netdsl.training.schedules import Steps

NET = "conv 8 k3; relu; conv 4 k3; bn; relu; dropout 0.5; flatten; linear 10\ndata digits batch=32 limit=64\n"


@pytest.fixture
def probe() -> LayerProbe:
    experiment, _ = check(Source("a.net", NET), load_registry(installed=False))
    assert experiment is not None
    assert experiment.data is not None
    learner = assemble(experiment, torch.device("cpu"), Steps(10, 10))
    data = open_data(experiment.data, "cpu", seed=0)
    batch: Batch = next(iter(data.test.epoch(0)))
    return LayerProbe(learner=learner, network=experiment.network, batch=lambda: batch)


def test_the_gradients_are_those_of_backward(probe: LayerProbe) -> None:
    found = probe.look().gradients
    module = probe.learner.module.eval()
    x, y = probe.batch()
    probe.learner.loss(module(x), y).backward()  # type: ignore[no-untyped-call]
    for name, parameter in module.named_parameters():
        assert parameter.grad is not None
        torch.testing.assert_close(found[name], parameter.grad)


def test_units_that_never_answer_are_found_at_their_activation(probe: LayerProbe) -> None:
    first = probe.learner.module[0]
    assert isinstance(first, nn.Conv2d)
    assert first.bias is not None
    with torch.no_grad():
        first.weight[:3] = 0
        first.bias[:3] = torch.tensor([-1.0, 0.0, 2.0])
    units = probe.look().units
    assert sorted(units) == ["1", "4"]
    assert units["1"].tolist()[:3] == [True, True, False]
    assert len(units["4"]) == 4


def test_the_run_does_not_notice(probe: LayerProbe) -> None:
    module = probe.learner.module
    module.train()
    module[0].eval()
    state: dict[str, Any] = {name: value.clone() for name, value in module.state_dict().items()}
    torch.manual_seed(3)
    before = torch.get_rng_state()
    probe.look()
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(value, state[name]) for name, value in module.state_dict().items())
    assert [layer.training for layer in module] == [False] + [True] * 7
    assert all(parameter.grad is None for parameter in module.parameters())
    assert not any(layer._forward_hooks for layer in module)

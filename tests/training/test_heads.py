"""Nets of several outputs: what training minimises, and what is tested."""

import copy

import pytest
import torch
from torch import nn

from netdsl.checker import check
from netdsl.core.source import Source
from netdsl.plugins.registry import load_registry
from netdsl.program import Experiment
from netdsl.training.assembly import assemble
from netdsl.training.heads import Heads

NET = """
input 1x8x8
conv 4 k3 p1; relu as low
from low; gap; flatten; linear 10 as aux
from low; conv 4 k3 p1; relu; gap; flatten; linear 10 as score
output aux score
data digits
loss aux cross_entropy weight=0.3
"""


def checked(text: str) -> Experiment:
    experiment, found = check(Source("net", text), load_registry(installed=False))
    assert experiment is not None
    assert [one.message for one in found] == []
    return experiment


def test_training_minimises_the_weighted_sum_and_a_test_looks_at_the_last_output() -> None:
    learner = assemble(checked(NET), torch.device("cpu"), steps=1)
    x, y = torch.randn(5, 1, 8, 8), torch.randint(10, (5,))
    learner.train()
    output = learner.model(x)
    assert isinstance(output, Heads)
    aux, score = output
    loss = nn.CrossEntropyLoss()
    assert learner.loss(output.float(), y).item() == pytest.approx((0.3 * loss(aux, y) + loss(score, y)).item())
    learner.module.eval()
    tested = learner.module(x)
    assert isinstance(tested, torch.Tensor)
    assert learner.loss(tested, y).item() == pytest.approx(loss(tested, y).item())
    assert torch.equal(copy.deepcopy(learner.module)(x), tested)


@pytest.mark.parametrize(
    ("lines", "losses"),
    [
        ("", [("cross_entropy", 1, 1.0)]),
        ("loss multi_margin", [("multi_margin", 1, 1.0)]),
        (
            "loss score multi_margin weight=2\nloss aux cross_entropy",
            [("multi_margin", 1, 2.0), ("cross_entropy", 0, 1.0)],
        ),
        ("loss aux multi_margin p=2", [("cross_entropy", 1, 1.0), ("multi_margin", 0, 1.0)]),
    ],
)
def test_each_output_has_the_loss_that_names_it(lines: str, losses: list[tuple[str, int, float]]) -> None:
    experiment = checked(NET.replace("loss aux cross_entropy weight=0.3\n", lines))
    assert [(use.component.name, use.output, use.weight) for use in experiment.losses] == losses
    assert experiment.loss is experiment.losses[0]


def test_one_output_has_a_plain_loss() -> None:
    experiment = checked(
        "input 1x8x8; flatten; linear 10 as score; output score\ndata digits\nloss score cross_entropy"
    )
    assert experiment.losses == ()
    assert experiment.loss is not None

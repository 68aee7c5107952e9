"""`maxnorm=`: no unit's weights grow longer than a bound (Hinton et al. 2012, Srivastava et al. 2014)."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD

from netdsl.core.errors import TrainingError
from netdsl.training.assembly import assemble
from netdsl.training.schedules import Steps

from .test_parameter_groups import CPU, NET, by_hand, checked, losses


@pytest.fixture(autouse=True)
def data() -> None:
    """The digits, in the place of those that other tests train on."""


def shorten(net: nn.Sequential) -> None:
    """By the formula, without torch's function for it."""
    for name, bound in (("stem", 0.4), ("5", 0.4), ("head", 0.3)):
        weight = net.get_submodule(name).weight
        norms = weight.flatten(1).pow(2).sum(1).sqrt()
        scale = torch.where(norms > bound, bound / norms, torch.ones(()))
        weight.mul_(scale.view(-1, *[1] * (weight.dim() - 1)))


def test_losses_are_those_of_a_loop_by_hand(tmp_path: Path) -> None:
    text = f"{NET}optimizer sgd lr=0.05 momentum=0.9 maxnorm=0.4 head.maxnorm=0.3"
    expected = by_hand(text, lambda net: SGD(net.parameters(), lr=0.05, momentum=0.9), after=shorten)
    assert losses(text, tmp_path / "r") == pytest.approx(expected, abs=1e-5)
    free = by_hand(text, lambda net: SGD(net.parameters(), lr=0.05, momentum=0.9))
    assert expected != pytest.approx(free, abs=1e-3)


def bounded(net: str, line: str = "maxnorm=0.5") -> tuple[nn.Sequential, dict[str, Tensor]]:
    """A net whose weights are long, after its bound has acted, and its weights before."""
    learner = assemble(checked(f"{net}\noptimizer sgd {line}"), CPU, Steps(9, 3))
    for parameter in learner.module.parameters():
        nn.init.uniform_(parameter, 1, 2)
    before = {name: one.detach().clone() for name, one in learner.module.named_parameters()}
    assert learner.max_norm is not None
    learner.max_norm()
    return learner.module, before


def test_it_holds_for_every_kind_of_weight_but_biases_and_normalisations() -> None:
    net = """input 4x6x6
conv 6 k3 p1 groups=2; bn; relu
convt 8 k2 s2 groups=2
layernorm 8x12x12
flatten; linear 3
data fake 4x6x6 classes=3"""
    module, before = bounded(net)
    units = {
        "0.weight": module[0].weight.flatten(1).norm(dim=1),
        # By group: the kernels of the four channels that come out of each half of those that come in.
        "3.weight": torch.cat([half.transpose(0, 1).flatten(1).norm(dim=1) for half in module[3].weight.chunk(2)]),
        "6.weight": module[6].weight.norm(dim=1),
    }
    assert {name: len(norms) for name, norms in units.items()} == {"0.weight": 6, "3.weight": 8, "6.weight": 3}
    for norms in units.values():
        torch.testing.assert_close(norms, torch.full_like(norms, 0.5))
    others = {name: one for name, one in module.named_parameters() if name not in units}
    assert all(torch.equal(one, before[name]) for name, one in others.items())


def test_it_holds_for_the_rows_of_embeddings_and_recurrent_layers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("t.txt").write_text("to be or not to be " * 20)
    module, _ = bounded("data text t.txt length=4 vocab=7\nembedding 7->4\nlstm 3\nlinear 7")
    matrices = {name: one for name, one in module.named_parameters() if one.dim() > 1}
    assert list(matrices) == ["0.weight", "1.weight_ih_l0", "1.weight_hh_l0", "2.weight"]
    for name, one in matrices.items():
        torch.testing.assert_close(one.norm(dim=1), torch.full((len(one),), 0.5), msg=name)


def test_a_unit_that_is_short_stays_as_it_is() -> None:
    module, before = bounded(NET, "maxnorm=1000")
    assert all(torch.equal(one, before[name]) for name, one in module.named_parameters())


def test_a_name_bounds_its_layers_alone() -> None:
    module, before = bounded(NET, "head.maxnorm=1")
    changed = [name for name, one in module.named_parameters() if not torch.equal(one, before[name])]
    assert changed == ["head.weight"]


def test_lengths_of_weightnorm_are_bounded() -> None:
    module, _ = bounded("input 4\nweightnorm { linear 3 }\ndata fake 4 classes=3")
    weight = module[0].body[0].weight
    torch.testing.assert_close(weight.norm(dim=1), torch.full((3,), 0.5))


def test_spectralnorm_needs_no_bound_of_one_and_cannot_have_a_smaller_one() -> None:
    net = "input 4\nspectralnorm { linear 3 }; linear 3\ndata fake 4 classes=3\noptimizer sgd maxnorm="
    learner = assemble(checked(f"{net}1"), CPU, Steps(9, 3))
    assert [one.weight is learner.module[1].weight for one in learner.max_norm.weights] == [True]
    with pytest.raises(TrainingError, match=r"`maxnorm=0\.5` cannot bound weights"):
        assemble(checked(f"{net}0.5"), CPU, Steps(9, 3))


def test_frozen_layers_are_left_alone() -> None:
    learner = assemble(checked(f"{NET.strip()} freeze=stem,linear\noptimizer sgd maxnorm=0.1"), CPU, Steps(9, 3))
    assert learner.max_norm == ((),)

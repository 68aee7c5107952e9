"""Batches that go through the net in lanes: the same gradients, the same bits each time, and what refuses them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from netdsl.checker import check
from netdsl.core.errors import TrainingError
from netdsl.core.source import Source
from netdsl.plugins.registry import load_registry
from netdsl.training import RunResult, train
from netdsl.training.machine.lanes import Lanes

DATA = "data fake 3x8x8 size=200 classes=10 batch=64; train seed=1 every=1"
NET = "input 3x8x8; conv 4 k3 p1 as stem; relu; residual { conv 4 k3 p1; relu }; add stem; flatten; linear 10"


def run(out: Path, settings: str, net: str = NET, **options: object) -> RunResult:
    experiment, diagnostics = check(Source("a.net", f"{net}; {DATA} {settings}"), load_registry(installed=False))
    assert not [one for one in diagnostics if one.severity == "error"]
    return train(experiment, device="cpu", out=out, **options)  # type: ignore[arg-type]


def equal(first: nn.Module, second: nn.Module) -> bool:
    return all(map(torch.equal, first.parameters(), second.parameters()))


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("samples", [1, 5, 6])
def test_gradients_are_those_of_the_whole_batch(count: int, samples: int) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 5), nn.Linear(5, 5))
    net[3].requires_grad_(requires_grad=False)
    x, y = torch.rand(samples, 3, 8, 8), torch.randint(5, (samples,))
    weights = torch.rand(5)  # of the classes: a mean over the batch, not over the lanes

    def gradients(output: Tensor) -> list[Tensor | None]:
        net.zero_grad()
        nn.functional.cross_entropy(output, y, weights).backward()  # type: ignore[no-untyped-call]
        return [parameter.grad for parameter in net.parameters()]

    expected, found = gradients(net(x)), gradients(Lanes(net, count)(x))
    torch.testing.assert_close(found, expected)
    assert found[2] is found[3] is None


def test_a_run_in_lanes_ends_in_the_weights_of_one_without_but_for_rounding(tmp_path: Path) -> None:
    whole, lanes, again = (run(tmp_path / name, f"epochs=2 lanes={n}") for name, n in [("a", 1), ("b", 2), ("c", 2)])
    assert not equal(whole.model, lanes.model)
    for one, other in zip(whole.model.parameters(), lanes.model.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-5)
    assert equal(lanes.model, again.model)


def test_a_run_that_is_resumed_keeps_its_lanes_and_comes_to_the_same_bits(tmp_path: Path) -> None:
    whole = run(tmp_path / "whole", "epochs=2 lanes=2")
    run(tmp_path / "cut", "epochs=1 lanes=2")
    assert '"lanes": 2' in (tmp_path / "cut" / "run.json").read_text()
    resumed = run(tmp_path / "cut", "epochs=2 lanes=2", resume=tmp_path / "cut")
    assert equal(whole.model, resumed.model)


@pytest.mark.parametrize(
    ("net", "settings", "obstacle"),
    [
        ("input 3x8x8; conv 4 k3; bn; flatten; linear 10", "", "several samples"),
        ("input 3x8x8; conv 4 k3; dropout 0.5; flatten; linear 10", "", "random"),
        ("input 3x8x8; spectralnorm { conv 4 k3 }; flatten; linear 10", "", "several samples"),
        (NET, "precision=bf16", "precision=fp32"),
    ],
)
def test_a_net_that_looks_at_several_samples_or_draws_numbers_is_refused(
    net: str, settings: str, obstacle: str, tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match=obstacle) as refused:
        run(tmp_path / "run", f"{settings} lanes=2", net)
    assert "lanes" in str(refused.value.help)
    assert not (tmp_path / "run").exists()


def test_the_caller_has_as_many_threads_after_an_epoch_as_before(tmp_path: Path) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        run(tmp_path / "run", "epochs=1 lanes=2")
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from netdsl.builder import build_network
from netdsl.builtins import losses, optimizers, schedules
from netdsl.checker import check
from netdsl.components import Loss, call
from netdsl.core.source import Source
from netdsl.plugins.registry import load_registry
from netdsl.program import Use
from netdsl.training import RunResult, TrainingError, train
from netdsl.training.assembly import assemble
from netdsl.training.loop import training_steps
from netdsl.training.schedules import Steps

from .conftest import exchange

SMOOTH = [
    call("torch.nn:Linear", in_features=4, out_features=8),
    call("torch.nn:Tanh"),
    call("torch.nn:Linear", in_features=8, out_features=3),
]


@pytest.fixture
def run(tmp_path: Path) -> Callable[[Any], RunResult]:
    folders = iter(range(100))
    return lambda experiment: train(experiment, device="cpu", out=tmp_path / str(next(folders)), quiet=True)


def by_hand(experiment: Any, data: Any, epochs: int, after: Callable[..., None] = lambda *_: None) -> nn.Module:
    torch.manual_seed(0)
    model = build_network(experiment.network)
    loss_fn = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, fused=True)
    for epoch in range(epochs):
        for x, y in data.train.epoch(epoch):
            optimizer.zero_grad()
            loss_fn(model(x), y).backward()
            after("gradient", model)
            optimizer.step()
            after("step", model)
    return model


def equal(found: nn.Module, expected: nn.Module) -> bool:
    return all(map(torch.equal, found.parameters(), expected.parameters()))


def test_the_loop_is_the_one_of_the_course(make: Any, data: Any, run: Any) -> None:
    experiment = make(epochs=2)
    result = run(experiment)
    model = by_hand(experiment, data, epochs=2).eval()
    with torch.no_grad():
        output = model(data.test.data.x)
    right = (output.argmax(1) == data.test.data.y).float().mean().item()
    assert equal(result.model, model)
    assert result.epochs[-1].test["loss"] == pytest.approx(nn.functional.cross_entropy(output, data.test.data.y).item())
    assert result.epochs[-1].test["accuracy"] == pytest.approx(right)
    assert not result.model.training


def test_the_same_seed_makes_the_same_bits_and_another_seed_others(make: Any, run: Any) -> None:
    once, twice, other = run(make()), run(make()), run(make(seed=1))
    assert equal(once.model, twice.model)
    assert not equal(once.model, other.model)


def test_a_run_leaves_the_random_numbers_of_its_caller_alone(make: Any, run: Any) -> None:
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    run(make(epochs=1))
    assert torch.equal(torch.rand(3), expected)


def test_accumulated_gradients_are_those_of_the_large_batch(make: Any, data: Any, run: Any) -> None:
    accumulated = run(make(calls=SMOOTH, accumulate=3, epochs=4))
    exchange(data, train=data.train.batched(24))
    large = run(make(calls=SMOOTH, epochs=4))
    assert [epoch.step for epoch in accumulated.epochs] == [epoch.step for epoch in large.epochs] == [2, 4, 6, 8]
    for found, expected in zip(accumulated.model.parameters(), large.model.parameters(), strict=True):
        torch.testing.assert_close(found, expected)
    for found, expected in zip(accumulated.epochs, large.epochs, strict=True):
        assert found.train_loss == pytest.approx(expected.train_loss)
        assert found.test["loss"] == pytest.approx(expected.test["loss"])


def test_clip_bounds_the_norm_of_the_gradient(make: Any, data: Any, run: Any) -> None:
    experiment = make(epochs=1, clip=0.01)

    def clip(moment: str, model: nn.Module) -> None:
        if moment == "gradient":
            nn.utils.clip_grad_norm_(model.parameters(), 0.01)

    assert equal(run(experiment).model, by_hand(experiment, data, 1, clip))


def test_ema_tests_and_keeps_the_average(make: Any, data: Any, run: Any) -> None:
    experiment = make(calls=SMOOTH, epochs=2, ema=0.8)
    averages: list[Tensor] = []

    def average(moment: str, model: nn.Module) -> None:
        if moment == "step":
            for index, parameter in enumerate(model.parameters()):
                if len(averages) <= index:
                    averages.append(parameter.detach().clone())
                else:
                    averages[index].lerp_(parameter.detach(), 0.2)

    by_hand(experiment, data, 2, average)
    result = run(experiment)
    for found, expected in zip(result.model.parameters(), averages, strict=True):
        torch.testing.assert_close(found, expected)
    with torch.no_grad():
        loss = nn.functional.cross_entropy(result.model(data.test.data.x), data.test.data.y).item()
    assert result.epochs[-1].test["loss"] == pytest.approx(loss)


def test_the_schedule_is_stepped_every_optimizer_step(make: Any, run: Any) -> None:
    schedule = Use(schedules.linear, {"end_factor": 0.0})
    result = run(make(epochs=2, every=1, schedule=schedule))
    lines = [line for line in (result.folder / "metrics.jsonl").read_text().splitlines() if "train/lr" in line]
    rates = [float(line.partition('"train/lr": ')[2].rstrip("}")) for line in lines]
    assert rates == pytest.approx([0.1 * (12 - step) / 12 for step in range(1, 13)])


def test_steps_end_a_run_in_the_middle_of_an_epoch(make: Any, run: Any) -> None:
    assert [epoch.step for epoch in run(make(steps=8)).epochs] == [6, 8]


def test_patience_ends_a_run_that_no_longer_gets_better(make: Any, run: Any) -> None:
    still = Use(optimizers.sgd, {"lr": 0.0})
    assert [epoch.number for epoch in run(make(epochs=9, optimizer=still, patience=2)).epochs] == [1, 2, 3]


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_learns_as_well(make: Any, run: Any, precision: str) -> None:
    result = run(make(epochs=6, precision=precision))
    assert result.best.test["accuracy"] > 0.8
    assert all(parameter.dtype == torch.float32 for parameter in result.model.parameters())


def test_a_net_without_weights_cannot_be_trained(make: Any, run: Any) -> None:
    with pytest.raises(TrainingError, match="has no weights"):
        run(make(calls=[call("torch.nn:Identity")]))


def test_numbers_are_never_broadcast_against_each_other(make: Any, data: Any, run: Any) -> None:
    for part in (data.train, data.test):
        object.__setattr__(part.data, "y", part.data.x.sum(1))
    calls = [call("torch.nn:Linear", in_features=4, out_features=1)]
    slow = Use(optimizers.sgd, {"lr": 0.02})
    made = make(calls=calls, measures=(), epochs=20, optimizer=slow)
    result = run(made._replace(uses={**made.uses, Loss: (Use(losses.mse, {}),)}))
    assert result.best.test["loss"] < 1e-3


def test_gradients_travel_once_a_step(make: Any, data: Any) -> None:
    events: list[Any] = []

    class Replica(nn.Module):
        @contextmanager
        def no_sync(self) -> Iterator[None]:
            events.append("kept")
            yield
            events.append("shared")

        def forward(self, x: Tensor) -> Tensor:
            events.append(len(x))
            return learner.module(x)

    learner = assemble(make(accumulate=4), torch.device("cpu"), Steps(2, 2))
    learner.model = Replica()
    events.extend("step" for _ in training_steps(learner, data.train))
    kept = ["kept", 8, "shared"]
    assert events == [*kept * 3, 8, "step", *kept, 5, "step"]


def test_a_layer_may_be_called_as_a_method_of_torch_s_replicas(tmp_path: Path) -> None:
    net = "input 3x8x8; conv 4 k3 as no_sync; flatten; linear 10; data fake 3x8x8 size=60 batch=20"
    experiment, _ = check(Source("a.net", f"{net}; train epochs=1 accumulate=2"), load_registry(installed=False))
    assert train(experiment, device="cpu", out=tmp_path / "run", quiet=True).epochs

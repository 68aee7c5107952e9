import json
import math

import pytest
import torch
from click.testing import CliRunner

from netdsl.api import load_registry
from netdsl.bench.reference_loop import CourseLoop
from netdsl.bench.step_times import PHASES, Clock
from netdsl.checker import check
from netdsl.cli import netdsl
from netdsl.core.source import Source
from netdsl.data import open_data

NET = "input 1x8x8; flatten; linear 10; loss cross_entropy; optimizer sgd lr=0.1; data digits batch=256"


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def run(*arguments):
    return CliRunner().invoke(netdsl, ["bench", "--device", "cpu", "--steps", "2", *arguments])


def test_a_table_within_80_columns():
    result = run("-e", NET)
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.split()[0] for line in lines if line.startswith("  ") and "%" in line] == list(PHASES)
    assert any(line.startswith("course's loop") for line in lines)


@pytest.mark.parametrize("setting", ["train.accumulate=2", "train.ema=0.9", "train.precision=bf16"])
def test_json_adds_up(setting):
    result = run("-e", NET, "--batch", "512", "--set", setting, "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["batch"] == (1024 if "accumulate" in setting else 512)
    assert list(found["phases"]) == list(PHASES)
    assert all(milliseconds > 0 for milliseconds in found["phases"].values())
    per_step = 1437 / 2 if "accumulate" in setting else 1437 / 3
    assert found["rate"] == pytest.approx(per_step / found["step"] * 1e3)
    assert found["ratio"] > 0
    assert found["memory"] > 50e6


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("input 4; linear 3", "has no `data` line"),
        ("input 4; linear 3; data digits", "digits"),
    ],
)
def test_what_cannot_be_measured_is_said(text, said):
    result = run("-e", text)
    assert result.exit_code == 1
    assert said in result.output
    assert "Traceback" not in result.output


class ByHand(Clock):
    def __init__(self, times):
        super().__init__()
        self.hands = iter(times)

    def now(self):
        return next(self.hands)


def test_a_clock_adds_up_phases_that_come_again_in_a_step():
    clock = ByHand([0, 1, 3, 6, 10, 15, 115, 116, 118, 121, 125])
    for names in (["data", "forward", "data", "forward", "optimizer"], ["data", "forward", "backward", "optimizer"]):
        for name in names:
            clock.phase(name)
        clock.end_step()
    found = clock.times()
    assert found == {
        "data": [(1 + 3) * 1e3, 1e3],
        "forward": [(2 + 4) * 1e3, 2e3],
        "backward": [0, 3e3],
        "optimizer": [5e3, 4e3],
    }


def test_the_courses_loop_sees_the_same_samples_and_learns():
    registry = load_registry()
    experiment, _ = check(Source("<text>", f"{NET} shuffle=false {{ normalize }}"), registry)
    data = open_data(experiment.data, "cpu", seed=0)
    loop = CourseLoop(experiment, data.facts, torch.device("cpu"))
    for (x, y), (ours, targets) in zip(loop.loader, data.train.epoch(0), strict=True):
        torch.testing.assert_close(x, ours)
        assert torch.equal(y, targets)

    def loss():
        with torch.no_grad():
            return loop.loss(loop.model(ours), targets).item()

    before = loss()
    loop.advance(12)
    assert loss() < before
    assert not math.isnan(before)

"""States that recurrent nets carry from batch to batch."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import netdsl
from netdsl.core.errors import DataError, TrainingError
from netdsl.modules.carried_state import carried_states
from netdsl.training import Saving, train

NET = """data text t.txt length=4 batch=5 stateful
embedding 26->6
lstm 8 num_layers=2; gru 5; rnn 4
linear 26
metrics perplexity
train epochs=3
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Checks a net beside a text of all letters."""
    monkeypatch.chdir(tmp_path)
    letters = torch.randint(97, 123, (600,), generator=torch.Generator().manual_seed(0)).tolist()
    Path("t.txt").write_text("".join(map(chr, [*letters, *range(97, 123)])))

    def write(text: str):
        from netdsl.checker import check
        from netdsl.core.diagnostics import errors
        from netdsl.core.source import Source
        from netdsl.plugins.registry import load_registry

        experiment, found = check(Source("x.net", text), load_registry(installed=False))
        assert not errors(found), found
        return experiment

    return write


def test_batches_in_a_row_are_one_long_sequence():
    net = netdsl.build("input 12\nembedding 5->4\nlstm 6 num_layers=2\nresidual { gru 6 }\nrnn 3").eval()
    x = torch.randint(5, (7, 12))
    whole = net(x)
    with carried_states(net):
        # The last sample ends early.
        parts = torch.cat([net(x[:, :4]), net(x[:, 4:8])], 1), net(x[:6, 8:])
    torch.testing.assert_close(parts[0], whole[:, :8])
    torch.testing.assert_close(parts[1], whole[:6, 8:])
    torch.testing.assert_close(net(x), whole)


@pytest.mark.parametrize("settings", ["", " accumulate=2 ema=0.9"])
@pytest.mark.parametrize("cut", [3, 26])
def test_a_stateful_run_that_was_cut_ends_as_if_it_had_not_been(write, tmp_path, monkeypatch, cut, settings):
    experiment = write(NET.strip() + settings)
    whole = train(experiment, device="cpu", out=tmp_path / "whole", quiet=True)

    class PowerCut(Exception):
        pass

    from netdsl.training.stop import Stop

    really, steps = Stop.after_step, iter(range(10_000))

    def after_step(stop: Stop) -> None:
        really(stop)
        if next(steps) == cut:
            raise PowerCut

    with monkeypatch.context() as patch:
        patch.setattr(Stop, "after_step", after_step)
        with pytest.raises(PowerCut):
            train(experiment, device="cpu", out=tmp_path / "cut", quiet=True, saving=Saving(steps=2))
    again = train(experiment, device="cpu", resume=tmp_path / "cut", quiet=True, saving=Saving(steps=2))
    assert all(map(torch.equal, again.model.parameters(), whole.model.parameters()))
    assert again.epochs[-1].test == whole.epochs[-1].test


def test_a_state_is_carried_through_a_test_too(write, tmp_path):
    write(NET)
    result = netdsl.train(NET, device="cpu", out=tmp_path / "r", quiet=True)
    assert netdsl.load(tmp_path / "r", weights="last").evaluate()["loss"] == pytest.approx(
        result.epochs[-1].test["loss"]
    )


@pytest.mark.parametrize(
    ("net", "message"),
    [
        (NET.replace("lstm 8 num_layers=2; gru 5; rnn 4", "relu"), "`stateful` is for nets with `lstm`"),
        (NET.replace("gru 5", "gru 5 bidirectional"), "`2` is bidirectional"),
        (NET.replace("stateful", "stateful folds=2"), "`folds` cannot divide the samples of `stateful`"),
    ],
)
def test_a_state_that_cannot_be_carried_is_told(write, tmp_path, net, message):
    with pytest.raises((DataError, TrainingError), match=message):
        train(write(net), device="cpu", out=tmp_path / "r", quiet=True)

"""The Python surface, where it differs from the commands."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import netdsl
from netdsl.core.errors import TrainingError


@pytest.mark.parametrize("path", ["tudui.net", "nets/tudui.net", "my nets/a.net", r"nets\tudui.net"])
def test_a_path_given_as_text_is_told_how_a_path_is_given(path: str) -> None:
    (found,) = netdsl.check(path)
    assert found.help == f"this is read as the text of a net; to read a file, give `Path({path!r})`"
    with pytest.raises(netdsl.NetError, match="to read a file, give"):
        netdsl.shapes(path)


@pytest.mark.parametrize("net", ["conv 3->8 k5/2", "conv 3->8 k", 'use "blocks.net"', "relu"])
def test_a_text_is_no_path(net: str) -> None:
    assert not any("to read a file" in (found.help or "") for found in netdsl.check(net))


def test_a_path_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.net").write_text("conv 3->8 k3\n")
    assert netdsl.check(tmp_path / "a.net") == []


NET = "flatten; linear 10\ndata digits\ntrain epochs=2 speed=contiguous"


def test_a_net_shows_itself_as_its_table() -> None:
    net = netdsl.shapes("input 3x32x32; conv 32 k5 p2; flatten; linear 10")
    assert repr(net) == "<Network <text>: 3x32x32 -> 10, 330,122 parameters>"
    assert str(net).splitlines()[0] == "<text>: 3x32x32 -> 10"
    assert "parameters     330,122" in str(net)
    assert repr(netdsl.draw("linear 4->2")) == "<Drawing of <text>: blocks>"


def test_data_show_themselves() -> None:
    found = netdsl.survey("data digits")
    assert repr(found) == "<Survey of digits>"
    assert str(found).startswith("digits: 1,437 to train on and 360 to test, 10 classes\n")
    assert "data:image/png;base64," in found._repr_html_()
    with pytest.raises(netdsl.NetError, match="unknown data set `digit`"):
        netdsl.survey("data digit")
    assert netdsl.survey(NET, overrides={"data.limit": "50"}).facts.sizes == (50, 50)


def test_a_run_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    whole = netdsl.train(NET, out=tmp_path / "whole", quiet=True, device="cpu")
    netdsl.train(NET, overrides={"train.epochs": "1"}, out=tmp_path / "part", quiet=True, device="cpu")
    resumed = netdsl.train(resume=tmp_path / "part", overrides={"train.epochs": "2"}, quiet=True, device="cpu")
    assert resumed.folder == tmp_path / "part"
    assert [epoch.number for epoch in resumed.epochs] == [1, 2]
    torch.testing.assert_close(resumed.model.state_dict(), whole.model.state_dict(), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "give either a net or `resume=RUN`"),
        ({"net": NET, "resume": "run"}, "give either a net or `resume=RUN`"),
        ({"resume": "run", "variant": "wide"}, "leave out `variant` and `out`"),
        ({"resume": "nowhere"}, "`nowhere` is no run"),
    ],
)
def test_a_run_that_cannot_go_on_says_why(options: dict[str, str], message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        netdsl.train(**options)  # type: ignore[arg-type]


def test_a_run_goes_on_as_it_is(tmp_path: Path) -> None:
    netdsl.train(NET, overrides={"train.epochs": "1"}, out=tmp_path / "run", quiet=True, device="cpu")
    with pytest.raises(TrainingError, match=r"`optimizer.lr=1` would make it another run") as caught:
        netdsl.train(resume=tmp_path / "run", overrides={"optimizer.lr": "1"})
    assert "`resume` continues a run as it is; what may be changed is train.epochs, " in str(caught.value.help)


def test_errors_are_shown_without_a_traceback() -> None:
    with pytest.raises(netdsl.NetError) as wrong:
        netdsl.shapes("conv 3->8 k")
    assert wrong.value._render_traceback_() == [wrong.value.message]
    with pytest.raises(TrainingError) as caught:
        netdsl.train(resume="nowhere")
    assert caught.value._render_traceback_() == [
        "error: `nowhere` is no run",
        "help: give the folder that `netdsl run` made",
    ]

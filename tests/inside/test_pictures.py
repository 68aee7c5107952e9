"""Pictures of what flows, and the look that shows them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import netdsl
from netdsl.core.errors import DataError, WrongPath
from netdsl.inside.flow import follow
from netdsl.inside.look import Look
from netdsl.inside.pictures import draw_panels
from netdsl.runs.inference import Saved

NET = "data digits\nconv 1->4 k3; relu; gap; flatten; linear 10\ntrain epochs=1\n"


def attention_colors(factor: float) -> set[tuple[int, int, int]]:
    """The colours of the attention of five places, whose scores have a size."""
    text = "input 5x8; attention 2"
    torch.manual_seed(0)
    module = netdsl.build(text)
    with torch.no_grad():
        module[0].in_proj_weight.mul_(factor)
    flow = follow(module, netdsl.shapes(text), torch.randn(1, 5, 8), "x")
    [panel] = [one for one in draw_panels(flow, flow.stages, chosen=False) if "attention of" in one.note]
    return {color for _, color in panel.image.getcolors(10_000) or []} - {(225, 225, 225)}


def test_equal_shares_of_attention_are_white_and_different_ones_are_seen() -> None:
    assert attention_colors(0.0) == {(255, 255, 255)}
    assert all(min(color) > 240 for color in attention_colors(0.01))
    assert min(map(min, attention_colors(1.0))) < 60


def test_a_look_shows_itself(tmp_path: Path) -> None:
    look = netdsl.look(NET)
    assert repr(look) == "<Look at test sample 0 in <text>>"
    assert "conv 1->4 k3" in str(look)
    assert look._repr_html_().count("data:image/png;base64,") == len(look.panels) == 4
    look.save(tmp_path / "图.html")
    look.save(tmp_path / "look.png")
    assert (tmp_path / "图.html").read_text("utf-8").startswith("<!doctype html>")
    assert (tmp_path / "look.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(WrongPath, match="neither"):
        look.save(tmp_path / "look.gif")
    assert [stage.node.name for stage in netdsl.look(NET, 3, layer="relu").stages] == ["relu"]


def test_a_look_at_a_run_is_a_look_at_what_it_loads(tmp_path: Path) -> None:
    netdsl.train(NET, out=tmp_path / "run", quiet=True)
    saved: Saved = netdsl.load(tmp_path / "run")
    looks: list[Look] = [netdsl.look(tmp_path / "run", 2), netdsl.look(str(tmp_path / "run"), 2), netdsl.look(saved, 2)]
    assert len({str(look) for look in looks}) == 1
    zeros = netdsl.look(saved, torch.zeros(1, 8, 8))
    assert torch.equal(zeros.flow.stages[-1].output, saved.model(torch.zeros(1, 1, 8, 8))[0].detach())


@pytest.mark.parametrize(
    ("text", "sample", "message"),
    [
        ("conv 3->1 k3", [[1.0, 2.0]], "the net takes 3xHxW, but the given sample is 1x1x2"),
        ("conv 3->1 k3", {"a": 1}, "a value of type dict is not a sample"),
        ("conv 3->1 k3", 0, "`<text>` has no `data` line"),
        ("data digits; flatten; linear 10", 360, "the test set has no sample 360"),
    ],
)
def test_a_sample_that_does_not_fit_is_refused(text: str, sample: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        netdsl.look(text, sample)

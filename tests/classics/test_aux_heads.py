"""GoogLeNet and Inception v3 with the heads that help them learn, beside torchvision's."""

from pathlib import Path

import pytest
import torch
import torchvision
from torch import nn

from netdsl.builder import build_network
from netdsl.checker import check
from netdsl.core.source import Source
from netdsl.plugins.registry import load_registry
from netdsl.training.ends import attach_ends
from tests.classics.papers import in_order

NETS = Path(__file__).parent / "nets"


@pytest.mark.parametrize(
    ("name", "params", "heads"),
    [
        ("googlenet", 13_004_888, ["aux_logits1", "aux_logits2", "logits"]),
        ("inception_v3", 27_161_264, ["aux_logits", "logits"]),
    ],
)
def test_all_heads_give_what_torchvisions_give(name: str, params: int, heads: list[str]) -> None:
    path = NETS / f"{name}.net"
    experiment, found = check(Source(path.name, path.read_text("utf-8")), load_registry(installed=False))
    assert [one.message for one in found] == []
    assert experiment is not None
    assert experiment.network.params == params
    torch.manual_seed(0)
    theirs = getattr(torchvision.models, name)(weights=None, init_weights=False, aux_logits=True)
    ours = build_network(experiment.network)
    assert sum(value.numel() for value in theirs.parameters()) == params
    attach_ends(ours, experiment.network)
    for model in (ours, theirs):
        model.train()
        for module in model.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0
    images = torch.randn(2, *experiment.network.input)
    (own, _), (foreign, _) = in_order(ours, [images]), in_order(theirs, [images])
    for one, other in zip(own, foreign, strict=True):
        one.load_state_dict(other.state_dict())
    with torch.no_grad():
        mine, expected = ours(images), theirs(images)
        for output, head in zip(mine, heads, strict=True):
            assert torch.allclose(output, getattr(expected, head), rtol=1e-3, atol=1e-4)
        # Where nothing is learned, both give the main output alone.
        ours.eval()
        theirs.eval()
        assert torch.allclose(ours(images), theirs(images), rtol=1e-3, atol=1e-4)

"""Nets of papers compute what other people's PyTorch computes."""

import importlib.util

import pytest
import torch

import netdsl
from tests.classics.comparison import lines
from tests.classics.papers import NETS, PAPERS, Paper, compare_paper

COUNTS = {
    "res2net50": 25_699_120,
    "inception_resnet_v2": 55_843_464,
    "swin_t": 28_288_354,
    "deeplabv3": 39_638_869,
    "fcn": 32_957_013,
}
"""As torchvision and timm publish them."""


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)
def test_computes_what_other_people_s_code_computes(paper: Paper) -> None:
    if paper.reference.startswith("timm") and importlib.util.find_spec("timm") is None:
        pytest.skip("timm is not installed")
    found = compare_paper(paper)
    assert found.params == found.torchvision_params == COUNTS.get(paper.name, found.params)
    assert found.difference <= 1e-5


OF_OTHER_TESTS = {"crepe", "dilated_resnet", "googlenet", "inception_v3"}


def test_every_net_is_as_short_as_it_reads() -> None:
    assert {path.stem for path in NETS.glob("*.net")} == {paper.name for paper in PAPERS} | OF_OTHER_TESTS
    assert max(lines(path) for path in NETS.glob("*.net")) < 40


def test_wavenet_sees_no_step_to_come() -> None:
    torch.manual_seed(0)
    model = netdsl.build(NETS / "wavenet.net").eval()
    x = torch.randn(2, 8, 40)
    torch.testing.assert_close(model(torch.cat([x, torch.randn(2, 8, 3)], 2))[..., :40], model(x))

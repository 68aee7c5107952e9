import pytest
import torch

import netdsl
from tests.classics.comparison import CLASSICS, EXAMPLES, compare, lines

FILES = sorted(EXAMPLES.glob("*.net"))


@pytest.mark.parametrize("classic", CLASSICS, ids=lambda classic: classic.name)
def test_computes_what_torchvision_computes(classic):
    comparison = compare(classic)
    assert comparison.params == comparison.torchvision_params
    assert comparison.difference <= 1e-5


@pytest.mark.parametrize(
    ("file", "variant", "params"),
    [
        ("lenet5.net", None, 61_706),
        ("lenet5.net", "original", 61_706),
        ("alexnet_2012.net", None, 60_965_224),  # Caffe's bvlc_reference_caffenet, which has the groups too
        ("vgg.net", "C", 133_638_952),
        ("vgg.net", "A_LRN", 132_863_336),
        ("unet.net", None, 31_030_658 + 2 * 65),  # the paper's two classes, and two more
        ("fcn.net", None, 11_176_512 + 21 * (128 + 256 + 512 + 3) + 21 * 21 * (16 + 16 + 256) + 3 * 21),
        ("tudui.net", None, 145_578),
    ],
)
def test_counts_what_the_papers_count(file, variant, params):
    assert netdsl.shapes(EXAMPLES / file, variant=variant).params == params


@pytest.mark.parametrize(("file", "most"), [("lenet5.net", 12), ("resnet.net", 45), ("googlenet.net", 40)])
def test_is_as_short_as_the_paper(file, most):
    assert lines(EXAMPLES / file) <= most


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_example_checks_builds_and_runs(path):
    assert not [mistake for mistake in netdsl.check(path) if mistake.severity == "error"]
    network = netdsl.shapes(path)
    with torch.device("meta"):
        model = netdsl.build(path)
        batches = [
            torch.zeros(2, *(one.example or one.shape), dtype=torch.long if one.dtype == "index" else torch.float)
            for one in network.all_inputs
        ]
    assert model(*batches).ndim == len(network.out) + 1


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_example_begins_by_teaching(path):
    assert path.read_text(encoding="utf-8").startswith("# ")

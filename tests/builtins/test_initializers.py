"""`init` lines: torch's own functions, on the weights that the lines name, from the seed."""

import inspect
from pathlib import Path

import pytest
import torch
from torch import nn

import netdsl
from netdsl.components import Initializer, Refusal
from netdsl.core.errors import TrainingError
from netdsl.plugins.registry import load_registry

ALL = load_registry(installed=False).of(Initializer)
NET = "input 3x8x8; conv 8 k3 bias=false as stem; bn; relu; conv 4 k3 as top; flatten; linear 10 as head\n"
OWN = {"bilinear"}
"""What torch has no function for."""
NEEDED = {"constant": "0.5", "sparse": "0.3"}


def weights(*lines: str, net: str = NET, seed: int = 0) -> dict[str, torch.Tensor]:
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        return dict(netdsl.build(net + "\n".join(lines)).named_parameters())


def test_each_function_of_torch_is_there():
    functions = {name.removesuffix("_") for name, one in vars(nn.init).items() if inspect.isfunction(one)}
    functions = {name for name in functions if hasattr(nn.init, f"{name}_") and not name.startswith("_")}
    assert set(ALL) - OWN == functions


@pytest.mark.parametrize(("kernel", "stride", "padding"), [(4, 2, 1), (16, 8, 4), (5, 3, 1)])
def test_a_bilinear_transposed_convolution_enlarges_as_torch_does(kernel, stride, padding):
    net = f"input 3x9x7; convt 3 k{kernel} s{stride} p{padding} bias=false; init bilinear on=convt"
    x = torch.rand(1, 3, 9, 7)
    found, expected = netdsl.build(net)(x), nn.functional.interpolate(x, scale_factor=stride, mode="bilinear")
    assert found.shape == expected.shape
    # At the edges a convolution takes zeros for what is beyond them.
    inner = (..., slice(stride, -stride), slice(stride, -stride))
    torch.testing.assert_close(found[inner], expected[inner])


@pytest.mark.parametrize("name", sorted(ALL.keys() - OWN))
def test_it_is_torchs_own(name):
    """The first fitting layer is filled as torch fills it from the same state of the generator."""
    component = ALL[name]
    layer = "conv 8 k3" if component.dims[1] > 2 else "linear 6"
    net = f"input 3x8x8; {layer} bias=false; relu\n"
    torch.manual_seed(3)
    found = netdsl.build(f"{net}init {name} {NEEDED.get(name, '')}")[0].weight
    torch.manual_seed(3)
    expected = netdsl.build(net)[0].weight
    getattr(nn.init, f"{name}_")(expected, *map(float, NEEDED.get(name, "").split()))
    assert torch.equal(found, expected)


def test_the_last_line_that_names_a_layer_counts():
    found = weights("init ones bias=2", "init constant 3 on=conv", "init zeros on=head", "init constant 5 on=top")
    values = {name: set(one.flatten().tolist()) for name, one in found.items()}
    assert values == {
        "stem.weight": {3},
        # Without `on`, normalisations keep what torch gives them.
        "1.weight": {1},
        "1.bias": {0},
        "top.weight": {5},
        "top.bias": values["top.bias"],
        "head.weight": {0},
        "head.bias": values["head.bias"],
    }
    # `bias` is that of the line that counts, which says nothing of it.
    assert len(values["head.bias"]) > 1 < len(values["top.bias"])


@pytest.mark.parametrize(
    ("on", "filled"),
    [
        ("conv", ["stem.weight", "top.weight"]),
        ("convolution", ["stem.weight", "top.weight"]),
        ("top,head", ["top.weight", "head.weight"]),
        ("normalisation", ["1.weight"]),
        ("bn", ["1.weight"]),
        ("linear", ["head.weight"]),
    ],
)
def test_on_takes_names_families_and_labels(on, filled):
    found = weights(f"init constant 7 on={on}")
    assert [name for name, one in found.items() if bool((one == 7).all())] == filled


def test_a_label_reaches_what_is_inside_it_and_every_copy():
    net = "input 8; block two { linear 8; linear 8 }\ntwo as a; repeat 3 { linear 8 as b }; two as c\n"
    found = weights("init constant 7 on=a,b bias=0", net=net)
    reached = [name for name, one in found.items() if name.endswith("weight") and bool((one == 7).all())]
    assert reached == ["a.0.weight", "a.1.weight", "b.weight", "b_2.weight", "b_3.weight"]


def test_a_layer_of_several_weights_has_all_its_matrices_filled():
    net = "input 5x8; lstm 4 num_layers=2; transformer 2 dim_feedforward=16\n"
    found = weights("init constant 7 on=sequence bias=3", net=net)
    for name, one in found.items():
        value = 3 if "bias" in name else 7 if one.dim() > 1 else 1  # the scales of the two layernorms
        assert bool((one == value).all()), name


def test_the_vector_of_the_filler_stays_zero():
    found = weights("init ones", net="input 5; embedding 10->4 padding_idx=2\n")["0.weight"]
    assert found[2].tolist() == [0] * 4
    assert found.sum() == 9 * 4


def test_a_net_without_lines_is_torchs_own():
    theirs = nn.Sequential(nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 2))
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(0)
        theirs = nn.Sequential(nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 2))
    for name, one in weights(net="input 8; linear 4; relu; linear 2").items():
        assert torch.equal(one, theirs.get_parameter(name))


def test_weights_that_no_trait_tells_of_are_refused_when_they_are_built():
    with pytest.raises(Refusal, match="`dirac` fills weights of 3 to 5 dimensions, and `attention 2` has none"):
        netdsl.build("input 5x8; attention 2\ninit dirac on=attention")


@pytest.mark.filterwarnings("ignore:.*NET")
def test_a_run_begins_with_them_and_its_seed_decides(tmp_path: Path):
    text = "data fake 4x4 size=8 classes=2 batch=8\nflatten; linear 2\ninit normal std=5\noptimizer sgd lr=0\n"

    def first(seed: int, name: str) -> torch.Tensor:
        text_of_seed = text + f"train epochs=1 seed={seed}"
        return netdsl.train(text_of_seed, out=tmp_path / name, device="cpu", quiet=True).model[1].weight

    a, b, c = first(1, "a"), first(1, "b"), first(2, "c")
    assert torch.equal(a, b)
    assert not torch.equal(a, c)
    assert a.std() > 3


def test_a_line_that_cannot_be_followed_ends_a_run_with_one_message(tmp_path: Path):
    experiment_text = "data fake 4x4 size=8 classes=2\nattention 2; flatten; linear 2\ninit dirac on=attention"
    with pytest.raises(TrainingError, match="`dirac` fills weights"):
        netdsl.train(experiment_text, out=tmp_path / "run", device="cpu", quiet=True)


def test_what_is_exported_says_that_torch_draws_the_weights():
    from netdsl.export import python

    text = python.export(netdsl.shapes(NET + "init ones on=conv"), "net")
    assert "Its weights begin as torch draws them, not as the file says: `init" in text
    assert "begin" not in python.export(netdsl.shapes(NET), "net")

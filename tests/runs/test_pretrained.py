"""Weights of torchvision's nets, from files as its cache has them: no network is asked."""

import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
from torch import nn

import netdsl
from netdsl.checker import check
from netdsl.core.errors import TrainingError
from netdsl.core.source import Source
from netdsl.plugins.registry import load_registry
from netdsl.runs.about import read_about
from netdsl.runs.pretrained import read_pretrained, rename
from netdsl.runs.weights import read_weights, transfer
from netdsl.training import train
from tests.classics.comparison import CLASSICS, EXAMPLES, Classic, stir

THROUGH_FILES = {"alexnet", "googlenet", "resnet18"}
"""`tests/classics` holds all of them, without the hundreds of megabytes that each file has."""

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
    return torchvision.models.get_model_weights(model).DEFAULT.url.rpartition("/")[2]


def save(model: str, cache: Path, **arguments: Any) -> nn.Module:
    with warnings.catch_warnings(action="ignore"), torch.random.fork_rng(devices=()):
        torch.manual_seed(0)
        theirs = torchvision.models.get_model(model, weights=None, **arguments)
        stir(theirs)
    torch.save(theirs.state_dict(), cache / file_of(model))
    return theirs.eval()


def compare(ours: nn.Module, theirs: nn.Module, model: str, size: int) -> float:
    found = rename(read_pretrained(f"torchvision:{model}"), ours)
    report = transfer(found, ours, model)
    assert set(report.taken) == set(ours.state_dict())
    assert not report.unused
    # Each key is mapped once: no two of ours have the same tensor.
    assert len({tensor.data_ptr() for tensor in found.values()}) == len(found)
    image = torch.randn(1, 3, size, size, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected, own = theirs(image), ours.eval()(image)
    return float((expected - own).abs().max()) / max(1.0, float(expected.abs().max()))


@pytest.mark.parametrize(
    "classic", [one for one in CLASSICS if one.model in THROUGH_FILES], ids=lambda classic: classic.name
)
def test_a_classic_computes_what_torchvisions_does(classic: Classic, cache: Path) -> None:
    arguments = dict(classic.arguments) | ({"aux_logits": True} if classic.model == "googlenet" else {})
    theirs = save(classic.model, cache, **arguments)
    ours = netdsl.build(EXAMPLES / classic.file, variant=classic.variant)
    assert compare(ours, theirs, classic.model, 224) < 1e-5


def test_the_library_s_densenet_does_too(cache: Path) -> None:
    assert compare(netdsl.build(DENSENET), save("densenet121", cache), "densenet121", 64) < 1e-5


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


def test_a_whole_module_is_refused_with_what_to_do(tmp_path: Path) -> None:
    torch.save(nn.Linear(2, 2), tmp_path / "whole.pth")
    with pytest.raises(TrainingError, match="to read these may run any code") as found:
        read_weights(tmp_path / "whole.pth")
    assert "torch.save(module.state_dict()" in (found.value.help or "")

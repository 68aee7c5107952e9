"""Completion: what may stand at the cursor, and nothing else."""

from pathlib import Path

import pytest

from netdsl.editor import completions, documentation
from netdsl.editor.completions import Completion
from tests.editor.texts import at, document

LABELS = "input 3x8x8\nconv 4 k3 p1 as a; maxpool 2 as b; conv 4 k3 p1\n"
HEADS = "input 4\nlinear 8 as stem; linear 10 as main\nfrom stem\nlinear 2 as side\noutput main side\n"
BLOCK = "block unit out stride=1 { conv out k3 }\ninput 3x8x8\n"


def offered(marked: str, kind: str | None = None) -> list[str]:
    reading, offset = at(marked)
    return [one.label for one in completions(reading, offset) if kind in (None, one.kind)]


@pytest.mark.parametrize(
    ("marked", "first"),
    [
        ("input 3x32x32\n|", ["conv", "convt", "dwconv"]),
        ("input 3x32x32\ncon|", ["conv", "convt", "dwconv"]),
        ("input 3x32x32; flatten\n|", ["embedding", "identity", "linear"]),
        ("input 3x8x8\nconv 32 |", ["kernel_size=", "k"]),
        ("input 3x8x8\nconv 32 k3 padding=|", ["same", "valid"]),
        ("input 3x8x8\nconv 32 k3 padding_mode=|", ["circular", "reflect", "replicate", "zeros"]),
        ("input 3x8x8\nconv 32 k3 bias=|", ["false", "true"]),
        (LABELS + "concat |", ["b", "dim=", "a"]),
        (LABELS + "add |", ["b", "a"]),
        (BLOCK + "|", ["unit"]),
        (BLOCK + "unit |", ["out=", "stride="]),
        ("let wide=8\ninput 3x8x8\nconv (|", ["wide", "features", "in"]),
        ("input 3x8x8\nresidual { conv 3 k3 p1 } |", ["matching", "project", "shortcut { }", "as"]),
        ("data |", ["caltech101", "caltech256", "celeba"]),
        ("data digits |", ["batch=", "cache=", "drop_last"]),
        ("data digits { |", ["affine", "altflip"]),
        ("data cifar10 { randomcrop |", ["size="]),
        ("data cifar10 { randomcrop 32 padding_mode=|", ["constant"]),
        ("loss |", ["bce", "bce_with_logits", "cross_entropy"]),
        ("loss cross_entropy |", ["ignore_index="]),
        (HEADS + "loss |", ["main", "side", "bce"]),
        (HEADS + "loss side mse\nloss |", ["main", "bce"]),
        (HEADS + "loss main |", ["bce", "bce_with_logits"]),
        (HEADS + "loss main cross_entropy |", ["ignore_index="]),
        ("input a=3x8x8 b=5\nfrom |", ["a", "b"]),
        ("input 3x8x8\nconv 4 k3 as stem\nupsample like=|", ["stem", "none"]),
        ("input 16x8\nlinear 8 as memory\nattention 2 from=|", ["memory", "none"]),
        ("optimizer sgd |", ["dampening=", "lr=", "maximize"]),
        ("metrics accuracy |", []),
        ("train precision=|", ["bf16", "fp16", "fp32"]),
        ("budget |", ["depth<=", "macs<=", "memory<=", "params<=", "receptive>="]),
        ("data digits\ninput |", ["1x8x8"]),
        ("use |", ["densenet", "inception"]),
        ("let act=|", ["act", "celu"]),
        ("let width=8\nvariant wide |", ["width="]),
        ("input 3x8x8 # con|", []),
        ("input 8; linear 8 as |", []),
        ("block |", []),
    ],
)
def test_the_likeliest_comes_first(marked: str, first: list[str]) -> None:
    found = [one for one in offered(marked) if one in first] if len(first) > 1 else offered(marked)
    assert found[: len(first)] == first


@pytest.mark.parametrize(
    ("marked", "kind", "absent"),
    [
        ("input 3x8x8\nconv 32 k3 |", "parameter", {"kernel_size=", "k"}),
        ("input 3x8x8\nconv 3->32 |", "parameter", {"out_channels=", "in_channels="}),
        ("input 3x8x8\nconv 32 s2 |", "parameter", {"stride=", "s"}),
        ("input 8; linear 4 as a\nadd |linear 4 as b", "label", {"b"}),
        ("input 8\nresidual { | }", "statement", {"data", "input", "train", "block"}),
        ("input 8\n|", "component", {"adam"}),
        ("block b { linear 8 as inner }\ninput 8; b\nadd |", "label", {"inner"}),
        ("input 8; linear 4 as a\nfrom |; linear 4 as b", "label", {"b"}),
    ],
)
def test_what_cannot_stand_there_is_not_offered(marked: str, kind: str, absent: set[str]) -> None:
    assert not absent & set(offered(marked, kind))


@pytest.mark.parametrize(
    ("marked", "labels"),
    [
        ("input user=8 item=8\nlinear 4 as a; from |", {"user", "item", "a"}),
        ("input user=8 item=8\noutput |\nlinear 4 as a", {"user", "item", "a"}),
        ("input user=8 item=8\nconcat i|", {"user", "item"}),
        ("input user=8 item=8\nlinear 4 as a; relu; again | ; linear 4 as b", {"a"}),
        ("input 8\nlinear 8 as a; residual { linear 8 as b; again | }", {"b"}),
    ],
)
def test_inputs_are_labels(marked: str, labels: set[str]) -> None:
    assert {*offered(marked, "label")} == labels


def test_a_statement_that_is_written_once_is_offered_last() -> None:
    reading, offset = at("input 8\n|")
    found = completions(reading, offset)
    labels = [one.label for one in found]
    assert labels.index("train") < labels.index("input")


def complete(marked: str, label: str) -> tuple[str, Completion]:
    reading, offset = at(marked)
    (chosen,) = (one for one in completions(reading, offset) if one.label == label)
    return reading.text[: chosen.start] + chosen.insert + reading.text[chosen.end :], chosen


@pytest.mark.parametrize(
    ("marked", "label", "text"),
    [
        ("input 3x8x8\nma|", "maxpool", "input 3x8x8\nmaxpool"),
        ("input 3x8x8\nconv 8 ker|", "kernel_size=", "input 3x8x8\nconv 8 kernel_size="),
        ("input 3x8x8\nconv 8 k3 padding=va|", "valid", "input 3x8x8\nconv 8 k3 padding=valid"),
        ("let w=8\ninput 3x8x8\nconv (w|", "w", "let w=8\ninput 3x8x8\nconv (w"),
        ("lo|", "loss", "loss"),
        ("use res|", "resnet", "use resnet"),
        ("train pre|", "precision=", "train precision="),
    ],
)
def test_a_completion_takes_the_place_of_what_is_begun(marked: str, label: str, text: str) -> None:
    assert complete(marked, label)[0] == text


def test_settings_of_layers_are_offered() -> None:
    net = "input 3x8x8\nconv 4 k3 as stem; relu\n"
    assert "stem." in offered(f"{net}optimizer sgd lr=0.1 |", "label")
    assert {"maxnorm=", "momentum="} <= {*offered(f"{net}optimizer sgd lr=0.1 |")}
    found = offered(f"{net}optimizer sgd stem.lr=0.1 stem.|", "parameter")
    assert {"stem.momentum=", "stem.maxnorm="} <= {*found}
    assert not {"stem.lr=", "stem.nesterov=", "momentum="} & {*found}
    assert complete(f"{net}optimizer sgd stem.mom|", "stem.momentum=")[0] == f"{net}optimizer sgd stem.momentum="


@pytest.mark.parametrize("line", ["train freeze=|", "train freeze=a,|", "init ones on=|", "pretrained run except=|"])
def test_labels_are_offered_where_layers_are_named(line: str) -> None:
    assert {*offered(f"{LABELS}{line}", "label")} == ({"a"} - {*line.split("=")[1][:1]})


@pytest.mark.parametrize("line", ["train freeze=", "init ones on=", "pretrained run except="])
def test_layers_without_weights_and_those_listed_already_are_not(line: str) -> None:
    assert not {"b", "pooling", "maxpool"} & {*offered(f"{LABELS}{line}|")}
    assert {"conv", "convolution"} <= {*offered(f"{LABELS}{line}a,|")}
    assert "a" not in offered(f"{LABELS}{line}a,|")


@pytest.mark.parametrize(
    ("marked", "labels"),
    [
        # A `repeat` has no module of its own, and one that learns takes what it was built for.
        ("input 8; linear 8 as a; relu as b; repeat 2 { linear 8 } as c; again |", ["a", "b"]),
        ("input 8; linear 4 as a; relu as b; linear 8 as c; again |", ["a", "b", "c"]),
        ("input 8; linear 4 as a; relu as b; again |", ["b", "a"]),
        ("input 3x8x8; conv 3 k3 as a; conv 4 k3 as b; bn as c; again |", ["c", "a", "b"]),
    ],
)
def test_modules_that_fit_are_offered_before_others(marked: str, labels: list[str]) -> None:
    assert offered(marked, "label") == labels


def test_models_of_torchvision_are_offered() -> None:
    assert "torchvision:resnet18" in offered("conv 3->8 k3\npretrained |")
    assert "torchvision:resnet18" in offered("conv 3->8 k3\npretrained torchvision:res|")
    assert "except=" in offered("conv 3->8 k3\npretrained torchvision:resnet18 |")


def test_files_are_offered_where_paths_stand(tmp_path: Path) -> None:
    for name in ("blocks.net", "table.csv", ".hidden.net"):
        (tmp_path / name).write_text("", encoding="utf-8")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "deep.net").write_text("", encoding="utf-8")
    editor = document("a.net", tmp_path)

    def paths(text: str) -> list[str]:
        return [one.label for one in completions(editor.read(text), len(text)) if one.kind == "file"]

    assert paths('use "') == ["blocks.net", "more/"]
    assert paths('use "more/') == ["more/deep.net"]
    assert paths('data csv "') == ["table.csv", "more/"]
    assert paths('use "../') == []
    assert paths('use "absent/') == []


def test_a_completion_is_documented() -> None:
    reading, offset = at("input 3x8x8\n|")
    pages = {one.label: documentation(reading, one) for one in completions(reading, offset)}
    assert "learns" in pages["linear"]
    assert "train: statement" in pages["train"]
    reading, offset = at("input 3x8x8\nconv 8 |")
    assert "kernel_size (also k" in documentation(reading, completions(reading, offset)[0])


@pytest.mark.parametrize("end", range(0, 200, 3))
def test_every_place_of_a_text_has_an_answer(end: int) -> None:
    text = ((Path(__file__).parents[2] / "examples" / "resnet.net").read_text("utf-8") + BLOCK)[: 400 + end]
    completions(document().read(text), len(text))

from functools import cache
from pathlib import Path

import pytest
import torch

import netdsl
from netdsl import build
from netdsl.checker import check
from netdsl.components.registry import Registry
from netdsl.core.diagnostics import Diagnostic
from netdsl.core.source import Source
from netdsl.plugins.registry import load_registry

EXAMPLES = Path(__file__).parents[2] / "examples"


@cache
def registry() -> Registry:
    return load_registry(installed=False)


def found(text: str, variant: str | None = None, folder: Path | None = None) -> list[Diagnostic]:
    return check(Source("net", text), registry(), variant=variant, folder=folder)[1]


def codes(text: str) -> list[str]:
    return [diagnostic.code for diagnostic in found(text)]


def fixed(text: str) -> str:
    while fixes := [diagnostic.fix for diagnostic in found(text) if diagnostic.fix]:
        (edit,) = fixes[0].edits
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


LINEAR = {
    "input 784; linear 128; linear 10": True,
    "input 784; linear 128 bias=false; bn; dropout; linear 10": True,
    "input 784; linear 128; relu; linear 10": False,
    "input 784; linear 128; layernorm; linear 10": False,
    "input 784; linear 32; linear 784": False,
    "input 784; linear 32 as code; linear 784": False,
    "input 784; linear 32; linear 16": True,
    "input 3x32x32; conv 8 k3; conv 16 k3": True,
    "input 3x32x32; conv 8 k3; avgpool 2; conv 16 k3": True,
    "input 3x32x32; conv 8 k3; maxpool 2; conv 16 k3": False,
    "input 3x32x32; conv 8 k3 as low; conv 16 k1; concat low": False,
    "input 3x32x32; conv 8 k3 p1 as low; conv 8 k1; add low": False,
    "input 3x32x32; dwconv k3; conv 16 k1": False,
    "input 4x32x32; conv 8 k3 g2; conv 16 k1": False,
    "input 3x32x32; conv 8 k1x3; conv 8 k3x1": False,
    "input 3x32x32; conv 8 k3; flatten; linear 10": True,
    "input 3x32x32; conv 8 k3; gap; flatten; linear 10": True,
    "input 3x32x32; conv 8 k3; linear 10": False,
    "input 8x16; linear 32; transpose; linear 10": False,
    "input 3x32x32; conv 8 k3; convt 8 k2 s2": False,
    "input 784; linear 128; residual { linear 128 }": False,
    "block head { linear 10 }; input 784; linear 128; head": True,
    "block head { linear 10 }; input 784; linear 128; head; relu; head": True,
    "input 784; repeat 3 { linear 128 }": True,
    "input 784; repeat 3 { linear 128; relu }": False,
    # MobileNet's blocks end without an activation, by design; V3 begins with one as wide as its input
    "input 16x8x8; dwconv k3 p1; bn; relu; conv 16 k1; bn; conv 72 k1; bn; relu": False,
    "input 16x8x8; dwconv k3 p1; bn; relu; scale { gap; sigmoid }; conv 16 k1; bn; conv 72 k1; bn; relu": False,
    "input 16x8x8; conv 16 k1; conv 72 k1": True,
    "input 16x8x8; conv 16 k3 p1; bn; conv 72 k1": True,
    "input 16x8x8; nn.Conv2d 16 8 1; nn.Conv2d 8 8 1": True,
}


@pytest.mark.parametrize(("text", "warned"), LINEAR.items(), ids=list(LINEAR))
def test_two_linear_layers_are_warned_of_where_one_would_do(text: str, warned: bool) -> None:
    assert [code for code in codes(text) if code not in ("NET907", "NET990")] == ["NET901"] * warned


ENDINGS = {
    "data mnist; flatten; linear 10; softmax": ["NET902"],
    "data mnist; flatten; linear 10; logsoftmax; loss cross_entropy": ["NET902"],
    "data mnist; flatten; linear 10; softmax; loss multi_margin": [],
    "flatten; linear 784->10; softmax": [],
    "flatten; linear 784->10; softmax; loss cross_entropy": ["NET902"],
    "data fake 8 classes=2; linear 1; sigmoid; loss bce_with_logits": ["NET903"],
    "data fake 8 classes=2; linear 1; sigmoid; loss bce": [],
    "data mnist; flatten; linear 10; relu": ["NET904"],
    "data mnist; flatten; linear 10; tanh; identity": ["NET904"],
    "data mnist; flatten; linear 20; glu": [],
    "data mnist; conv 10 k3; relu; gap; flatten": [],
    "data mnist; flatten; linear 10; dropout": ["NET905"],
    "data mnist; flatten; linear 10; dropout 0": [],
    "data mnist; flatten; linear 10; relu; softmax; dropout": ["NET904", "NET902", "NET905"],
    "data mnist; flatten; linear 10; loss nll": ["NET906"],
    "data mnist; flatten; linear 10; softmax; loss nll": ["NET906"],
    "data mnist; flatten; linear 10; logsoftmax; dropout; loss nll": ["NET905"],
    "data mnist; flatten; linear 10; logsoftmax; loss nll": [],
    "data fake 8 classes=2; linear 1; loss bce": ["NET906"],
}


@pytest.mark.parametrize(("text", "expected"), ENDINGS.items(), ids=list(ENDINGS))
def test_the_end_of_the_net_is_held_against_the_loss(text: str, expected: list[str]) -> None:
    assert codes(text) == expected


NORMALISATION = {
    "input 8; linear 8; bn": ["NET907"],
    "input 8; linear 8 bias=false; bn": [],
    "input 8; linear 8; relu; bn": [],
    "input 3x8x8; convt 8 k2 s2; bn; relu": ["NET907"],
    "input 3x8x8; conv 3 k3 p=same s2; bn; relu": ["NET907"],
    "input 3x8x8; conv 3 k3 p1 as skip; bn; relu; add skip": [],
    "input 3x8x8; conv 3 k3 p1 as stem; bn; relu": ["NET907"],
    "block b { conv 3 k3 p1 }; input 3x8x8; b; bn; relu; b; relu": [],
    "data mnist batch=1; flatten; linear 10 bias=false; bn": ["NET308"],
    "data digits batch=4; flatten; linear 10 bias=false; bn": ["NET308"],
    "data digits batch=4 drop_last; flatten; linear 10 bias=false; bn": [],
    "data digits batch=4 limit=9; flatten; linear 10 bias=false; bn": ["NET308"],
    "data digits batch=4 limit=8; flatten; linear 10 bias=false; bn": [],
    "data digits batch=4 split=0.5; flatten; linear 10 bias=false; bn": [],
    "data fake 8 size=101 batch=20 split=0.2; linear 10 bias=false; bn": ["NET308"],
    "data fake 8 size=101 batch=10 split=0; linear 10 bias=false; bn": ["NET308"],
    "data fake 8 size=12 batch=5 folds=2; linear 10 bias=false; bn": ["NET308"],
    "data fake 8 size=12 batch=6 folds=2; linear 10 bias=false; bn": [],
    "data digits batch=4; conv 10 k3 bias=false; bn; relu; gap; flatten": [],
    "data digits batch=1; conv 10 k3 bias=false; bn; relu; gap; flatten": [],
    "data digits batch=1; conv 10 k3 bias=false; gap; bn; flatten": ["NET308"],
    "data fake 3x17x17 classes=10 size=8 batch=1; conv 8 k3 s2 p1 bias=false; bn; relu; flatten; linear 10": [],
    "data fake 8 classes=4 size=9 batch=4; nn.Linear 8 4 bias=false; nn.BatchNorm1d 4": ["NET308", "NET990"],
    "input 8x16; linear 32; bn": [],
    "input 8x16; conv 32 k3 p1; bn": ["NET907"],
}


@pytest.mark.parametrize(("text", "expected"), NORMALISATION.items(), ids=list(NORMALISATION))
def test_batch_normalisation_makes_a_bias_superfluous_and_needs_a_batch(text: str, expected: list[str]) -> None:
    assert codes(text) == expected


WINDOWS = {
    "input 8x7x7; maxpool 2": "the last row and last column of 8x7x7",
    "input 8x7x7; maxpool 2 ceil_mode": None,
    "input 8x8x7; avgpool 2": "the last column of 8x8x7",
    "input 8x7; maxpool 2": "the last step of 8x7",
    "input 8x7x7; maxpool 2 p1": None,
    "input 8x7x7; maxpool 2 p=same": None,
    "input 8x11x11; maxpool 4": "the last 3 rows and last 3 columns of 8x11x11",
    "input 3x224x224; conv 64 k7 s2 p3": None,
    "input 3x32x32; conv 8 k3 s2": "the last row and last column of 3x32x32",
    "input 3x32x32; conv 8 k3 s2 p1": None,
    "input 3x56x56; conv 8 k1 s2": None,
    "input 3x57x57; conv 8 k1 s4": None,
    "input 3xHxW; maxpool 2": None,
    "input 3x32x32; nn.Conv2d 3 6 3": None,
    "input 3x32x32; nn.Conv2d 3 6 3 2": "the last row and last column of 3x32x32",
    "input 3x33x33; nn.MaxPool2d 2": "the last row and last column of 3x33x33",
    "input 3x33x33; nn.MaxPool2d 2 ceil_mode=true": None,
    "block pool { maxpool 2 }; input 3x14x14; repeat 2 { pool }": "the last row and last column of 3x7x7",
}


@pytest.mark.parametrize(("text", "unseen"), WINDOWS.items(), ids=list(WINDOWS))
def test_rows_that_no_window_sees_are_named(text: str, unseen: str | None) -> None:
    warnings = found(text)
    own = [warning for warning in warnings if warning.code != "NET990"]
    assert [warning.code for warning in own] == ["NET909"] * bool(unseen)
    assert all(warning.message.endswith(f"never sees {unseen}") for warning in own)


OTHERS = {
    "input 8; relu; relu": ["NET910"],
    "input 8; relu; dropout; relu": [],
    "input 8; sigmoid; relu": ["NET910"],
    "input 8; leakyrelu; leakyrelu": [],
    "input 8; hardtanh -1 1; hardtanh -1 2": [],
    "block b { relu; bn; relu }; input 8; b; b": [],
    "input 8; linear 1; softmax": ["NET911"],
    "input 8; linear 2; softmax": [],
    "input 4x1; softmax 0": [],
    "input 4x1; softmax dim=-1": ["NET911"],
    "input 4x8; lstm 8 dropout=0.5": ["NET915"],
    "input 4x8; gru 8 num_layers=2 dropout=0.5": [],
    "input 4x8; rnn 8": [],
    "input 8; residual { relu inplace=true; linear 8 }": ["NET916"],
    "input 8; residual { linear 8; relu inplace=true }": [],
    "input 8; linear 8 as a; relu inplace=true; add a": ["NET916"],
    "input 8; relu inplace=true; linear 8": [],
    "input 8; linear 8; tanh; dropout 0.1 inplace=true": ["NET916"],
    "input 8; linear 8; tanh; unflatten 0 2x4; elu inplace=true": ["NET916"],
    "input 8; linear 8; layernorm; relu inplace=true": [],
    "input 8; linear 8; relu; relu inplace=true": ["NET916"],
    "input 8; linear 8; sigmoid; relu inplace=true": ["NET916"],
    "input 8; linear 8; relu6; relu inplace=true": ["NET910"],
    "block b { relu }; input 8; relu": ["NET912"],
    "block b { relu }; let act=b; input 8; act": [],
    "block b { relu }; block c { b }; input 8; relu": ["NET912"],
    "block b { relu }; variant other act=b; let act=gelu; input 8; act": [],
    "block b n { relu }; input 8; b 3": ["NET913"],
    "block b n { linear n }; input 8; b 3": [],
    "let n=3; input 8; relu": ["NET913"],
    "let n=3; input n; relu": [],
    "let N=3; input 2xN; relu": [],
    "let n=3 m=(n*2); input m; relu": [],
    "let act=relu; input 8; act": [],
    "input 8; repeat 2 { let n=3; linear 4; relu }": ["NET913"],
    "let n=3; variant other n=4; input 8; relu": ["NET913"],
    "let bidirectional=2; input 4x8; lstm 8 bidirectional": ["NET914"],
    "let reflect=zeros; input 3x8x8; conv 4 k3 padding_mode=reflect": ["NET914"],
    "let mode=reflect; input 3x8x8; conv 4 k3 padding_mode=mode": [],
    "let bias=false; input 3x8x8; conv 4 k3 bias=bias": [],
}


@pytest.mark.parametrize(("text", "expected"), OTHERS.items(), ids=list(OTHERS))
def test_what_does_nothing_and_what_is_never_used(text: str, expected: list[str]) -> None:
    assert codes(text) == expected


def test_a_file_with_errors_has_no_warnings() -> None:
    assert codes("block b { relu }; input 8; linear 7->3; relu; relu") == ["NET201"]


FIXES = {
    "data mnist\nflatten\nlinear 10\nsoftmax\n": "data mnist\nflatten\nlinear 10\n",
    "data mnist\nflatten; linear 10; softmax": "data mnist\nflatten; linear 10",
    "data mnist\nflatten; linear 10\nrelu; softmax # odds": "data mnist\nflatten; linear 10\n # odds",
    "data mnist\nflatten; linear 10\n    softmax  # odds\n": "data mnist\nflatten; linear 10\n      # odds\n",
    "input 8\nrepeat 1 { relu; relu; linear 4 }": "input 8\nrepeat 1 { relu; linear 4 }",
    "input 8\nconcat { relu; relu } { }": "input 8\nconcat { relu } { }",
    "input 8; linear 8 as head; bn; relu": "input 8; linear 8 bias=false as head; bn; relu",
    "input 8; linear 8 bias=true; bn; relu": "input 8; linear 8 bias=false; bn; relu",
    "input 8; linear 8 bias; bn; relu": "input 8; linear 8 bias=false; bn; relu",
    "input 8; linear ->8; bn; relu": "input 8; linear ->8 bias=false; bn; relu",
    "data digits batch=4 { hflip }\nflatten; linear 9 bias=false; bn; relu; linear 10": (
        "data digits batch=4 drop_last { hflip }\nflatten; linear 9 bias=false; bn; relu; linear 10"
    ),
    "data mnist; flatten; linear 10; loss nll ignore_index=3": (
        "data mnist; flatten; linear 10; loss cross_entropy ignore_index=3"
    ),
}


@pytest.mark.parametrize(("text", "mended"), FIXES.items(), ids=list(FIXES))
def test_a_fix_leaves_a_text_without_warnings(text: str, mended: str) -> None:
    assert found(text)
    assert fixed(text) == mended
    assert codes(mended) == []


@pytest.mark.parametrize("comment", ["NET910", "NET901 NET910", "NET901, NET910"])
def test_a_comment_allows_a_lint_on_its_line(comment: str) -> None:
    assert codes(f"input 8; relu; relu  # netdsl: allow {comment}") == []


def test_a_comment_allows_nothing_else() -> None:
    assert codes("input 8; relu; relu  # netdsl: allow NET901") == ["NET910"]
    assert codes("input 8; relu; relu\n# netdsl: allow NET910") == ["NET910"]
    assert codes("input 8; linear 7->4  # netdsl: allow NET201") == ["NET201"]
    assert codes("input 8; nn.Hardshrink  # netdsl: allow NET990") == []


def test_another_file_is_not_lectured(tmp_path: Path) -> None:
    (tmp_path / "blocks.net").write_text("block b n m { relu; relu; linear n; bn }\nblock c { relu }\n")
    assert found('use "blocks.net"\ninput 8\nb 3 4', folder=tmp_path) == []


VARIANTS = [
    (path, variant)
    for path in sorted(EXAMPLES.glob("*.net"))
    for variant in (None, *(line.split()[1] for line in path.read_text().splitlines() if line.startswith("variant ")))
]


@pytest.mark.parametrize(("path", "variant"), VARIANTS, ids=[f"{path.stem}-{variant}" for path, variant in VARIANTS])
def test_the_examples_are_clean(path: Path, variant: str | None) -> None:
    _, diagnostics = check(Source(str(path), path.read_text()), registry(), variant=variant)
    assert [warning.code for warning in diagnostics] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("input 4x8; lstm 8 dropout=0.5 bidirectional", "input 4x8; lstm 8 bidirectional"),
        ("input 8; linear 8; tanh; elu 0.5 inplace=true", "input 8; linear 8; tanh; elu 0.5"),
        ("input 8; linear 8; tanh; elu inplace", "input 8; linear 8; tanh; elu"),
    ],
)
def test_an_argument_is_taken_out(text, expected):
    assert fixed(text) == expected


@pytest.mark.parametrize("before", ["logsoftmax", "relu", "sigmoid", "softmax", "tanh", "elu", "gelu", "layernorm"])
def test_overwriting_is_warned_of_where_torch_cannot_go_back(before):
    for layer in ("dropout 0.1", "relu"):
        text = f"input 8; linear 8; {before}; {layer} inplace=true"
        loss = build(text)(torch.randn(4, 8)).sum()
        if "NET916" in codes(text):
            with pytest.raises(RuntimeError, match="inplace operation"):
                loss.backward()
        else:
            loss.backward()


def test_data_from_the_command_line_have_no_line_to_point_at():
    text = "input 1x8x8; conv 4 k3 bias=false; bn; relu; flatten; linear 10"
    assert netdsl.check(text, overrides={"data": "digits batch=1"}) == []


LANGUAGE_MODELS = {
    "embedding 61->8; transformer 2; linear 61": ["transformer 2 causal"],
    "embedding 61->8; transformer 2 causal=false; linear 61": ["transformer 2 causal"],
    "embedding 61->8; transformer 2 causal; linear 61": [],
    "embedding 61->8; attention 2 bias=false as a; lstm 8; linear 61": ["attention 2 bias=false causal as a"],
    "embedding 61->8; lstm 8 bidirectional; linear 61": ["lstm 8"],
    "embedding 61->8; repeat 2 { gru 8 bidirectional=true }; linear 61": ["gru 8"],
    "embedding 61->8; residual { attention 2 causal }; gru 8; linear 61": [],
    "block unit { attention 2; relu }\nembedding 61->8; unit; unit; linear 61": ["attention 2 causal"],
    "embedding 61->8 as m; decoder 2 from=m; linear 61": [],
}


@pytest.mark.parametrize("net", LANGUAGE_MODELS)
def test_a_language_model_does_not_see_what_it_predicts(net: str) -> None:
    warnings = [one for one in found(f"data text nets length=16\n{net}") if one.code == "NET926"]
    mended = [one.fix for one in warnings if one.fix]
    written = []
    for one, fix in zip(warnings, mended, strict=True):
        (edit,), span = fix.edits, one.span
        source = span.source.text
        written.append(source[span.start : edit.span.start] + edit.text + source[edit.span.end : span.end])
        assert not fix.safe
    assert written == LANGUAGE_MODELS[net]


def test_what_answers_to_a_whole_text_may_look_ahead() -> None:
    assert "NET926" not in codes("input 16x8; lstm 8 bidirectional; last; linear 2; data fake 16x8 classes=2")


PRETRAINED = "conv 8 k7 s2 p3; relu; gap; flatten; linear 10\npretrained torchvision:{model}\ndata {data}"
IMAGENET = "normalize mean=0.485,0.456,0.406 std=0.229,0.224,0.225"


@pytest.mark.parametrize(
    ("model", "data", "warned"),
    [
        ("resnet18", f"fake 3x224x224 classes=10 {{ {IMAGENET} }}", []),
        ("resnet18", f"fake 3x224x224 classes=10 {{ hflip; {IMAGENET}; cutout 8 }}", []),
        ("resnet18", "fake 3x224x224 classes=10 { normalize mean=0.48,0.46,0.41 std=0.23,0.22,0.22 }", []),
        ("resnet18", "fake 3x224x224 classes=10", ["NET924"]),
        ("resnet18", "fake 3x224x224 classes=10 { normalize }", ["NET924"]),
        ("resnet18", "imagenette { randomresizedcrop 224; hflip; normalize }", []),
        ("inception_v3", f"fake 3x299x299 classes=10 {{ {IMAGENET} }}", ["NET924"]),
        ("inception_v3", "fake 3x299x299 classes=10 { normalize mean=0.5 std=0.5 }", []),
        ("resnet18", f"fake 3x64x64 classes=10 {{ {IMAGENET} }}", ["NET925"]),
        ("vit_b_16:IMAGENET1K_SWAG_E2E_V1", f"fake 3x384x384 classes=10 {{ {IMAGENET} }}", []),
        ("resnet18", "fake 1x28x28 classes=10", []),
        ("fcn_resnet50", "fake 3x64x64 classes=10", []),
    ],
)
def test_images_unlike_those_of_pretraining(model: str, data: str, warned: list[str]) -> None:
    assert codes(PRETRAINED.format(model=model, data=data)) == warned


@pytest.mark.parametrize(
    ("data", "right"),
    [
        ("fake 3x32x32 classes=10", f"resize 256 fit=cover; centercrop 224; {IMAGENET}"),
        ("fake 3x32x32 classes=10 { }", f"resize 256 fit=cover; centercrop 224; {IMAGENET}"),
        ("fake 3x32x32 classes=10 { hflip }", f"resize 256 fit=cover; centercrop 224; hflip; {IMAGENET}"),
        ("fake 3x32x32 classes=10 { resize 64x64 }", f"resize 256 fit=cover; centercrop 224; {IMAGENET}"),
        ("fake 3x32x32 classes=10 { randomresizedcrop 64 }", f"randomresizedcrop 224; {IMAGENET}"),
        (
            "fake 3x32x32 classes=10 { resize 72 fit=cover; randomcrop size=64; normalize }",
            f"resize 256 fit=cover; randomcrop size=224; {IMAGENET}",
        ),
    ],
)
def test_the_fixes_write_the_images_that_weights_expect(data: str, right: str) -> None:
    text = PRETRAINED.format(model="resnet18", data=data)
    while fixes := [one.fix for one in found(text) if one.fix]:
        for edit in sorted(fixes[0].edits, reverse=True):
            text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    assert text == PRETRAINED.format(model="resnet18", data=f"fake 3x32x32 classes=10 {{ {right} }}")


def test_the_input_line_is_restated() -> None:
    text = "input 3x32x32\n" + PRETRAINED.format(model="resnet18", data=f"fake 3x32x32 classes=10 {{ {IMAGENET} }}")
    (fix,) = [one.fix for one in found(text) if one.fix]
    assert [edit.text for edit in fix.edits] == ["resize 256 fit=cover; centercrop 224; ", "3x224x224"]

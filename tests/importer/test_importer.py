import sys
import warnings
from collections import OrderedDict
from pathlib import Path
from random import Random

import pytest
import torch
from click.testing import CliRunner, Result
from torch import Tensor, nn

from netdsl import modules
from netdsl.builder import build_network
from netdsl.checker import check
from netdsl.cli import netdsl
from netdsl.core.diagnostics import errors
from netdsl.core.errors import UnsupportedModule
from netdsl.core.source import Source
from netdsl.export.python import export
from netdsl.importer import write_net
from netdsl.importer.reading import difference
from netdsl.plugins.registry import load_registry
from tests.soundness.generate import random_case
from tests.soundness.harness import by_rule, construct, layers
from tests.soundness.nets import Author

REGISTRY = load_registry(installed=False)
EXAMPLES = sorted(Path("examples").absolute().glob("*.net"))
OF_SEVERAL_INPUTS = [path for path in EXAMPLES if path.stem in {"dates", "matrix_factorization", "siamese"}]


def built(text: str, path: Path = Path("<text>")) -> nn.Sequential:
    experiment, found = check(Source(str(path), text), REGISTRY)
    assert errors(found) == []
    assert experiment is not None
    with warnings.catch_warnings(action="ignore"), torch.device("meta"):
        return build_network(experiment.network)


def imported(module: nn.Module, input: tuple[int | str, ...] = ()) -> str:
    return write_net(module, REGISTRY, input=input)


LINES = [
    ("3x8x8", "conv 3->32 k5 p2"),
    ("3x8x8", "conv 3->4 k3x5 s2x1 p1x2 d2 bias=false"),
    ("4x8x8", "conv 4->8 k3 g2 padding_mode=reflect"),
    ("4x8x8", "conv 4->8 k4 s2 same"),
    ("1x8x8", "conv 1->1 k3"),
    ("4x8x8", "dwconv k3 p1"),
    ("4x8x8", "dwconv 4->8 k3"),
    ("4x8", "conv 4->8 k3"),
    ("4x8x8", "convt 4->2 k2 s2 output_padding=1"),
    ("4x8x8", "unfold 3 p1"),
    ("4x16", "fold 5 k2"),
    ("4x8x8", "maxpool 2"),
    ("4x8x8", "maxpool 3 s2 p1 ceil_mode"),
    ("4x8x8", "maxpool 2 s1 same"),
    ("4x8x8", "avgpool 3 s1 count_include_pad=false"),
    ("4x8x8", "lppool 2 k3 s2"),
    ("4x8x8", "adaptiveavgpool 2x3"),
    ("4x8x8", "adaptivemaxpool none,3"),
    ("4x8x8", "gap"),
    ("8", "linear 8->3 bias=false"),
    ("8", "identity"),
    ("8", "relu inplace"),
    ("8", "leakyrelu 0.2"),
    ("8", "prelu 8"),
    ("8", "hardtanh -2 max_val=2"),
    ("8", "threshold 0.1 0"),
    ("8", "gelu approximate=tanh"),
    ("8", "softplus 2 threshold=1e-5"),
    ("4x8", "softmax -1"),
    ("4x8x8", "softmax"),
    ("4x8x8", "glu 0"),
    ("4x8x8", "bn"),
    ("4x8x8", "bn momentum=none affine=false"),
    ("4x8x8", "instancenorm affine"),
    ("4x8x8", "groupnorm 2"),
    ("4x8x8", "layernorm"),
    ("4x8x8", "layernorm 4x8x8 elementwise_affine=false"),
    ("4x8x8", "rmsnorm eps=1e-6"),
    ("4x8x8", "lrn 5 alpha=0.0005"),
    ("4x8x8", "layerscale 1e-6"),
    ("4x8", "layerscale dim=-2"),
    ("4x8x8", "dropout 0.3"),
    ("4x8x8", "dropout2d"),
    ("4x8x8", "droppath 0.1"),
    ("4x8x8", "flatten"),
    ("4x8x8", "flatten 1"),
    ("32", "unflatten 0 2x4x4"),
    ("4x8x8", "reshape 16x-1"),
    ("4x8x8", "permute 1,2,0"),
    ("4x8x8", "transpose 0 dim1=2"),
    ("4x8x8", "select -1 dim=2"),
    ("4x8x8", "channelshuffle 2"),
    ("4x8x8", "pixelshuffle 2"),
    ("4x8x8", "upsample 2"),
    ("4x8x8", "upsample 1.5,2 mode=bilinear align_corners"),
    ("4x8x8", "upsample size=5x6"),
    ("4x8x8", "pad 1"),
    ("4x8x8", "pad 1,2,3,4 mode=reflect"),
    ("4x8x8", "pad 1 value=0.5"),
    ("4x8x8", "crop 5"),
    ("4x8x8", "crop 5x6 offset=1x0"),
    ("9x8", "lstm 8->6 num_layers=2 bidirectional"),
    ("9x8", "gru 8->6"),
    ("9x8", "rnn 8->6 nonlinearity=relu"),
    ("9x8", "attention 2 causal"),
    ("9x8", "transformer 2 dim_feedforward=16 norm_first"),
    ("9x8", "transformer 2 causal"),
    ("9x8", "posembed"),
    ("9x8", "classtoken"),
    ("9x8", "last"),
    ("9x8", "mean"),
    ("9x8x8", "mean 1,2 keepdim"),
    ("9", "embedding 20->8 padding_idx=0"),
    ("3x8x8", "nn.FractionalMaxPool2d 2 output_size=3"),
    ("3x8x8", "nn.Softmax2d"),
    ("4x8x8", "residual { }"),
    ("4x8x8", "residual { conv 4->4 k3 p1; bn } shortcut { conv 4->4 k1 }"),
    ("4x8x8", "scale { gap; conv 4->4 k1; sigmoid }"),
    ("4x8x8", "concat { } { conv 4->2 k1 }"),
    ("4x8x8", "concat { conv 4->2 k1 } { conv 4->2 k1 } dim=1"),
    ("4x8x8", "add { conv 4->2 k1 } { conv 4->2 k1 }"),
    ("4x8x8", "split { conv 2->3 k1 } { relu }"),
]


@pytest.mark.parametrize(("shape", "line"), LINES, ids=[line for _, line in LINES])
def test_a_canonical_line_comes_back_as_it_is(shape: str, line: str) -> None:
    text = f"input {shape}\n{line}\n"
    assert imported(built(text), tuple(map(int, shape.split("x")))) == text


NETS = [
    "conv 3->32 k5 p2\nmaxpool 2\nflatten\nlinear 8192->10\n",
    "conv1d 1->8 k7 s2\nbn\nrelu\nmaxpool 2\nconv 8->16 k3\n",
    "conv3d 1->8 k3\nbn\nrelu\n",
    "lstm 64->32\nlast\nlinear 32->2\n",
    "linear 8->4\nbn\nrelu\nlinear 4->2\n",
    "bn 8\nconv 8->4 k1\n",
    "bn1d 8\nconv 8->4 k1\n",
    "convt 4->8 k2 s2\ngroupnorm 2\n",
    "input CxHxW\nflatten\nlinear 784->10\n",
    "input T\nembedding 20->8\nlstm 8->4\n",
    "input TxF\nlinear 8->6\ntransformer 2\nmean\n",
    "input CxHxW\nrelu\nconv 3->4 k3\n",
    "conv 3->4 k3 as stem\nbn\nrelu as k5\nconv 4->2 k1 as größe\n",
    "conv 3->4 k3 p1 as a\nrelu\nconcat a\nadd { conv 8->4 k1 } a\nresidual { add a; conv 4->4 k1 as b; add b a }\n",
    "block block1 { conv 3->4 k3; relu }\nblock block2 { conv 4 k3; relu }\n\nblock1\nblock2\nblock2\n",
    "block body { conv 3->4 k3; relu }\nblock head { gap; flatten; linear 10 }\n\nbody as body\nhead as head\n",
    "block block1 { conv 8 k3; relu }\n\nresidual { conv 3->3 k1 }\nconcat { block1 } { block1 } { maxpool 3 s1 }\n",
    "block block1 { }\n\nlinear 3->4\nblock1\n",
]


@pytest.mark.parametrize("text", NETS)
def test_a_canonical_net_comes_back_as_it_is(text: str) -> None:
    assert imported(built(text)) == text


def test_every_layer_comes_back() -> None:
    random, tried = Random(3), 0
    for layer in layers().values():
        for case in (random_case(layer, random) for _ in range(3)):
            result = by_rule(case)
            # A net of one layer has no labelled output to give it.
            if isinstance(result, str) or case.labelled:
                continue
            with torch.device("meta"):
                module = nn.Sequential(construct(result, case))
            text = imported(module, case.shape)
            assert difference(built(text), module) is None
            assert imported(built(text), case.shape) == text
            tried += 1
    assert tried > 100


def test_random_nets_come_back() -> None:
    tried = 0
    for seed in range(60):
        net = Author(seed).net()
        experiment, found = check(Source("<text>", net.text), REGISTRY)
        if experiment is None or errors(found) or "residual matching" in net.text:
            continue
        with torch.device("meta"):
            module = build_network(experiment.network)
        text = imported(module, net.input)
        assert difference(built(text), module) is None
        assert imported(built(text), net.input) == text
        tried += 1
    assert tried > 20


@pytest.mark.parametrize("path", OF_SEVERAL_INPUTS, ids=lambda path: path.stem)
def test_a_net_of_several_inputs_is_refused(path: Path) -> None:
    with pytest.raises(UnsupportedModule, match="a net is an"):
        imported(built(path.read_text(encoding="utf-8"), path))


@pytest.mark.parametrize(
    "path", [path for path in EXAMPLES if path not in OF_SEVERAL_INPUTS], ids=lambda path: path.stem
)
def test_examples_come_back(path: Path) -> None:
    module = built(path.read_text(encoding="utf-8"), path)
    text = imported(module)
    assert difference(built(text), module) is None
    assert imported(built(text)) == text


def test_an_exported_net_comes_back() -> None:
    text = "block block1 { conv 3->4 k3 p1; bn; relu }\n\nblock1\nmaxpool 2\nflatten\nlinear 64->2\n"
    experiment, _ = check(Source("<text>", text), REGISTRY)
    namespace: dict[str, type[nn.Module]] = {}
    exec(export(experiment.network, "x"), namespace)
    assert imported(namespace["Net"]()) == text


def test_trained_weights_do_not_matter() -> None:
    module = nn.Sequential(modules.LayerScale(4, 0.1, dim=-3), nn.PReLU(4, init=0.1))
    for weight in module.parameters():
        nn.init.uniform_(weight)
    assert imported(module, (4, 8, 8)) == "input 4x8x8\nlayerscale 0.1\nprelu 4 init=0.1\n"


def test_sizes_that_mean_the_same_are_written_once() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, (3, 3)), nn.MaxPool2d((2, 2)), nn.AdaptiveAvgPool2d((1, 1)))
    assert imported(module) == "conv 3->4 k3\nmaxpool 2\ngap\n"


class Doubled(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * 2


class Twice(nn.Sequential):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(super().forward(x))


class Named(nn.Sequential):
    """Like any other."""


def test_a_subclass_that_adds_nothing_is_a_container() -> None:
    assert imported(Named(nn.Linear(3, 4), nn.ReLU())) == "linear 3->4\nrelu\n"


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (nn.Linear(3, 4), "a net is an `nn.Sequential`, and `Linear` is not one"),
        (Twice(nn.Linear(3, 3)), "a net is an `nn.Sequential`, and `Twice` is not one"),
        (nn.ModuleDict({"body": nn.Sequential(nn.ReLU())}), "its parts that are: `body`"),
        (nn.Sequential(nn.Linear(3, 4), Doubled()), f"`1` is a `{__name__}.Doubled`, which no layer makes"),
        (nn.Sequential(nn.Linear(3, 4), nn.Sequential(Doubled())), f"`1.0` is a `{__name__}.Doubled`"),
        (nn.Sequential(nn.Linear(3, 3), Twice(nn.ReLU())), f"`1` is a `{__name__}.Twice`, which no layer makes"),
        (nn.Sequential(nn.LSTM(3, 4)), "`0` cannot be written: `nn.LSTM` returns a state beside its output"),
        (
            nn.Sequential(nn.Linear(3, 4), nn.Linear(5, 6)),
            "`linear 5->6`, but linear expects 5 features but receives 4",
        ),
        (nn.Sequential(nn.Conv2d(3, 4, 1), nn.FractionalMaxPool2d(2, 3)), "state the input"),
        (nn.Sequential(OrderedDict({"1": nn.Linear(3, 4)})), "`1` stands at place 0"),
        (nn.Sequential(OrderedDict({"a-b": nn.Linear(3, 4)})), "`a-b` cannot be a label"),
        (nn.Sequential(nn.Linear(3, 3), nn.ModuleList([nn.Sequential()])), "`1` is a `torch.nn.ModuleList`"),
        (nn.Sequential(modules.Residual(nn.Linear(3, 3))), "`0` is a `netdsl.modules.Residual`, which no layer makes"),
        (nn.Sequential(nn.Linear(3, 3), nn.Hardtanh(-1.0, float("inf"))), "`1` cannot be written"),
        (
            nn.Sequential(nn.Linear(3, 3), nn.TransformerEncoderLayer(3, 1, activation=torch.tanh)),
            "`1` cannot be written",
        ),
        (nn.Sequential(), "the net has no layer"),
    ],
    ids=lambda value: None if isinstance(value, nn.Module) else value[:40],
)
def test_what_the_language_has_no_words_for(module: nn.Module, message: str) -> None:
    with pytest.raises(UnsupportedModule) as caught:
        imported(module)
    assert message in str(caught.value)


MODEL = """
from torch import nn

net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 2))
number = 3


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = net


def broken():
    raise ValueError("not today")
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in ("model", "halved", "needy"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    (tmp_path / "model.py").write_text(MODEL, encoding="utf-8")
    (tmp_path / "halved.py").write_text("net = (", encoding="utf-8")
    (tmp_path / "needy.py").write_text("import a_package_that_is_not_there", encoding="utf-8")
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(netdsl, ["import", *arguments, "--no-plugins"], prog_name="netdsl")


@pytest.mark.parametrize("target", ["model:net", "model:Model.features"])
def test_the_command(target: str, folder: Path) -> None:
    text = "conv 3->8 k3\nrelu\nflatten\nlinear 8->2\n"
    assert run(target).stdout == text
    result = run(target, "-o", "net.net", "--input", "3x3x3")
    assert (result.exit_code, result.stdout) == (0, "")
    assert (folder / "net.net").read_text(encoding="utf-8") == f"input 3x3x3\n{text}"


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["model"], 2, "`model` does not name a net: write `MODULE:ATTRIBUTE`, for example `model:net`"),
        (["modell:net"], 2, "`modell` cannot be imported: there is no such module"),
        (
            ["needy:net"],
            2,
            "`needy` cannot be imported: it imports `a_package_that_is_not_there`, which is not installed",
        ),
        (["model:nett"], 2, "`model:nett`: there is no `nett`; did you mean `net`?"),
        (["model:net", "--input", "3,8,8"], 2, "`--input 3,8,8` is not a size: write for example `--input 3x32x32`"),
        (["model:net", "-o", "nowhere/net.net"], 2, "`nowhere/net.net` cannot be written: no such file or directory"),
        (["halved:net"], 1, "importing `halved` fails: SyntaxError: "),
        (["model:broken"], 1, "calling `model:broken` fails: ValueError: not today (model.py:15)"),
        (["model:number"], 1, "`model:number` is of type `int`, not an `nn.Sequential`"),
        (["model:Model"], 1, "`model:Model` cannot be written in the language: a net is an `nn.Sequential`"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_the_command_s_mistakes(arguments: list[str], status: int, message: str, folder: Path) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (status, "")
    assert result.stderr.startswith(f"error: {message}")


@pytest.mark.parametrize(
    "text",
    [
        "input 8\nlinear 8->8 as a\nrelu\nagain a\nrelu\nagain a\nlinear 8->2\n",
        "input 8\nresidual { linear 8->8 as a; relu; again a } as r\nagain r\nlinear 8->2\n",
        "input 4x6x8\nwindowattention 2 window=2 shift=1\nwindows 2\nunwindows 4x6\n",
    ],
)
def test_what_is_used_again_comes_back(text: str) -> None:
    assert imported(built(text), (8,) if "4x6x8" not in text else (4, 6, 8)) == text


def test_a_list_that_has_one_module_twice_is_refused() -> None:
    one = nn.Linear(4, 4)
    with pytest.raises(UnsupportedModule, match="lists one module twice, at `2` too"):
        imported(nn.Sequential(one, nn.ReLU(), one), (4,))
    with pytest.raises(UnsupportedModule, match="this net cannot be written"):
        imported(built("input 8; linear 8 as a; relu; from a; tanh; linear 2"), (8,))

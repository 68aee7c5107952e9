"""Built nets in other formats: each is read again, and what computes is compared with torch."""

import io
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
import safetensors.torch
import torch
from click.testing import CliRunner
from torch import Tensor, nn

import netdsl
from netdsl.builder import build_network
from netdsl.cli import netdsl as command
from netdsl.cli.export import WITH_WEIGHTS
from netdsl.core.errors import ExportError
from netdsl.model_export import load_model_exporter
from netdsl.model_export.built_net import BuiltNet

NETS = {
    "sizes": "input 3xHxW; conv 4 k3 s2 p1; bn; relu; residual { conv 4 k3 p1 }; gap; flatten; linear 5",
    "steps": "input Tx8; attention 2; linear 6; last; linear 3",
    "words": "input 12; embedding 30->8; posembed; classtoken; transformer 2; last; linear 3",
    "moves": "input 4x6x6; droppath p=0.1; crop 4; reshape 8x8; transpose; mean dim=0; linear 2",
    "inputs": "input user=1 film=1 age=3; embedding 9->4; flatten as u; from film; embedding 7->4; flatten; mul u\n"
    "from age; linear 4; add u; linear 2 as score; output score",
    "decoder": "input source=S target=T; embedding 9->8; transformer 2 as memory\n"
    "from target; embedding 7->8; decoder 2 from=memory; linear 7",
    "skips": "input 1xHxW; conv 4 k3 p1 as a; maxpool 2; conv 4 k3 p1; upsample 2; concat a; conv 2 k1",
}

STATED = "input 7x8; gru 6; last; linear 3"


def build(text: str) -> BuiltNet:
    torch.manual_seed(0)
    return BuiltNet(netdsl.shapes(text), netdsl.build(text).eval(), {"net": text})


# torch's ONNX exporter takes seconds for each.
TRIED = [
    *((target, name) for target in ("torch", "script") for name in NETS),
    ("onnx", "sizes"),
    ("onnx", "words"),
    ("onnx", "inputs"),
]


@pytest.mark.parametrize(("target", "name"), TRIED)
def test_what_computes_agrees_with_torch_for_every_batch_and_size(target: str, name: str) -> None:
    if target == "onnx":
        pytest.importorskip("onnxruntime", reason="netdsl[onnx]")
    exported = load_model_exporter(target)(build(NETS[name]))
    assert exported.difference is not None
    assert exported.difference < 1e-5


def test_an_onnx_graph_names_what_may_vary_and_holds_the_net() -> None:
    onnx = pytest.importorskip("onnx", reason="netdsl[onnx]")
    content = load_model_exporter("onnx")(build(NETS["skips"])).content
    model = onnx.load_from_string(content)
    onnx.checker.check_model(model)
    batch, channels, *sizes = model.graph.input[0].type.tensor_type.shape.dim
    assert channels.dim_value == 1
    assert all(size.dim_param for size in (batch, *sizes))
    assert {each.key: each.value for each in model.metadata_props}["net"] == NETS["skips"]


def test_an_onnx_graph_names_each_input_and_the_output() -> None:
    onnx = pytest.importorskip("onnx", reason="netdsl[onnx]")
    model = onnx.load_from_string(load_model_exporter("onnx")(build(NETS["inputs"])).content)
    assert [one.name for one in model.graph.input] == ["user", "film", "age"]
    assert [one.name for one in model.graph.output] == ["score"]
    assert all(one.type.tensor_type.shape.dim[0].dim_param for one in model.graph.input)


def test_weights_carry_the_names_of_the_built_net() -> None:
    built = build(NETS["steps"])
    pth = torch.load(io.BytesIO(load_model_exporter("pth")(built).content), weights_only=True)
    safe = safetensors.torch.load(load_model_exporter("safetensors")(built).content)
    own = built.module.state_dict()
    assert list(pth) == list(own)
    assert set(safe) == set(own)
    assert all(pth[name].equal(own[name]) and safe[name].equal(own[name]) for name in own)


class Fixed(nn.Module):
    """A layer that remembers the batch which it saw first."""

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.ones(int(x.shape[0]), 1)


@pytest.mark.parametrize("target", ["torch", "script", "onnx"])
def test_a_size_is_never_fixed_silently(target: str) -> None:
    network = netdsl.shapes("input 4; identity")
    with pytest.raises(ExportError, match=r"trace this net|fix a size|differs"):
        load_model_exporter(target)(BuiltNet(network, Fixed().eval(), {}))


@pytest.mark.parametrize("target", ["torch", "onnx"])
def test_torch_unrolls_recurrent_layers_so_that_their_length_must_be_stated(target: str) -> None:
    difference = load_model_exporter(target)(build(STATED)).difference
    assert difference is not None
    assert difference < 1e-5
    with pytest.raises(ExportError, match="torch would fix a size that may vary") as error:
        load_model_exporter(target)(build(STATED.replace("7", "T")))
    assert error.value.help == "state the sizes of the input, or write `--to script`"


@pytest.mark.parametrize(
    ("target", "layers"),
    [
        ("onnx", "lstm 6 bidirectional; last"),
        ("torch", "lstm 6 2 bidirectional proj_size=3 bias=false; last"),
        ("torch", "gru 4 2 bidirectional; max"),
        ("torch", "rnn 4 bidirectional nonlinearity=relu"),
        ("script", "lstm 6 bidirectional; mean"),
    ],
)
def test_the_way_back_through_filled_up_texts_is_exported(target: str, layers: str) -> None:
    network = netdsl.shapes(f"input 7; embedding 30->4; {layers}")._replace(padded=True)
    module = build_network(network).eval()
    texts = torch.tensor([[5, 6, 0, 0, 0, 0, 0], [1, 2, 3, 4, 5, 6, 7]])

    class Filled(BuiltNet):
        def samples(self, batch: int, shapes: Sequence[tuple[int, ...]]) -> tuple[Tensor, ...]:
            return (texts[[number % 2 for number in range(batch)]],)

    difference = load_model_exporter(target)(Filled(network, module, {})).difference
    assert difference is not None
    assert difference < 1e-5


WIRED = {
    "siamese": (
        "block tower { conv 4 k3; relu; gap; flatten; linear 3 }\ninput left=1x8x9 right=1x8x9\n"
        "tower as one; from right; again one; mul one; linear 1"
    ),
    "words": (
        "input source=7 target=5; embedding 30->8 as words; transformer 2 as memory; from target; again words\n"
        "decoder 2 from=memory; linear 30"
    ),
    "heads": (
        "input 3xHxW; conv 4 k3; relu as low; gap; flatten; linear 2 as aux; from low; conv 5 k1 as map\noutput aux map"
    ),
    "sizes": "input a=3xHxW b=3xHxW; conv 4 k3 p1 as c; from b; again c; add c; gap; flatten; linear 2",
}


WIRED_TRIED = [
    *((target, name) for target in ("torch", "script") for name in WIRED),
    ("onnx", "heads"),
    ("onnx", "sizes"),
]


@pytest.mark.parametrize(("target", "name"), WIRED_TRIED)
def test_nets_of_several_inputs_and_outputs_are_exported(target: str, name: str) -> None:
    difference = load_model_exporter(target)(build(WIRED[name])).difference
    assert difference is not None
    assert difference < 1e-5


def test_what_onnxruntime_cannot_run_is_refused() -> None:
    with pytest.raises(ExportError, match="onnxruntime cannot run this net"):
        load_model_exporter("onnx")(build("input 5x4; lstm 6 proj_size=3"))


class Wrong(nn.Module):
    """A layer that computes something else each time."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return x + self.calls


def test_another_result_than_torch_s_is_refused() -> None:
    built = BuiltNet(netdsl.shapes("input 4; identity"), Wrong().eval(), {})
    with pytest.raises(ExportError, match="differs from torch by"):
        built.compare(lambda x: x)
    with pytest.raises(ExportError, match=r"gives \(1, 8\) where torch gives \(1, 4\)"):
        built.compare(lambda x: torch.cat([x, x], 1))


NET = "input 4\nlinear 4->3\ndata fake 4 classes=3 size=24 batch=8 { normalize mean=0.5 std=0.25 }\ntrain epochs=1\n"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained") / "运行"
    netdsl.train(NET.replace(" { normalize mean=0.5 std=0.25 }", ""), out=folder, quiet=True, device="cpu")
    return folder


def test_a_run_is_exported_with_its_trained_weights(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "net.safetensors"
    result = CliRunner().invoke(command, ["export", str(run), "--to", "safetensors", "-o", str(out)])
    assert result.exit_code == 0, result.stderr
    assert result.stderr.startswith("weights: epoch 1")
    trained = netdsl.load(run).model.state_dict()
    assert all(value.equal(trained[name]) for name, value in safetensors.torch.load_file(out).items())
    with safetensors.safe_open(out, "pt") as file:
        about = file.metadata()
    assert json.loads(about["classes"]) == ["0", "1", "2"]
    assert (about["input"], about["output"]) == ("4", "3")


def test_a_run_is_written_as_python_too(run: Path) -> None:
    result = CliRunner().invoke(command, ["export", str(run)])
    assert result.exit_code == 0
    assert "class Net" in result.output


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["-e", "linear 4->3", "--to", "pth", "-o", "no/such/net.pth"], 2, "cannot be written: no such folder"),
        (["-e", "linear 4->", "--to", "onnx", "-o", "net.onnx"], 1, "error[NET"),
        (["absent", "--to", "onnx", "-o", "net.onnx"], 2, "no such file: `absent`"),
        (["absent.safetensors", "--to", "pth", "-o", "net.pth"], 1, "`absent.safetensors` is no run"),
    ],
)
def test_mistakes_are_told_before_the_work(
    arguments: list[str], status: int, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(command, ["export", *arguments], prog_name="netdsl")
    assert list(tmp_path.iterdir()) == []
    assert result.exit_code == status
    assert message in result.stderr


def test_a_missing_package_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    with pytest.raises(ExportError, match="ONNX needs onnxruntime, which cannot be imported") as error:
        load_model_exporter("onnx")(build("linear 4->3"))
    assert error.value.help == '`pip install "netdsl[onnx]"`'


def test_the_command_lists_every_target() -> None:
    words = CliRunner().invoke(command, ["export", "--help"]).output.split()
    assert WITH_WEIGHTS == ["onnx", "pth", "safetensors", "script", "torch"]
    assert {*WITH_WEIGHTS} < {*words}

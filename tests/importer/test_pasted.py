"""Nets that stand in a text: as torch makes them where it is code for torch, else as the sizes of the text say."""

import importlib
import inspect
import warnings
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from torch import nn

import netdsl
from netdsl.cli import netdsl as command
from netdsl.core.diagnostics import errors
from netdsl.core.errors import UnsupportedModule
from netdsl.importer.pasted import write_pasted
from netdsl.plugins.registry import load_registry

REGISTRY = load_registry(installed=False)
CODE = Path(__file__).parent / "pasted"

TORCH = {
    "course_cifar10": (3, 32, 32),
    "d2l_alexnet": (1, 224, 224),
    "d2l_densenet": (1, 96, 96),
    "d2l_googlenet": (1, 96, 96),
    "d2l_lenet": (1, 28, 28),
    "d2l_lenet_bn": (1, 28, 28),
    "d2l_mlp": (1, 28, 28),
    "d2l_nin": (1, 224, 224),
    "d2l_resnet18": (1, 96, 96),
    "d2l_softmax": (1, 28, 28),
    "d2l_vgg11": (1, 224, 224),
    "examples_dcgan_discriminator": (3, 64, 64),
    "examples_dcgan_generator": (100, 1, 1),
    "examples_fast_neural_style": (3, 32, 32),
    "examples_mnist": (1, 28, 28),
    "examples_mnist_rnn": (1, 28, 28),
    "examples_super_resolution": (1, 32, 32),
    "se_block": (3, 32, 32),
    "tutorial_cifar10": (3, 32, 32),
    "tutorial_quickstart": (1, 28, 28),
    "unet_encoder": (3, 32, 32),
    "unet_whole": (3, 32, 32),
}
"""Texts with a net of torch, and the shape of one sample."""

TORCHVISION = {
    "alexnet": "AlexNet()",
    "densenet": "DenseNet(32, (6, 12, 24, 16), 64)",
    "googlenet": "GoogLeNet(aux_logits=False, init_weights=False)",
    "mnasnet": "MNASNet(1.0)",
    "mobilenetv2": "MobileNetV2()",
    "mobilenetv3": "MobileNetV3(*_mobilenet_v3_conf('mobilenet_v3_small'))",
    "resnet": "ResNet(Bottleneck, [3, 4, 6, 3], groups=32, width_per_group=4)",
    "shufflenetv2": "ShuffleNetV2([4, 8, 4], [24, 116, 232, 464, 1024])",
    "squeezenet": "SqueezeNet('1_1')",
    "vgg": "VGG(make_layers(cfgs['A'], batch_norm=True))",
}
"""Modules of torchvision, whose source is pasted whole, and the call that makes the net."""


@pytest.mark.parametrize(("name", "size"), TORCH.items(), ids=TORCH)
def test_a_net_of_torch_computes_the_same(name: str, size: tuple[int, ...]) -> None:
    program = (CODE / f"{name}.py").read_text("utf-8")
    built = netdsl.build(write_pasted(program, f"{name}.py", REGISTRY, input=size)).eval()
    scope: dict[str, object] = {"__name__": "pasted"}
    with warnings.catch_warnings(action="ignore"):  # lazy modules warn that they are lazy
        exec(compile(program, name, "exec"), scope)  # a file of these tests
        made = list(scope.values())[-1]
        net = (made() if isinstance(made, type) else made).eval()  # type: ignore[attr-defined]
        x = torch.randn(2, *size)
        net(x)  # what is lazy has its sizes now
    _copy_weights(net, built)
    with torch.no_grad():
        assert torch.equal(built(x), net(x))


def _copy_weights(net: nn.Module, built: nn.Module) -> None:
    """By the names that their modules go by, and in the order of those of one name: blocks may nest otherwise."""
    ours, theirs = (sorted(one.state_dict(), key=_last_name) for one in (built, net))
    given = net.state_dict()
    built.load_state_dict({mine: given[other] for mine, other in zip(ours, theirs, strict=True)})


def _last_name(key: str) -> str:
    """`conv1.weight` of `layer1.0.body.conv1.weight`; places say nothing."""
    *_, module, kind = key.split(".")
    return f"{'' if module.isdigit() else module}.{kind}"


@pytest.mark.parametrize(("module", "call"), TORCHVISION.items(), ids=TORCHVISION)
def test_a_net_of_torchvision_has_the_same_parameters(module: str, call: str) -> None:
    found = importlib.import_module(f"torchvision.models.{module}")
    written = write_pasted(f"{inspect.getsource(found)}\nnet = {call}\n", f"{module}.py", REGISTRY)
    with torch.device("meta"):
        expected = eval(call, vars(found))
    assert netdsl.shapes(written).params == sum(one.numel() for one in expected.parameters())


def test_names_of_attributes_stay_so_that_weights_fit() -> None:
    program = (CODE / "examples_mnist.py").read_text("utf-8")
    keys = list(netdsl.build(write_pasted(program, "a.py", REGISTRY)).state_dict())
    assert keys == [f"{name}.{kind}" for name in ("conv1", "conv2", "fc1", "fc2") for kind in ("weight", "bias")]


@pytest.mark.parametrize("name", ["keras_mnist.py", "keras_lstm.py", "darknet_tiny.cfg", "darknet_residual.cfg"])
def test_other_code_is_written_as_the_language_has_it(name: str, golden: Callable[[Path, str], None]) -> None:
    written = write_pasted((CODE / name).read_text("utf-8"), name, REGISTRY)
    assert errors(netdsl.check(written)) == []
    golden(CODE / f"{name}.net", written)


def test_an_activation_of_keras_is_written_alike_alone_and_inside_a_layer() -> None:
    layers = 'Dense(4, input_dim=2, activation="swish"), Activation("swish"), Activation("linear")'
    written = write_pasted(f"from keras import *\nSequential([{layers}])", "a.py", REGISTRY)
    assert written.split() == ["input", "2", "linear", "4", "silu", "silu"]


@pytest.mark.parametrize("program", ["net = nn.Sequential(nn.Linear(4, 2))", "nn.Sequential(\n    nn.Linear(4, 2),\n)"])
def test_a_piece_without_imports_is_read(program: str) -> None:
    assert write_pasted(program, "a.py", REGISTRY) == "linear 4->2\n"


PRINTED = nn.Sequential(
    OrderedDict(
        stem=nn.Sequential(
            nn.Conv2d(3, 8, 5, padding=2),
            nn.BatchNorm2d(8, eps=0.001, momentum=0.3),
            nn.ReLU(inplace=True),
            nn.Conv2d(8, 8, (3, 1), padding="same", groups=4, bias=False),
            nn.GroupNorm(2, 8),
            nn.LeakyReLU(0.2),
        ),
        pool=nn.MaxPool2d(3, 2, 1),
        up=nn.ConvTranspose2d(8, 4, 3, stride=2, output_padding=1),
        act=nn.PReLU(4),
        resize=nn.Upsample(scale_factor=2, mode="bilinear"),
        nearest=nn.UpsamplingNearest2d(scale_factor=2),
        gelu=nn.GELU("tanh"),
        clip=nn.Hardtanh(0.0, 4.0),
        mean=nn.AdaptiveAvgPool2d((2, 3)),
        flat=nn.Flatten(),
        head=nn.Sequential(
            nn.Dropout(0.3), nn.Linear(24, 16, bias=False), nn.LayerNorm(16), nn.Sequential(), nn.Linear(16, 5)
        ),
        out=nn.LogSoftmax(dim=1),
    )
)


@pytest.mark.parametrize("before", ["", ">>> print(net)\n"])
def test_a_printed_net_computes_what_the_net_computes(before: str) -> None:
    written = write_pasted(f"{before}{PRINTED}\n", "a.txt", REGISTRY, input=(3, 8, 8))
    built = netdsl.build(written)
    built.load_state_dict(PRINTED.state_dict())
    x = torch.randn(2, 3, 8, 8)
    with torch.no_grad():
        assert torch.equal(built.eval()(x), PRINTED.eval()(x))


SIZES = """\
import torch
from torch import nn

def shuffled(x, groups):
    b, c, h, w = x.size()
    x = x.view(b, groups, c // groups, h, w).{swap}
    return x.reshape(b, {channels}, h, w)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 1)
        self.gate = nn.Conv2d(8, 8, 1)
        self.fc = nn.Linear(9, 2)

    def forward(self, x):
        one, other = {parts}
        x = shuffled(torch.cat([self.conv(one), other.tanh()], 1), 2)
        gate = x.mean((2, 3)).view(x.size(0), x.shape[1], 1, 1)
        x = x * torch.sigmoid(self.gate(gate))
        n, c, _, _ = x.shape
        return self.fc(x.view(n, c, -1))
"""


@pytest.mark.parametrize("swap", ["transpose(1, 2).contiguous()", "permute(0, 2, 1, 3, 4)"])
@pytest.mark.parametrize("channels", ["c", "-1"])
@pytest.mark.parametrize("parts", ["x.chunk(2, dim=1)", "torch.chunk(x, 2, 1)", "x.split(x.size(1) // 2, dim=1)"])
def test_views_with_sizes_of_the_input_compute_the_same(swap: str, channels: str, parts: str) -> None:
    program = SIZES.format(swap=swap, channels=channels, parts=parts)
    built = netdsl.build(write_pasted(program, "a.py", REGISTRY, input=(8, 3, 3)))
    scope: dict[str, Any] = {}
    exec(program, scope)  # it stands above
    net = scope["Net"]()
    _copy_weights(net, built)
    x = torch.randn(2, 8, 3, 3)
    assert torch.equal(built(x), net(x))


NAMED = """\
from torch import nn

class ConvUnit(nn.Sequential):
    def __init__(self, a, b):
        super().__init__(nn.Conv2d(a, b, 3), nn.ReLU())

class Residual(nn.Module):
    def __init__(self, a):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(a, a, 1), nn.Tanh())

    def forward(self, x):
        return self.body(x).relu()

net = nn.Sequential(ConvUnit(3, 4), ConvUnit(4, 8), Residual(8), ConvUnit(8, 8))
"""


def test_blocks_are_named_after_their_classes() -> None:
    written = write_pasted(NAMED, "a.py", REGISTRY)
    assert written.split("\n\n")[1].split() == ["convunit", "convunit2", "residual1", "convunit2"]


TWICE = """\
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.unit = nn.Sequential(nn.Conv2d(3, 3, 1), nn.ReLU())
        self.act = nn.ReLU()
        self.layers = nn.ModuleList([nn.Linear(12, 12)])

    def forward(self, x):
        x = self.act(self.conv(x))
        x = x + self.unit(self.unit(x))
        for _ in range(2):
            x = self.act(self.conv(x))
        x = self.layers[0](x.flatten(1)).tanh()
        return self.layers[0](x)
"""


def test_a_module_that_is_called_twice_is_used_again() -> None:
    written = write_pasted(TWICE, "a.py", REGISTRY, input=(3, 2, 2))
    lines = [line for line in written.splitlines() if line]
    assert lines[1:] == [
        "input 3x2x2",
        "conv 3->3 k3 p1 as conv",
        "relu",
        f"residual {{ {lines[0].split()[1]} as unit; again unit }}",
        "again conv",
        "relu",
        "again conv",
        "relu",
        "flatten",
        "linear 12->12 as shared1",
        "tanh",
        "again shared1",
    ]
    scope: dict[str, Any] = {}
    exec(TWICE, scope)  # it stands above
    theirs, ours = scope["Net"](), netdsl.build(written)
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        one.data.copy_(other.data)
    x = torch.randn(2, 3, 2, 2)
    assert torch.equal(ours(x), theirs(x))


def test_a_list_of_modules_that_holds_one_twice_is_used_again() -> None:
    program = "a = nn.Linear(4, 4)\nnet = nn.Sequential(a, nn.ReLU(), a, nn.Tanh(), nn.Linear(4, 2))"
    written = write_pasted(program, "a.py", REGISTRY)
    assert written.split("\n")[:5] == ["linear 4->4 as shared1", "relu", "again shared1", "tanh", "linear 4->2"]


NET = """\
from torch import nn
class Net(nn.Module):
    def __init__(self):
        {init}
    def forward(self, x):
        {forward}
"""


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("x = (", "`a.py`, line 1: this is not Python: '(' was never closed"),
        ("print(1)", "`a.py` holds no net"),
        (
            NET.format(init="self.a = nn.Linear(2, 2)", forward="return self.a(x).sort()"),
            "`a.py`, line 6: `self.a(x).sort()` has no counterpart in the language",
        ),
        (
            NET.format(init="self.a = nn.Linear(2, 2)", forward="return self.a(x + self.a(x))"),
            "`a.py`: the weights of `a` are used in two bodies, and a module belongs to one",
        ),
        (
            NET.format(init="self.a = nn.Linear(size, 2)", forward="return self.a(x)"),
            "`a.py`, line 4: `nn.Linear(size, 2)` cannot be worked out from this text alone",
        ),
        (
            NET.format(init="self.a = nn.Linear('2', 2)", forward="return self.a(x)"),
            "`a.py`, line 4: torch refuses `nn.Linear('2', 2)`: ",
        ),
        (
            NET.format(init="pass", forward="b, c, h, w = x.shape; return x.view(b, h, w, c)"),
            "`a.py`, line 6: `x.view(b, h, w, c)` has no counterpart in the language",
        ),
        (
            NET.format(init="pass", forward="b, c, h, w = x.shape; return nn.ReLU()(x.view(b, 2, c // 2, h, w))"),
            "`a.py`, line 6: `nn.ReLU()(x.view(b, 2, c // 2, h, w))` has no counterpart in the language",
        ),
        (
            NET.format(init="pass", forward="b, *sizes = x.shape; return x.view(b, -1)"),
            "`a.py`, line 6: `(b, *sizes)` has no counterpart in the language",
        ),
        (
            NET.format(init="pass", forward="a, b = x.chunk(2, 1); return a + b"),
            "`a.py`, line 6: `a + b` has no counterpart in the language",
        ),
        (
            NET.format(init="self.a = [0] * 10**9", forward="return x"),
            "`a.py`, line 4: `[0] * 10 ** 9` has no counterpart in the language",
        ),
        (
            NET.format(init="self.a = 2**99", forward="return x"),
            "`a.py`, line 4: `2 ** 99` has no counterpart in the language",
        ),
        (
            NET.format(init="self.a = [0] * 2.5", forward="return x"),
            "`a.py`, line 4: `[0] * 2.5` has no counterpart in the language",
        ),
        (
            NET.format(init="self.a = nn.ModuleDict(5)", forward="return x"),
            "`a.py`, line 4: `nn.ModuleDict(5)` has no counterpart in the language",
        ),
        (
            NET.format(init="self.a = nn.ModuleList(5)", forward="return x"),
            "`a.py`, line 4: `nn.ModuleList(5)` has no counterpart in the language",
        ),
        (
            NET.format(init="self.a = '%999999999d' % 1", forward="return x"),
            "`a.py`, line 4: `'%999999999d' % 1` has no counterpart in the language",
        ),
        (
            NET.format(init="self.a = nn.LSTM(2, 2)", forward="return self.a(x)[0]"),
            "`a.py`, line 6: `self.a(x)` has no counterpart in the language",
        ),
        (
            NET.format(init="self.a = nn.Sequential(*[unknown(2)])", forward="return self.a(x)"),
            "`a.py`, line 4: `nn.Sequential(*[unknown(2)])` has no counterpart in the language",
        ),
        (
            NET.format(init="self.a = nn.Linear(2, 2)", forward="return self.a(x) * torch.rand(2)"),
            "`a.py`, line 6: `self.a(x) * torch.rand(2)` has no counterpart in the language",
        ),
        (
            NET.format(init="self.a = list(range(1000000000000))", forward="return x"),
            "`a.py`, line 4: `list(range(1000000000000))` has no counterpart in the language",
        ),
        (
            "from keras import layers\nmodel.add(layers.Attention())",
            "`a.py`, line 2: Keras's `Attention` has no counterpart in the language",
        ),
        (
            "[net]\nwidth=8\n[yolov9]\n",
            "`a.py`, line 3: darknet's `[yolov9]` has no counterpart in the language as it stands here",
        ),
        (
            "Net(\n  (a): Linear(in_features=4, out_features=2, bias=True)\n)",
            "`a.py`, line 1: a printed `Net` does not say its `forward`",
        ),
        (
            "Sequential(\n  (0): ReLU()\n  (1): Block(\n    (a): ReLU()\n  )\n)",
            "`a.py`, line 3: a printed `Block` does not say its `forward`",
        ),
        (
            "Sequential(\n  (0): ReLU()\n  (1): DropPath(0.1)\n)",
            "`a.py`, line 3: a printed `DropPath` does not say its `forward`",
        ),
        ("Sequential(\n  (0): ReLU()\n", "`a.py` ends inside a printed net: its last `)` is missing"),
        (
            "Sequential(\n  (0): ReLU()\n  (0): Tanh()\n)",
            "`a.py`, line 3: `(0): Tanh()` is no line of a printed net",
        ),
        (
            "Sequential(\n  (0): Linear(in_features=open('ran', 'w'))\n)",
            "`a.py`, line 2: `Linear(in_features=open('ran', 'w'))` is no line of a printed net",
        ),
        (
            "Sequential(\n  (0): ReLU()\n)\n1 net",
            "`a.py`, line 4: `1 net` is no line of a printed net",
        ),
        (
            "Sequential(\n  (0): Linear(in_features=4)\n)",
            "`a.py`, line 2: torch refuses `nn.Linear(in_features=4)`: ",
        ),
        ("Sequential(\n  (0): Sequential(\n" + "(0): Sequential(\n" * 60, "`a.py`, line 51: this is nested too deep"),
        (
            "====================\nLayer (type:depth-idx)   Param #",
            "`a.py` is a table of layers, which does not say what their arguments are",
        ),
    ],
)
def test_what_cannot_be_had_is_named_by_its_line(program: str, message: str) -> None:
    with pytest.raises(UnsupportedModule) as refused:
        write_pasted(program, "a.py", REGISTRY)
    assert str(refused.value).startswith(message)


def test_the_command_reads_a_text_and_runs_nothing(net_file: Callable[[str], Path]) -> None:
    net_file("").with_name("model.py").write_text(
        "from torch import nn\nopen('ran', 'w')\nnet = nn.Sequential(nn.Linear(4, 2))\n"
    )
    result = CliRunner().invoke(command, ["import", "--text", "model.py"])
    assert (result.exit_code, result.output) == (0, "linear 4->2\n")
    assert not Path("ran").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["import"], "give either MODULE:ATTRIBUTE or `--text FILE`"),
        (["import", "a:net", "--text", "a.py"], "give either MODULE:ATTRIBUTE or `--text FILE`"),
        (["import", "a:net", "--net", "b"], "`--net` chooses a net of a text: give `--text FILE`"),
        (["import", "--text", "absent.py"], "no such file: `absent.py`"),
        (["import", "--text", "model.py", "--net", "nat"], "`model.py` holds no net `nat`\nhelp: did you mean `net`?"),
        (["check", "model.py"], "help: `netdsl import --text model.py` writes it in the language"),
    ],
)
def test_mistakes_of_the_command_line(net_file: Callable[[str], Path], arguments: list[str], message: str) -> None:
    code = "from torch import nn\n\n\ndef f(x):\n    return x + 1\n\n\nnet = nn.Sequential(\n    nn.Linear(4, 2),\n)\n"
    net_file("").with_name("model.py").write_text(code)
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code in (1, 2)
    assert message in result.output

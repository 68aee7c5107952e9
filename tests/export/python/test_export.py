import ast
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import black
import pytest
import torch
from torch import nn

from netdsl import modules
from netdsl.builder import build_network
from netdsl.checker import check
from netdsl.components import Layer, Result, call, layer
from netdsl.components.registry import Registry
from netdsl.core.diagnostics import errors
from netdsl.core.errors import ExportError
from netdsl.core.sizes import Shape
from netdsl.core.source import Source
from netdsl.export.python import export
from netdsl.export.python.signatures import REQUIRED, Like, table
from netdsl.language.parser import parse
from netdsl.plugins.registry import load_registry
from netdsl.program import Network
from tests.soundness.nets import Author
from tests.soundness.wired_nets import WiredAuthor

REGISTRY = load_registry(installed=False)
EXAMPLES = sorted(Path("examples").absolute().glob("*.net"))
GOLDEN = Path(__file__).parents[2] / "golden" / "export"
SMALL = 7_000_000
"""So many parameters may be filled and run in a test."""


def network(text: str, registry: Registry = REGISTRY, **settings: Any) -> Network:
    source = text if isinstance(text, Source) else Source("<text>", text)
    experiment, found = check(source, registry, **settings)
    assert experiment is not None
    assert errors(found) == []
    return experiment.network


def executed(text: str) -> nn.Module:
    """An instance of the exported class, from a module that can see torch alone."""
    imports = [node for node in ast.walk(ast.parse(text)) if isinstance(node, (ast.Import, ast.ImportFrom))]
    names = {name for node in imports for name in (getattr(node, "module", None), *(one.name for one in node.names))}
    assert not any(name and name.startswith("netdsl") for name in names)
    namespace: dict[str, Any] = {"__name__": "model"}
    exec(compile(text, "model.py", "exec"), namespace)
    made: nn.Module = namespace["Net"]()
    return made


def assert_black(text: str) -> None:
    assert black.format_str(text, mode=black.Mode()) == text


def fill(module: nn.Module) -> None:
    """Weights between 0 and 1, the same at each call."""
    generator = torch.Generator().manual_seed(0)
    for value in module.state_dict().values():
        if value.is_floating_point():
            value.copy_(torch.rand(value.shape, generator=generator))


def batches(net: Network) -> list[torch.Tensor]:
    shapes = [(2, *(one.example or one.shape)) for one in net.all_inputs]
    # 0 would stand behind the end of a padded sample, which an exported class does not know of.
    return [
        torch.randint(int(one.padded), 3, shape) if one.dtype == "index" else torch.rand(shape)
        for shape, one in zip(shapes, net.all_inputs, strict=True)
    ]


def assert_same_net(net: Network) -> str:
    """That the exported class has the built net's keys, takes its weights, and computes the same to the last bit."""
    text = export(net, "A net.")
    assert_black(text)
    if net.params > SMALL:
        with torch.device("meta"):
            built, made = build_network(net), executed(text)
        assert shapes(built) == shapes(made)
        return text
    built, made = build_network(net).eval(), executed(text).eval()
    fill(built)
    assert list(built.state_dict()) == list(made.state_dict())
    made.load_state_dict(built.state_dict())
    given = batches(net)
    with torch.no_grad():
        for one, other in zip(outputs(built, given), outputs(made, given), strict=True):
            # A mask that hides nothing changes the last bits.
            same = torch.allclose if net.padded else torch.equal
            assert same(one.nan_to_num(), other.nan_to_num())
    return text


def outputs(module: nn.Module, given: list[torch.Tensor]) -> tuple[torch.Tensor, ...]:
    found = module(*given)
    return found if isinstance(found, tuple) else (found,)


def shapes(module: nn.Module) -> Mapping[str, torch.Size]:
    return {name: value.shape for name, value in module.state_dict().items()}


@pytest.fixture(autouse=True)
def _quiet() -> Any:
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(0)
        yield


VARIANTS = [
    (path, variant)
    for path in EXAMPLES
    for variant in (
        None,
        *(
            statement.items[0].span.text  # of `b16` too, which looks like a short
            for statement in parse(Source(str(path), path.read_text(encoding="utf-8")))[0].statements
            if statement.name.text == "variant"
        ),
    )
]


@pytest.mark.parametrize(("path", "variant"), VARIANTS, ids=lambda value: getattr(value, "stem", value))
def test_examples(path: Path, variant: str | None) -> None:
    text = path.read_text(encoding="utf-8")
    assert_same_net(network(Source(str(path), text), folder=path.parent, variant=variant))


def test_random_nets() -> None:
    exported = 0
    for author in (*map(Author, range(60)), *map(WiredAuthor, range(60))):
        written = author.net().text
        experiment, found = check(Source("<text>", written), REGISTRY)
        if experiment is not None and not errors(found):
            assert_same_net(experiment.network)
            exported += 1
    assert exported > 50


NETS = {
    "no_layer": "input 3x8x8; repeat 0 { relu }",
    "empty_bodies": "input 3x8x8; residual { }; concat { } { bn }",
    "labels": "input 3x8x8; conv 4 k1 as one; bn; relu; relu; relu; relu as two; conv 4 k1; concat one two",
    "reserved_words": "input 3x8x8; conv 8 k1 as lambda; relu; conv 8 k1 as None; concat lambda None",
    "variable": "input 3x8x8; conv 4 k1 as x; relu; add x",
    "self": "input 3x8x8; conv 4 k1 as self; relu; add self; conv 4 k1 as torch; relu; concat torch self",
    "ligature": "input 3x8x8; conv 4 k1 as ﬁrst; relu; add ﬁrst",
    "skips_into_bodies": (
        "input 3x8x8; conv 8 k1 as stem; residual { conv 8 k3 p1; concat stem; conv 8 k1 } shortcut { add stem }\n"
        "concat { conv 4 k1 } { relu; add stem } stem; add { concat stem; conv 20 k1 } { }"
    ),
    "skips_in_bodies": "input 3x8x8; residual { conv 3 k1 as a; relu; add a }; split { conv 1 k1 as b } { relu } { }",
    "skips_deep_down": "input 3x8x8; conv 4 k1 as e; residual { residual { add e; conv 4 k1 as f; add f e } }; add e",
    "scale": "input 3x8x8; conv 3 k1 as s; scale { gap; conv 3 k1; sigmoid }; scale { add s }",
    "split": "input 4x8x8; conv 2 k1 as s; conv 4 k1; split { concat s; conv 3 k1 } { relu }",
    "add": "input 4x8x8; conv 4 k1 as s; relu; add { add s } { conv 4 k1 } s",
    "mul": "input 4x8x8; conv 4 k1 as s; relu; mul { mul s } { conv 4 k1 } s; mul { conv 4 k1; tanh } { }; mul s",
    "matching": "input 4x8x8; residual matching { conv 8 k1; relu }; residual matching { conv 8 k1 }",
    "matching_skips": "input 4x8x8; conv 4 k1 as s; residual matching { conv 8 k1; concat s; conv 6 k1 }",
    "repeated_label": "input 3x8x8; repeat 3 { conv 3 k1 as c; relu; add c }; concat c",
    "block_of_labels": "block b n { conv n k1 as c; relu; concat c }\ninput 3x8x8; b 4; b 5; repeat 4 { b 6 }",
    "block_of_depths": "block st n d { repeat d { conv n k3 p1; bn; relu } }\ninput 3x8x8; st 4 1; st 4 3; st 8 2",
    "block_of_switches": "block st n d { conv n k1; repeat d { relu } }\ninput 3x8x8; st 4 0; st 4 3; st 8 1",
    "dense": "block d n g=4 { repeat n { concat { } { bn; conv g k3 p1 } } }\ninput 3x8x8; d 3; d 5; d 3 g=2",
    "activations": "block b n act=relu { conv n k1; act }\ninput 3x8x8; b 4; b 4 act=gelu; b 5 act=gelu; b 6",
    "blocks_in_blocks": (
        "block u n k=1 { conv n k=k p=(k//2); relu }\n"
        "block v n { u n; u (n*2) k=3; residual project { u n } }\n"
        "block w n d { repeat d { v n } }\n"
        "input 3x8x8; w 4 2; w 8 3; v 8; u 3"
    ),
    "names": (
        "block net out { conv out k1 }\nblock residual_ self x { conv self k=x; residual { } }\n"
        "input 3x8x8; net 4; net 5; residual_ 4 1; residual_ 5 3"
    ),
    "same": (
        "input 3x9x9; conv 4 k4 s2 same; maxpool 2 s1 same; avgpool 2 s2 same\n"
        "upsample 2; pad 1,2,3,4 mode=reflect; crop 5"
    ),
    "sequences": (
        "input 9x8; lstm 6 bidirectional; gru 5; rnn 8; attention 2 causal; transformer 2 causal dim_feedforward=16\n"
        "transformer 2 dim_feedforward=16; classtoken; posembed; layerscale; mean"
    ),
    "numbers": (
        "input 8x6x6; channelshuffle 2; pixelshuffle 2; prelu 2; hardtanh -2 2; threshold 0.1 0; rrelu\n"
        "layernorm eps=1e-7; groupnorm 1; droppath 0.1; permute 1,2,0; reshape 2x-1; select 1; unflatten 0 2x-1\n"
        "transpose; flatten; glu"
    ),
    "torch_s_own": "input 3x8x8; nn.Hardshrink lambd=0.3; nn.Conv2d 3 4 3 padding=1; nn.Hardtanh -2 3; nn.Flatten",
    "long_line": (
        "input 3x8x8\nconv out_channels=4 kernel_size=3 stride=1 padding=1 dilation=1 groups=1 bias=true "
        "padding_mode=replicate as a_label_of_more_than_thirty_letters"
    ),
    "resnet": (
        "use resnet\ninput 3x16x16; stage basic 8 2; stage basic 16 3 stride=2; stage bottleneck 4 2\n"
        "bottleneck 4; bottleneck 4 stride=2"
    ),
    "two_towers": (
        "input user=1 item=1; embedding 90->8 as u; from item; embedding 50->8; mul u; flatten; linear 1 as score\n"
        "output score"
    ),
    "outputs": "input 8; linear 8 as lambda; relu; linear 3 as aux; from lambda; linear 2 as x; output aux x lambda",
    "inputs": "input x=8 self=8 torch=8; concat self; linear 8; add torch x; output self x",
    "ends_in_from": "input 8; linear 8 as a; relu; residual { linear 8 as b; relu; from b }; concat { } { from a }",
    "labelled_repeats": (
        "input 8; repeat 0 { relu } as few; repeat 3 { linear 8; relu } as many; linear 8; add few many\n"
        "residual { repeat 0 { relu } as inner; linear 8; add inner many; repeat 2 { relu } as end; from inner }"
    ),
    "from_in_blocks": (
        "block gate n { conv n k3 p1 as a; tanh as b; from a; sigmoid; mul b }\n"
        "input 3x8x8; gate 4; gate 8; repeat 3 { conv 8 k1 as c; relu; from c; tanh }; from c; sigmoid"
    ),
    "from_in_rounds": "input 8; linear 8 as a; relu; from a; repeat 4 { linear 8; relu }; repeat 3 { from a; tanh }",
    "memory": (
        "input src=6 tgt=5; embedding 9->8; transformer 2 dim_feedforward=16 as memory; from tgt; embedding 7->8\n"
        "decoder 2 from=memory dim_feedforward=16; decoder 4 from=memory causal=false norm_first\n"
        "linear 6; attention 2 from=memory; residual { attention 3 from=memory bias=false; linear 6 }"
    ),
    "siamese": (
        "block tower n { conv n k3 p1 as a; relu; again a; bn }\ninput left=8x6x6 right=8x6x6\n"
        "tower 8 as one; flatten; linear 4 as head; from right; again one as two; tower 8; flatten; again head\n"
        "mul head"
    ),
    "albert": (
        "input 5x8; transformer 2 as layer; repeat 3 { again layer }; repeat 2 { again layer as x; linear 8 }; add x"
    ),
    "again": (
        "input 8; linear 8 as low; residual { linear 8; add low } as r; again r as s; again s; repeat 3 { relu }\n"
        "again low; repeat 3 { tanh }; concat { linear 8 as a; relu; again a } { add a }; output s r"
    ),
    "windows": (
        "input 8x6x8; permute 1,2,0; layernorm as image; windows 2x4; linear 8; unwindows window=2x4 like=image\n"
        "windowattention 2 window=3 shift=1; windowattention 4 window=4x5 shift=2x0 bias=false dropout=0.1\n"
        "windows 2; unwindows 6x8"
    ),
    "indices": "input 7; embedding 9->4 padding_idx=0; mean; linear 2",
}


@pytest.mark.parametrize("name", NETS)
def test_nets(name: str) -> None:
    assert_same_net(network(NETS[name]))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("tudui", "input 3x32x32\nconv 3->32 k5 p2; maxpool 2\nflatten\nlinear 8192->64; linear 64->10"),
        *(
            (name, NETS[name])
            for name in ("skips_into_bodies", "block_of_depths", "blocks_in_blocks", "sequences", "again")
        ),
    ],
)
def test_golden(name: str, text: str, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / f"{name}.txt", export(network(text), f"{name}.net"))


@pytest.mark.parametrize("variant", ["resnet18", "resnet50"])
def test_golden_resnet(variant: str, golden: Callable[[Path, str], None]) -> None:
    path = next(path for path in EXAMPLES if path.stem == "resnet")
    net = network(Source(str(path), path.read_text(encoding="utf-8")), folder=path.parent, variant=variant)
    golden(GOLDEN / f"{variant}.txt", export(net, variant))


def constructor(name: str) -> Mapping[str, inspect.Parameter]:
    cls = getattr(nn, name, None) or getattr(modules, name)
    if issubclass(cls, nn.RNNBase):
        return inspect.signature(nn.RNNBase.__init__).parameters | {"nonlinearity": _defaulted("nonlinearity", "tanh")}
    own = inspect.signature(cls.__init__).parameters
    base = {
        "SelfAttention": nn.MultiheadAttention,
        "CrossAttention": nn.MultiheadAttention,
        "DecoderLayer": nn.TransformerDecoderLayer,
        "CausalTransformerEncoderLayer": nn.TransformerEncoderLayer,
    }.get(name)
    return own | (inspect.signature(base.__init__).parameters if base else {})


def _defaulted(name: str, default: object) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default)


@pytest.mark.parametrize("name", table())
def test_signatures_are_those_of_the_classes(name: str) -> None:
    real, known = constructor(name), table()[name]
    for parameter, default in known.items():
        found = real[parameter].default
        if default is REQUIRED:
            assert found is inspect.Parameter.empty
        elif isinstance(default, Like):
            assert found is None
        else:
            assert getattr(found, "__name__", found) == default
    required = [parameter for parameter, default in known.items() if default is REQUIRED]
    assert [parameter for parameter in real if parameter in known][: len(required)] == required


def test_nothing_is_imported_that_is_not_needed() -> None:
    assert export(network("input 8; linear 4"), "x").splitlines()[:3] == [
        '"""x, as plain PyTorch."""',
        "",
        "from torch import nn",
    ]


def test_a_title_cannot_end_the_docstring() -> None:
    assert_black(export(network("input 8; linear 4"), 'a"""b\\\nimport os'))
    assert executed(export(network("input 8; linear 4"), 'a"""b\\\nimport os'))


PLUGIN = """
import torch
from torch import nn


class Times(nn.Module):
    def __init__(self, times=2, *, name="a"):
        super().__init__()
        self.times = times

    def forward(self, x):
        return x * self.times


class Larger(nn.ModuleList):
    def __init__(self, *branches):
        super().__init__(branches)

    def forward(self, x):
        return torch.maximum(*(branch(x) for branch in self))
"""


@layer("plugin")
def times(x: Shape, times: int = 3) -> Result:
    """Multiplies."""
    return Result(x, call("shiny.layers:Times", times=times))


@layer("plugin")
def larger(x: Shape, branches: tuple[Shape, ...]) -> Result:
    """Takes the larger of two numbers."""
    return Result(branches[0], call("shiny.layers:Larger"))


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    package = tmp_path / "shiny"
    package.mkdir()
    (package / "layers.py").write_text(PLUGIN, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    layers = {**REGISTRY.layers, "times": times, "larger": larger}
    return Registry({**REGISTRY.components, Layer: layers})


def test_modules_of_plugins_are_imported(registry: Registry) -> None:
    text = assert_same_net(network("input 4; times; times 5; larger { linear 4 } { times 2 }", registry))
    assert "import shiny.layers\n" in text
    assert "shiny.layers.Times(times=3)" in text  # the class's own default is not the layer's


def test_a_module_of_a_plugin_cannot_be_handed_outputs(registry: Registry) -> None:
    with pytest.raises(ExportError, match=r"hands labelled outputs to `shiny\.layers\.Larger`"):
        export(network("input 4; linear 4 as a; larger { linear 4 } a", registry), "x")

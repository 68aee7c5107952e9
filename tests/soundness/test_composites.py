from collections.abc import Sequence
from random import Random
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

import netdsl
from netdsl import modules
from netdsl.components import Layer, Refusal, Result
from netdsl.core.sizes import UNKNOWN, evaluate, symbol
from netdsl.export.python import export
from netdsl.plugins.registry import load_registry
from tests.soundness.harness import verdict

LAYERS = load_registry(installed=False).layers
H, W = symbol("H"), symbol("W")

unhurried = settings(deadline=None)

JOINING = ("residual", "shortcut", "concat", "add", "mul", "scale", "split")


class Fixed(nn.Module):
    """A body whose output has a given shape, whatever goes in."""

    def __init__(self, shape: Sequence[int]) -> None:
        super().__init__()
        self.shape = tuple(shape)

    def forward(self, x: Tensor) -> Tensor:
        return x.new_ones(len(x), *self.shape)


def rule(name: str, x: Any, *branches: Any, **others: Any) -> Result | str:
    """What a composite makes of its bodies' shapes, or why it refuses."""
    layer, given = use(name, branches)
    return verdict(layer, x, given | others, {})


def use(name: str, branches: Sequence[Any]) -> tuple[Layer, dict[str, Any]]:
    if name == "shortcut":
        return LAYERS["residual"], dict(zip(("body", "shortcut"), branches, strict=True))
    if name in ("residual", "scale"):
        return LAYERS[name], {"body": branches[0]}
    return LAYERS[name], {"branches": tuple(branches)}


def in_torch(name: str, x: Sequence[int], branches: Sequence[Sequence[int]], dim: int) -> Sequence[int] | None:
    """The shape that torch makes of the outputs, with the language's rule on top that a sum is not broadcast."""
    tensor, outputs = torch.ones(2, *x), [torch.ones(2, *branch) for branch in branches]
    added = outputs if name in ("shortcut", "add", "mul") else [tensor, *outputs]
    try:
        if name == "concat":
            result = torch.stack([torch.cat(samples, dim) for samples in zip(*outputs, strict=True)])
        elif name == "split":
            result = torch.cat(outputs, 1) if x[0] % len(outputs) == 0 else None
        elif name == "scale":
            result = tensor * outputs[0] if len(x) == len(branches[0]) else None
        else:
            result = added[0] if len({output.shape for output in added}) == 1 else None
    except (RuntimeError, IndexError):
        return None
    return None if result is None else tuple(result.shape[1:])


def random_joint(name: str, random: Random) -> tuple[tuple[int, ...], list[tuple[int, ...]]]:
    """An input, and the outputs of bodies that mostly fit each other."""
    x = tuple(random.choice((1, 2, 3, 4, 6)) for _ in range(random.randint(1, 4)))
    number = {"residual": 1, "scale": 1, "shortcut": 2}.get(name, random.randint(1, 4))
    outputs = [list(x) for _ in range(number)]
    for output in outputs:
        if random.random() < (0.5 if name in ("concat", "split", "scale") else 0.2):
            output[random.choice((0, 0, random.randrange(len(x))))] = random.choice((1, 1, 2, 5))
        if random.random() < 0.05:
            output.append(1)
    return x, [tuple(output) for output in outputs]


@pytest.mark.parametrize("name", JOINING)
@unhurried
@given(random=st.randoms(use_true_random=False))
def test_joints_are_what_torch_makes_of_them(name, random):
    x, branches = random_joint(name, random)
    chosen = {"dim": random.randint(-2, 2)} if name == "concat" else {}
    result = rule(name, x, *branches, **chosen)
    expected = in_torch(name, x, branches, chosen.get("dim", 0))
    if expected is None or isinstance(result, str):
        assert expected is None
        assert isinstance(result, str)
        return
    target = getattr(modules, result.call.target.partition(":")[2])
    bodies = [Fixed(branch) for branch in branches]
    assert result.out == expected == target(*bodies, **result.call.arguments)(torch.ones(2, *x)).shape[1:]
    assert (result.params, result.macs) == (0, 0)


@pytest.mark.parametrize("name", JOINING)
@unhurried
@given(random=st.randoms(use_true_random=False))
def test_symbols_agree_with_numbers(name, random):
    x, branches = random_joint(name, random)
    values = {"H": random.randint(1, 6), "W": random.randint(1, 6)}

    def hidden(shape: Sequence[int]) -> Sequence[Any]:
        return tuple(H + (size - values["H"]) if random.random() < 0.4 else size for size in shape)

    hidden_branches = [hidden(branch) for branch in branches]
    plain = rule(name, x, *branches)
    layer, given_branches = use(name, hidden_branches)
    formal = verdict(layer, hidden(x), given_branches, values)
    if isinstance(plain, str):
        assert isinstance(formal, str)
    elif not isinstance(formal, str):
        assert tuple(evaluate(size, values) for size in formal.out) == plain.out
    else:
        assert name == "scale", "a symbol is not taken to be 1, so that it is not stretched"


@pytest.mark.parametrize("name", JOINING)
@unhurried
@given(random=st.randoms(use_true_random=False))
def test_unknown_sizes_hide_mistakes_but_make_none(name, random):
    x, branches = random_joint(name, random)

    def hidden(shape: Sequence[int]) -> Sequence[Any]:
        return tuple(UNKNOWN if random.random() < 0.4 else size for size in shape)

    plain = rule(name, x, *branches)
    layer, arguments = use(name, [hidden(branch) for branch in branches])
    try:
        result = layer.apply(hidden(x), **arguments)
    except Refusal:
        assert isinstance(plain, str)
        return
    if not isinstance(plain, str):
        pairs = zip(result.out, plain.out, strict=True)
        assert name == "scale" or all(ours in (theirs, UNKNOWN) for ours, theirs in pairs)


@pytest.mark.parametrize(
    ("name", "x", "branches", "chosen", "message"),
    [
        ("residual", (3, 8, 8), [(4, 8, 8)], {}, "cannot add its input, 3x8x8, to the body's output, 4x8x8"),
        (
            "shortcut",
            (3, 8, 8),
            [(4, 8, 8), (4, 4, 4)],
            {},
            "the shortcut's output, 4x4x4, to the body's output, 4x8x8",
        ),
        ("residual", (3, 8, 8), [(3, 8, 8)], {"matching": True, "project": True}, "`matching` leaves the sum out"),
        ("residual", (3, 9, 9), [(4, 4, 4)], {"project": True}, "3x9x9 into the shape 4x4x4 with a whole stride"),
        ("residual", (3, 9, 9), [(10,)], {"project": True}, "3x9x9 into the shape 10 with a 1x1 convolution"),
        ("residual", (9,), [(10,)], {"project": True}, "9 into the shape 10 with a 1x1 convolution"),
        ("concat", (3, 8, 8), [(4, 8, 8), (4, 4, 4)], {}, "cannot join 4x8x8, 4x4x4 along dimension 0"),
        ("concat", (3, 8, 8), [(4, 8, 8), (4, 8)], {}, "the same number of dimensions"),
        ("concat", (3, 8, 8), [(4, 8, 8)], {"dim": 3}, "`dim` is 3, which an input of 4x8x8 does not have"),
        ("add", (3, 8, 8), [(4, 8, 8), (4, 8, 1)], {}, "cannot add 4x8x8, 4x8x1"),
        ("scale", (3, 8, 8), [(4, 1, 1)], {}, "cannot multiply 3x8x8 by the body's output, 4x1x1"),
        ("scale", (3, 8, 8), [(3,)], {}, "cannot multiply 3x8x8 by the body's output, 3"),
        ("split", (5, 8), [(2, 8), (3, 8)], {}, "cannot cut 5 channels into 2 equal parts"),
        ("split", (4, 8), [(2, 8), (2, 4)], {}, "only the channels may differ"),
    ],
)
def test_refusals_name_the_shapes(name, x, branches, chosen, message):
    assert message in rule(name, x, *branches, **chosen)


@pytest.mark.parametrize(
    ("x", "body", "shortcut"),
    [
        ((64, 32, 32), (128, 16, 16), "conv 128 k1 s2 bias=false; bn"),
        ((64, 33, 33), (128, 17, 17), "conv 128 k1 s2 bias=false; bn"),
        ((64, 32, 32), (128, 32, 32), "conv 128 k1 bias=false; bn"),
        ((64, 32, 32), (64, 32, 11), "conv 64 k1 s1x3 bias=false; bn"),
        ((16, 100), (32, 25), "conv 32 k1 s4 bias=false; bn"),
        ((8, 4, 8, 8), (8, 2, 4, 4), "conv 8 k1 s2 bias=false; bn"),
        ((3, H, W), (8, (H - 1) // 2 + 1, (W - 1) // 2 + 1), "conv 8 k1 s2 bias=false; bn"),
        ((3, H, W), (8, H // 2, W), "conv 8 k1 s2x1 bias=false; bn"),
        ((3, UNKNOWN, 8), (8, 4, 4), "conv 8 k1 s1x2 bias=false; bn"),
        ((64, 32, 32), (64, 32, 32), None),
        ((64, H, W), (64, H, W), None),
        ((64, 32, 32), (UNKNOWN, 16, 16), None),
    ],
)
def test_project_writes_the_shortcut_where_one_is_needed(x, body, shortcut):
    result = LAYERS["residual"].apply(x, body=body, project=True)
    assert result.extra.get("shortcut") == shortcut
    assert result.call.target == "netdsl.modules:Residual"


@pytest.mark.parametrize(
    ("body", "target"),
    [
        ((3, 8, 8), "netdsl.modules:Residual"),
        ((4, 8, 8), "torch.nn:Sequential"),
        ((3, 8), "torch.nn:Sequential"),
        ((UNKNOWN, 8, 8), "netdsl.modules:Residual"),
    ],
)
def test_matching_leaves_the_sum_out_where_shapes_differ(body, target):
    result = LAYERS["residual"].apply((3, 8, 8), body=body, matching=True)
    assert result.call.target == target


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mul 0.17", lambda x: 0.17 * x),
        ("add 1", lambda x: x + 1),
        ("let width=3; mul width; add -0.5", lambda x: 3 * x - 0.5),
        ("residual factor=0.17 { relu }", lambda x: x + 0.17 * x.relu()),
        ("residual factor=2 { relu } shortcut { tanh }", lambda x: x.tanh() + 2 * x.relu()),
        ("tanh as low; residual factor=0.5 { add low }", lambda x: x.tanh() + 0.5 * (x.tanh() + x.tanh())),
    ],
)
def test_numbers_take_part(text, expected):
    x = torch.randn(2, 3, 4)
    assert torch.allclose(netdsl.build(f"input 3x4; {text}")(x), expected(x))


def test_a_number_stands_alone():
    assert "takes a number or outputs, not both" in rule("mul", (3, 8), (3, 8), factor=2.0)
    with pytest.raises(netdsl.NetError, match="expects whole numbers"):
        netdsl.shapes("input 8; mul 2; embedding 10->4")


@pytest.mark.parametrize("word", ["spectralnorm", "weightnorm"])
def test_weights_are_normalised_as_by_torch(word):
    body = "conv 4 k3; relu; residual { conv 4 k1 }; convt 6 k2 bias=false; flatten; linear 7"
    torch.manual_seed(0)
    normalised = netdsl.build(f"input 3x6x6; {word} {{ {body} }}").eval()
    plain = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 1), nn.ConvTranspose2d(4, 6, 2, bias=False))
    plain.append(nn.Linear(150, 7))
    for module in plain:
        getattr(nn.utils.parametrizations, f"{word[:-4]}_norm")(module)
    own = [module for module in normalised.modules() if hasattr(module, "parametrizations")]
    for module, other in zip(plain.eval(), own, strict=True):
        module.load_state_dict(other.state_dict())
    first, inner, transposed, last = plain
    x = torch.randn(2, 3, 6, 6)
    hidden = first(x).relu()
    assert torch.allclose(normalised(x), last(transposed(hidden + inner(hidden)).flatten(1)), atol=1e-6)
    expected = sum(parameter.numel() for parameter in plain.parameters())
    assert netdsl.shapes(f"input 3x6x6; {word} {{ {body} }}").params == expected


@pytest.mark.parametrize(
    "text",
    [
        "weightnorm { repeat 3 { conv 3 k3 p1 }; spectralnorm { conv 2 k1 } }",
        "conv 4 k1 as a; weightnorm { conv 4 k3 p1; add a; spectralnorm { conv 2 k1; concat a } }",
    ],
)
def test_nested_norms_count_and_export_what_they_build(text):
    network, net = netdsl.shapes(f"input 3x8; {text}"), netdsl.build(f"input 3x8; {text}").eval()
    assert network.params == sum(parameter.numel() for parameter in net.parameters())
    names = {}
    exec(export(network, "net"), names)  # our own text
    again, x = names["Net"]().eval(), torch.randn(2, 3, 8)
    again.load_state_dict(net.state_dict())
    assert torch.equal(again(x), net(x))


def test_sums_of_channels_are_explained():
    assert LAYERS["concat"].apply((3,), branches=((64, 8), (96, 8))).formula == ("64 + 96 = 160",)
    assert LAYERS["split"].apply((4, 8), branches=((2, 8), (3, 8))).formula == ("2 + 3 = 5",)


def test_split_feeds_each_body_its_part():
    feeds = LAYERS["split"].feeds
    assert feeds is not None
    assert feeds((6, 8), 3) == (2, 8)
    assert feeds((UNKNOWN, 8), 3) == (UNKNOWN, 8)
    assert feeds((2 * H, 8), 2) == (H, 8)
    with pytest.raises(Refusal, match="cannot cut 7 channels into 2 equal parts"):
        feeds((7, 8), 2)
    assert not LAYERS["split"].takes_labels


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("residual { conv 3 k1 }", ["0.body.0"]),
        ("residual project { conv 4 k3 s2 p1 }", ["0.body.0", "0.shortcut.0", "0.shortcut.1"]),
        ("residual matching { conv 4 k1 }", ["0.body.0"]),
        ("residual { conv 4 k1 } shortcut { conv 4 k1 }", ["0.body.0", "0.shortcut.0"]),
        ("concat { conv 4 k1 } { } { conv 2 k1 }", ["0.0.0", "0.2.0"]),
        ("conv 3 k1 as a; relu; concat a; add { conv 6 k1 } { conv 6 k1 }", ["a", "3.0.0", "3.1.0"]),
        ("scale { gap; conv 3 k1 }", ["0.body.1"]),
        ("conv 4 k1; split { } { conv 5 k1 }", ["0", "1.1.0"]),
        ("conv 4 k1 as a; residual matching { conv 2 k1; concat a }", ["a", "1.body.0"]),
        ("concat { conv 3 k1 as a } { conv 3 k1; add a }", ["0.0.a", "0.1.0"]),
        ("conv 4 k1; split { conv 2 k1 as y } { add y; conv 2 k1 }", ["0", "1.0.y", "1.1.1"]),
        ("residual { conv 3 k1 as a } shortcut { conv 3 k1; mul a }", ["0.body.a", "0.shortcut.0"]),
        ("concat { conv 3 k1 as a } { conv 3 k1 as a }", ["0.0.a", "0.1.a"]),
        ("conv 3 k1 as a; residual { scale { concat a; conv 3 k1 } }; add a", ["a", "1.body.0.body.1"]),
    ],
)
def test_texts_with_bodies_build_and_run(text, keys):
    network = netdsl.shapes(f"input 3x8x8; {text}")
    net = netdsl.build(f"input 3x8x8; {text}")
    assert net(torch.randn(2, 3, 8, 8)).shape[1:] == network.out
    assert sum(parameter.numel() for parameter in net.parameters()) == network.params
    assert list(dict.fromkeys(key.rpartition(".")[0] for key in net.state_dict())) == keys

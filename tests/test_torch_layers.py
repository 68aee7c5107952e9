import warnings
from random import Random

import pytest
import torch
from torch import Tensor, nn

from netdsl import torch_layers
from netdsl.builder import build_network
from netdsl.checker import check
from netdsl.components import Layer, Refusal, Result, Undetermined
from netdsl.core.sizes import Shape, symbol
from netdsl.core.source import Source
from netdsl.plugins.registry import load_registry
from tests.soundness.generate import random_case
from tests.soundness.harness import by_rule, layers

REGISTRY = load_registry(installed=False)


def layer(name: str) -> Layer:
    found = torch_layers.torch_layer(name)
    assert found is not None
    return found


def refusal(name: str, x: Shape, **arguments: object) -> Refusal:
    with pytest.raises(Refusal) as caught:
        layer(name).apply(x, **arguments)
    return caught.value


@pytest.mark.parametrize("name", ["Hardshrink", "nn.Hardshrnk", "nn.functional", "nn.init", "nn.Tensor", "nn.", "conv"])
def test_a_name_that_is_no_module_of_torch(name: str) -> None:
    assert torch_layers.torch_layer(name) is None


def test_every_name_is_a_layer_with_torch_s_own_name() -> None:
    names = torch_layers.torch_layer_names()
    assert {"Hardshrink", "Conv2d", "Bilinear", "Sequential"} <= set(names)
    assert [layer(f"nn.{name}").name for name in names] == [f"nn.{name}" for name in names]


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("nn.Hardshrink", {"lambd": (float, 0.5)}),
        ("nn.LSTMCell", {"input_size": (int, ...), "hidden_size": (int, ...), "bias": (bool, True)}),
        ("nn.ZeroPad2d", {"padding": (int | tuple[int, int, int, int], ...)}),
        ("nn.RMSNorm", {"normalized_shape": (int | tuple[int, ...], ...), "eps": (float | None, None)}),
        ("nn.Softmax", {"dim": (int | None, None)}),
        ("nn.Tanh", {}),
    ],
)
def test_parameters_are_those_of_the_constructor(name: str, parameters: dict[str, tuple[object, object]]) -> None:
    found = layer(name).parameters
    assert list(found)[: len(parameters)] == list(parameters)
    for parameter, (type_, default) in parameters.items():
        assert found[parameter].type == type_
        assert found[parameter].required if default is ... else found[parameter].default == default
    assert not {"device", "dtype"} & found.keys()


@pytest.mark.parametrize(
    ("name", "message", "advice"),
    [
        ("nn.CrossEntropyLoss", "is a loss, not a layer", "`loss cross_entropy`"),
        ("nn.AdaptiveLogSoftmaxWithLoss", "is a loss, not a layer", "`loss cross_entropy`"),
        ("nn.Sequential", "does nothing by itself", "`block`"),
        ("nn.ModuleList", "does nothing by itself", "`block`"),
        ("nn.Module", "does nothing by itself", "`block`"),
        ("nn.DataParallel", "does nothing by itself", "`block`"),
        ("nn.Bilinear", "takes 2 inputs (`input1`, `input2`)", ""),
        ("nn.MaxUnpool2d", "takes 2 inputs (`input`, `indices`)", ""),
        ("nn.MultiheadAttention", "takes a query, a key and a value", "`attention`"),
        ("nn.LSTM", "returns a state beside its output", "`lstm`"),
        ("nn.LazyConv2d", "has no sizes before its first batch", "`nn.Conv2d`"),
        ("nn.CrossMapLRN2d", "is superseded by `nn.LocalResponseNorm`", "`lrn`"),
        ("nn.TransformerEncoder", "needs `encoder_layer`, which is an object", ""),
    ],
)
def test_a_module_that_can_be_no_layer(name: str, message: str, advice: str) -> None:
    found = refusal(name, (3, 8, 8))
    assert found.message.startswith(f"`{name}` {message}")
    assert advice in (found.help or "")
    assert not any(parameter.required for parameter in layer(name).parameters.values())


@pytest.mark.parametrize(
    ("name", "arguments", "x", "message"),
    [
        ("nn.LSTMCell", {"input_size": 3, "hidden_size": 4}, (3,), "returns a tuple, but a layer returns one tensor"),
        ("nn.MaxPool2d", {"kernel_size": 2, "return_indices": True}, (1, 4, 4), "returns a tuple"),
        ("nn.Flatten", {"start_dim": 0}, (3, 4), "mixes the samples of a batch: it makes 24 of 2 and 36 of 3"),
        ("nn.Conv2d", {"in_channels": 2, "out_channels": 4, "kernel_size": 1}, (8, 8), "torch refuses `nn.Conv2d`: "),
        ("nn.Upsample", {"scale_factor": 0.1}, (1, 4, 4), "leaves nothing of its input: its output is 1x0x0"),
        ("nn.Upsample", {}, (1, 4, 4), "torch refuses `nn.Upsample`: either size or scale_factor should be defined"),
        # the next two the `meta` device overlooks
        (
            "nn.ConvTranspose2d",
            {"in_channels": 6, "out_channels": 1, "kernel_size": 2},
            (7, 4, 4),
            "given transposed=1",
        ),
        ("nn.Softmax", {"dim": 3}, (12,), "dimension out of range"),
    ],
)
def test_what_torch_refuses(name: str, arguments: dict[str, object], x: Shape, message: str) -> None:
    assert message in refusal(name, x, **arguments).message


def test_torch_s_sentence_is_made_ours() -> None:
    message = refusal("nn.GLU", (3, 5), dim=-1).message
    assert message.startswith("torch refuses `nn.GLU`: halving dimension must be even")
    assert not message.endswith(".")
    assert "\n" not in message


def test_random_uses_are_judged_as_torch_judges_them() -> None:
    random = Random(7)
    verdicts = [verdicts_on(random) for _ in range(150)]
    ran = [pair for pair in verdicts if pair is not None]
    assert [pair for pair in ran if pair[0] != pair[1]] == []
    assert min(sum(theirs is None for _, theirs in ran), sum(theirs is not None for _, theirs in ran)) >= 3


def verdicts_on(random: Random) -> tuple[Shape | None, Shape | None] | None:
    """Ours and torch's on a call that a built-in layer makes, sometimes with a number changed."""
    case = random_case(random.choice(list(layers().values())), random)
    result = by_rule(case)
    if isinstance(result, str) or not result.call.target.startswith("torch.nn:"):
        return None
    name, arguments = result.call.target.removeprefix("torch.nn:"), dict(result.call.arguments)
    numbers = [name for name, value in arguments.items() if type(value) is int]
    if numbers and random.random() < 0.5:
        arguments[random.choice(numbers)] += random.choice((-3, -1, 1, 2))
    return by_meta(f"nn.{name}", case.shape, arguments), by_torch(name, case.shape, arguments)


def by_meta(name: str, x: Shape, arguments: dict[str, object]) -> Shape | None:
    try:
        return layer(name).apply(x, **arguments).out
    except Refusal:
        return None


def by_torch(name: str, x: Shape, arguments: dict[str, object]) -> Shape | None:
    try:
        with warnings.catch_warnings(action="ignore"):
            module = getattr(nn, name)(**arguments)
            inputs = (torch.zeros(size, *x, dtype=torch.long if name == "Embedding" else None) for size in (2, 3))
            two, three = (
                tuple(module(batch.requires_grad_(batch.is_floating_point()).clone()).shape) for batch in inputs
            )
    except Exception:  # whatever torch raises is a refusal
        return None
    return two[1:] if (two, three) == ((2, *two[1:]), (3, *two[1:])) and 0 not in two else None


ELEMENTWISE = [
    name
    for name in torch_layers.torch_layer_names()
    if getattr(nn, name).__module__ in torch_layers.ELEMENTWISE_FAMILIES
    and getattr(nn, name) not in torch_layers.ELEMENTWISE_EXCEPT
]


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_elementwise_modules_accept_every_size_or_none_of_a_rank(name: str) -> None:
    arguments = {"threshold": 0.1, "value": 0.0} if name == "Threshold" else {}
    random = Random(name)
    for rank in (1, 2, 3, 4):
        shapes = [tuple(random.randint(1, 9) for _ in range(rank)) for _ in range(3)]
        symbols: Shape = tuple(map(symbol, "CDHW"[:rank]))
        given = [by_torch(name, shape, arguments) for shape in shapes]
        assert given in ([None] * 3, shapes)
        assert by_meta(f"nn.{name}", symbols, arguments) == (None if given[0] is None else symbols)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("nn.MaxPool2d", {"kernel_size": 2}), ("nn.Flatten", {}), ("nn.GLU", {}), ("nn.PReLU", {"num_parameters": 3})],
)
def test_symbols_need_numbers_where_the_shape_may_change(name: str, arguments: dict[str, object]) -> None:
    with pytest.raises(Undetermined, match="is checked by running it, which needs numbers, but receives 3xHxW"):
        layer(name).apply((3, symbol("H"), symbol("W")), **arguments)


@pytest.mark.parametrize(
    ("name", "arguments", "x", "out", "params", "macs"),
    [
        ("nn.Linear", {"in_features": 8, "out_features": 3}, (5, 8), (5, 3), 27, 120),
        ("nn.Conv2d", {"in_channels": 3, "out_channels": 8, "kernel_size": 3}, (3, 8, 8), (8, 6, 6), 224, 7776),
        ("nn.RNNCell", {"input_size": 4, "hidden_size": 6}, (4,), (6,), 72, 60),
        ("nn.EmbeddingBag", {"num_embeddings": 9, "embedding_dim": 4}, (7,), (4,), 36, 0),
        ("nn.FractionalMaxPool2d", {"kernel_size": 2, "output_size": 3}, (2, 8, 8), (2, 3, 3), 0, 0),
        ("nn.BatchNorm1d", {"num_features": 4, "momentum": None}, (4,), (4,), 8, 0),  # not to be run without numbers
    ],
)
def test_results(name: str, arguments: dict[str, object], x: Shape, out: Shape, params: int, macs: int) -> None:
    result = layer(name).apply(x, **arguments)
    assert (result.out, result.params, result.macs) == (out, params, macs)
    assert result.call.target == name.replace("nn.", "torch.nn:")


def test_a_large_use_is_not_run_for_real() -> None:
    result = layer("nn.AdaptiveAvgPool2d").apply((2**10, 2**20, 2**20), output_size=1)
    assert result.out == (2**10, 1, 1)


def test_a_check_leaves_torch_s_random_numbers_alone() -> None:
    before = torch.get_rng_state()
    layer("nn.Linear").apply((8,), in_features=8, out_features=3)
    assert torch.equal(torch.get_rng_state(), before)


def test_in_a_net() -> None:
    source = Source("<text>", "conv 3->4 k3; nn.Hardshrink lambd=0.3; nn.Flatten 1; linear 144->2")
    experiment, found = check(Source("<text>", f"input 3x8x8; {source.text}"), REGISTRY)
    assert [diagnostic.code for diagnostic in found] == ["NET990"]
    assert experiment is not None
    net = build_network(experiment.network)
    assert [type(module) for module in net] == [nn.Conv2d, nn.Hardshrink, nn.Flatten, nn.Linear]
    assert net[1].lambd == 0.3
    experiment, found = check(source, REGISTRY)
    assert [diagnostic.code for diagnostic in found] == ["NET990", "NET204"]


class Halve(nn.Module):
    """Keeps every `step`-th feature.

    The rest is said at length.
    """

    def __init__(self, step: int = 2, *, name: str = "half", hook: object = None) -> None:
        super().__init__()
        self.step = step
        self.weight = nn.Parameter(torch.ones(3))

    def forward(self, x: Tensor) -> Tensor:
        if x.sum().item() > 1e9:  # reads a number, which the `meta` device has not
            return x
        return x[..., :: self.step]


def test_any_module_class_can_be_a_layer() -> None:
    halve = torch_layers.module_layer(Halve, "halve", "shape")
    assert (halve.name, halve.family, halve.summary) == ("halve", "shape", "Keeps every `step`-th feature.")
    assert [(one.name, one.positional) for one in halve.parameters.values()] == [("step", True), ("name", False)]
    result: Result = halve.apply((2, 8), step=4)
    assert (result.out, result.params) == ((2, 2), 3)
    assert result.call.target.endswith(":Halve")
    with pytest.raises(Undetermined):
        halve.apply((2, symbol("F")))

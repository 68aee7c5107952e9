"""The descriptions, held against what they describe."""

import inspect

import pytest
import torch

from netdsl.builder import locate
from netdsl.components import Dataset, Initializer, Logger, Loss, Metric, Optimizer, Refusal, Schedule, Transform
from netdsl.core.sizes import UNKNOWN, symbol
from netdsl.plugins.registry import load_registry

REGISTRY = load_registry(installed=False)
KINDS = (Dataset, Transform, Loss, Optimizer, Schedule, Metric, Logger, Initializer)
ALL = [
    pytest.param(component, id=f"{kind.kind}-{name}") for kind in KINDS for name, component in REGISTRY.of(kind).items()
]
SUPPLIED = {
    Dataset: ["root"],
    Initializer: ["tensor"],
    Optimizer: ["params"],
    Schedule: ["optimizer", "steps"],
    Logger: ["folder"],
}
LEFT_OUT = {"weight", "pos_weight", "size_average", "reduce", "reduction", "capturable", "differentiable", "params"}


@pytest.mark.parametrize("component", ALL)
def test_the_target_takes_every_parameter(component):
    target = locate(component.target)
    supplied = [object()] * len(SUPPLIED.get(type(component), []))
    arguments = {name: object() for name in component.parameters}
    inspect.signature(target).bind(*supplied, **arguments)


@pytest.mark.parametrize("component", ALL)
def test_each_has_a_sentence_and_an_example_that_names_it(component):
    assert component.summary.endswith((".", "?", ":")) or component.summary[-1] in ".)"
    if type(component) is not Dataset or component.name not in ("digits",):
        assert component.name.split(".")[0] in component.example


@pytest.mark.parametrize("component", ALL)
def test_a_default_is_the_targets_own(component):
    # what the file does not say is not handed over, so the target's default is what counts
    theirs = inspect.signature(locate(component.target)).parameters
    for name, parameter in component.parameters.items():
        if name in theirs and theirs[name].default is not inspect.Parameter.empty:
            assert theirs[name].default == parameter.default


TORCHS = [
    pytest.param(component, id=component.name) for kind in (Loss, Optimizer) for component in REGISTRY.of(kind).values()
]


@pytest.mark.parametrize("component", TORCHS)
def test_parameters_and_defaults_are_torchs(component):
    theirs = inspect.signature(locate(component.target).__init__).parameters
    expected = {name: parameter.default for name, parameter in theirs.items() if name not in LEFT_OUT | {"self"}}
    assert {name: parameter.default for name, parameter in component.parameters.items()} == expected


@pytest.mark.parametrize("component", [pytest.param(value, id=name) for name, value in REGISTRY.of(Loss).items()])
def test_losses_compare_what_they_say_they_want(component):
    loss = locate(component.target)()
    if component.wants == "classes":
        output, target = torch.randn(5, 3), torch.tensor([0, 1, 2, 1, 0])
    else:
        output, target = torch.rand(5, 1), torch.tensor([0.0, 1, 1, 0, 1]).view(5, 1)
    assert loss(output, target).shape == ()


def rule(name, x, **arguments):
    return REGISTRY.of(Transform)[name].apply(x, **arguments)


COLOR = (3, 32, 40)
ANY_SIZE = (3, symbol("H"), symbol("W"))


@pytest.mark.parametrize(
    ("name", "x", "arguments", "out"),
    [
        ("resize", COLOR, {"size": 8}, (3, 8, 10)),
        ("resize", (3, 300, 400), {"size": 64}, (3, 64, 85)),
        ("resize", (3, 400, 300), {"size": 64}, (3, 85, 64)),
        ("resize", (3, 300, 400), {"size": 64, "fit": "stretch"}, (3, 64, 64)),
        ("resize", (3, 300, 400), {"size": (64, 64)}, (3, 64, 64)),
        ("resize", ANY_SIZE, {"size": 8}, (3, UNKNOWN, UNKNOWN)),
        ("resize", ANY_SIZE, {"size": (8, 9), "fit": "cover"}, (3, 8, 9)),
        ("centercrop", COLOR, {"size": 50}, (3, 50, 50)),
        ("randomcrop", COLOR, {"size": 32, "padding": 4}, (3, 32, 32)),
        ("randomcrop", COLOR, {"size": 48, "padding": 8}, (3, 48, 48)),
        ("randomcrop", ANY_SIZE, {"size": 99}, (3, 99, 99)),
        ("randomresizedcrop", ANY_SIZE, {"size": 7}, (3, 7, 7)),
        ("hflip", ANY_SIZE, {}, ANY_SIZE),
        ("altflip", COLOR, {}, COLOR),
        ("normalize", (7,), {}, (7,)),
        ("normalize", COLOR, {"mean": (0.5,), "std": (1.0, 2.0, 3.0)}, COLOR),
        ("grayscale", COLOR, {}, (1, 32, 40)),
        ("colorjitter", (1, 8, 8), {"brightness": 0.5}, (1, 8, 8)),
        ("mixup", (7,), {"classes": 3}, (7,)),
        ("trivialaugment", COLOR, {}, COLOR),
    ],
)
def test_transforms_map_shapes(name, x, arguments, out):
    assert rule(name, x, **arguments) == out


@pytest.mark.parametrize(
    ("name", "x", "arguments", "at", "message"),
    [
        ("hflip", (7,), {}, None, "`hflip` expects an image, C×H×W, but receives 7"),
        ("hflip", COLOR, {"p": 1.5}, "p", "a probability lies between 0 and 1; 1.5 does not"),
        ("resize", COLOR, {"size": 0}, "size", "a size is at least 1, not 0"),
        ("resize", COLOR, {"size": (1, 2, 3)}, "size", "`size` 1x2x3 has 3 sizes but the input has 2 spatial axes"),
        (
            "randomcrop",
            COLOR,
            {"size": 36},
            "size",
            "`randomcrop` takes 36 pixels but the image has 32, padding included",
        ),
        ("randomcrop", COLOR, {"size": 9, "padding": -1}, "padding", "a padding is at least 0, not -1"),
        (
            "randomcrop",
            COLOR,
            {"size": 9, "padding": 32, "padding_mode": "reflect"},
            "padding",
            "`padding_mode=reflect` needs a padding below the image's 32 pixels",
        ),
        ("normalize", COLOR, {"mean": (1.0, 2.0)}, "mean", "`mean` has 2 values but the input has 3 channels"),
        ("normalize", COLOR, {"std": (0.0,)}, "std", "a standard deviation is above 0; 0 is not"),
        ("grayscale", (1, 8, 8), {}, None, "`grayscale` expects 3 channels (red, green, blue) but receives 1"),
        ("grayscale", COLOR, {"channels": 2}, "channels", "a grey image has 1 channel or 3 equal ones, not 2"),
        (
            "colorjitter",
            (1, 8, 8),
            {"hue": 0.1},
            None,
            "`colorjitter` expects 3 channels (red, green, blue) but receives 1",
        ),
        ("colorjitter", COLOR, {"hue": 0.6}, "hue", "`hue` lies between 0 and 0.5; 0.6 does not"),
        ("affine", COLOR, {"scale": (0.0, 1.0)}, "scale", "a scale is above 0; 0 is not"),
        ("mixup", COLOR, {"alpha": 0.0}, "alpha", "`alpha` is above 0; 0 is not"),
        ("randaugment", COLOR, {"magnitude": 31}, "magnitude", "`magnitude` lies between 0 and 30; 31 does not"),
    ],
)
def test_transforms_refuse_what_they_cannot_do(name, x, arguments, at, message):
    with pytest.raises(Refusal) as error:
        rule(name, x, **arguments)
    assert (error.value.message, error.value.parameter) == (message, at)


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("fake", {"shape": (3, 0, 8)}, "every size is at least 1, but the shape is 3x0x8"),
        ("fake", {"shape": 3, "classes": 0}, "`classes` is at least 1, not 0"),
        ("imagenette", {"size": 100}, "imagenette comes in sizes of 160 and 320 pixels, not 100"),
        ("dtd", {"partition": 11}, "`partition` is one of 1 to 10, not 11"),
    ],
)
def test_data_sets_refuse_arguments_that_make_none(name, arguments, message):
    with pytest.raises(Refusal) as error:
        REGISTRY.of(Dataset)[name].facts(**arguments)
    assert error.value.message == message


def test_shapes_of_transforms_are_those_of_their_batches():
    x = torch.randint(256, (2, 3, 32, 40), dtype=torch.uint8) / 255
    cases = {
        "resize": {"size": (8, 9)},
        "centercrop": {"size": 50},
        "randomcrop": {"size": 30, "padding": 2},
        "randomresizedcrop": {"size": (7, 9)},
        "hflip": {},
        "vflip": {},
        "altflip": {},
        "normalize": {"mean": (0.5,), "std": (0.5,)},
        "cutout": {"size": 5},
        "rotation": {"degrees": 20.0},
        "affine": {"degrees": 20.0},
        "colorjitter": {"brightness": 0.5, "hue": 0.2},
        "grayscale": {},
        "mixup": {"classes": 3},
        "cutmix": {"classes": 3},
        "randaugment": {},
        "trivialaugment": {},
    }
    assert cases.keys() == REGISTRY.of(Transform).keys()
    for name, arguments in cases.items():
        component = REGISTRY.of(Transform)[name]
        batch = locate(component.target)(**arguments)(x, torch.Generator().manual_seed(0))
        assert tuple(batch.shape[1:]) == component.apply((3, 32, 40), **arguments)
        assert component.random == locate(component.target).random

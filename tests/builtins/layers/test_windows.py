import pytest

from netdsl.components import Refusal
from netdsl.core.sizes import UNKNOWN, symbol
from netdsl.core.text import say
from netdsl.plugins.registry import load_registry

LAYERS = load_registry(installed=False).layers
H, W = symbol("H"), symbol("W")


def apply(text, x):
    """`apply("conv out_channels=8 kernel_size=3", (3, 32, 32))`; the stated sizes are the input's."""
    name, *settings = text.split()
    layer = LAYERS[name]
    arguments = {setting.split("=")[0]: eval(setting.split("=")[1]) for setting in settings}
    return layer.apply(x, **{name: x[axis] for name, axis in layer.stated.items()}, **arguments)


@pytest.mark.parametrize(
    ("text", "x", "formula"),
    [
        ("conv out_channels=32 kernel_size=5 padding=2", (3, 32, 32), ["(32 + 2·2 − 5)/1 + 1 = 32"]),
        ("conv out_channels=8 kernel_size=5", (3, 32, 30), ["(32 − 5)/1 + 1 = 28", "(30 − 5)/1 + 1 = 26"]),
        (
            "conv out_channels=8 kernel_size=5 padding=2 dilation=2",
            (3, 32, 32),
            ["(32 + 2·2 − 2·(5 − 1) − 1)/1 + 1 = 28"],
        ),
        ("conv out_channels=8 kernel_size=7 stride=2 padding=3", (3, 224, 224), ["⌊(224 + 2·3 − 7)/2⌋ + 1 = 112"]),
        ("conv out_channels=8 kernel_size=3 stride=2", (3, 31, 31), ["(31 − 3)/2 + 1 = 15"]),
        ("conv out_channels=8 kernel_size=4 padding='same'", (3, 9, 9), ["(9 + 3 − 4)/1 + 1 = 9"]),
        ("conv out_channels=8 kernel_size=3 padding=-1 padding_mode='replicate'", (3, 9), ["(9 − 2·1 − 3)/1 + 1 = 5"]),
        ("conv out_channels=8 kernel_size=3 stride=2 padding=1", (3, H, H), ["⌊(H + 2·1 − 3)/2⌋ + 1 = (H+1)/2"]),
        ("conv out_channels=8 kernel_size=3 padding=1", (3, UNKNOWN, 8), ["(8 + 2·1 − 3)/1 + 1 = 8"]),
        ("maxpool kernel_size=2", (3, 32, 32), ["(32 − 2)/2 + 1 = 16"]),
        ("maxpool kernel_size=2", (3, H, W), ["⌊(H − 2)/2⌋ + 1 = H/2", "⌊(W − 2)/2⌋ + 1 = W/2"]),
        ("maxpool kernel_size=2 ceil_mode=True", (3, 5), ["⌈(5 − 2)/2⌉ + 1 = 3"]),
        ("maxpool kernel_size=2 stride=3 padding=1 ceil_mode=True", (3, 5), ["⌈(5 + 2·1 − 2)/3⌉ + 1 − 1 = 2"]),
        ("maxpool kernel_size=2 stride=3 ceil_mode=True", (3, H), ["⌊(H − 1)/3⌋ + 1 = (H+2)/3"]),
        ("convt out_channels=8 kernel_size=2 stride=2", (16, 8, 8), ["(8 − 1)·2 + 2 = 16"]),
        (
            "convt out_channels=8 kernel_size=3 stride=2 padding=1 output_padding=1 dilation=2",
            (16, 8, 8),
            ["(8 − 1)·2 − 2·1 + 2·(3 − 1) + 1 + 1 = 18"],
        ),
        ("unfold kernel_size=3", (3, 8, 6), ["((8 − 3)/1 + 1)·((6 − 3)/1 + 1) = 24"]),
        ("fold output_size=8 kernel_size=2 stride=2", (12, 16), ["12/4 = 3"]),
    ],
)
def test_formula_is_the_one_that_is_taught(text, x, formula):
    assert list(apply(text, x).formula) == formula


@pytest.mark.parametrize(
    ("text", "x", "at", "message"),
    [
        ("conv out_channels=8 kernel_size=0", (3, 8), "kernel_size", "`kernel_size` is 0 but must be at least 1"),
        (
            "conv out_channels=8 kernel_size=(3,5)",
            (3, 8),
            "kernel_size",
            "`kernel_size` 3x5 has 2 sizes but the input has 1 spatial axes",
        ),
        ("conv out_channels=8 kernel_size=3 padding=-1", (3, 8), "padding", "`padding` is -1 but must be at least 0"),
        ("conv out_channels=8 kernel_size=3 groups=2", (3, 8), "groups", "`groups` 2 does not divide `in_channels` 3"),
        ("conv out_channels=8 kernel_size=3 groups=3", (3, 8), "groups", "`groups` 3 does not divide `out_channels` 8"),
        (
            "dwconv kernel_size=3 out_channels=8",
            (3, 8),
            "out_channels",
            "`out_channels` 8 is not a multiple of the 3 input channels",
        ),
        (
            "convt out_channels=8 kernel_size=3 stride=2 output_padding=2",
            (3, 8),
            "output_padding",
            "`output_padding` is 2 but must be smaller than `stride` 2 or `dilation` 1",
        ),
        ("maxpool kernel_size=3 padding=2", (3, 8), "padding", "`padding` 2 is more than half of the kernel's 3"),
        ("conv2d out_channels=8 kernel_size=3", (3, 8), None, "`conv2d` expects C×H×W but receives 3x8"),
        ("groupnorm num_groups=2", (3, 8), "num_groups", "`num_groups` 2 does not divide the 3 channels"),
        ("layerscale dim=3", (3, 8), "dim", "`dim` is 3, which an input of 3x8 does not have"),
        ("layernorm", (3, W), "normalized_shape", "the size of the axis must be a number but is W"),
        ("layernorm", (), None, "`layernorm` expects at least one dimension but receives one number"),
    ],
)
def test_refusal_says_what_was_found_and_what_was_expected(text, x, at, message):
    with pytest.raises(Refusal) as caught:
        apply(text, x)
    assert (caught.value.parameter, caught.value.message) == (at, message)


@pytest.mark.parametrize(
    ("text", "x", "message"),
    [
        ("conv out_channels=8 kernel_size=7", (3, 5), "the kernel spans 7 elements but the input has 5"),
        (
            "conv out_channels=8 kernel_size=9 padding=1",
            (3, 5),
            "the kernel spans 9 elements but the padded input has 7",
        ),
        (
            "conv out_channels=8 kernel_size=3 padding=4 padding_mode='reflect'",
            (3, 4),
            "`padding_mode` reflect cannot pad 4 elements by 4",
        ),
        ("convt out_channels=8 kernel_size=3 padding=3", (3, 4), "`padding` leaves an output of 0 elements"),
        ("fold output_size=8 kernel_size=2 stride=2", (12, 15), "the window has 16 places but 15 columns come"),
        ("instancenorm", (3, 1, 1), "a channel needs at least 2 values to be normalised, but has 1"),
        ("layernorm normalized_shape=(3,9)", (3, 8), "`normalized_shape` is 3x9 but the last axes are 3x8"),
    ],
)
def test_requirement_says_which_size_does_not_fit(text, x, message):
    failed = [wanted for wanted in apply(text, x).requires if not _holds(wanted)]
    assert [say(wanted.message) for wanted in failed] == [message]


def _holds(wanted):
    return wanted.left >= wanted.right if wanted.relation == ">=" else wanted.left == wanted.right


@pytest.mark.parametrize(
    ("text", "x", "target", "padding"),
    [
        ("conv out_channels=8 kernel_size=4 padding='same'", (3, 9, 9), "torch.nn:Conv2d", "same"),
        ("conv out_channels=8 kernel_size=3 stride=2 padding='same'", (3, 9, 9), "torch.nn:Conv2d", 1),
        ("conv out_channels=8 kernel_size=(3,5) stride=2 padding='same'", (3, 9, 9), "torch.nn:Conv2d", (1, 2)),
        ("conv out_channels=8 kernel_size=4 stride=2 padding='same'", (3, 9, 9), "netdsl.modules:SameConv2d", None),
        ("maxpool kernel_size=3 stride=2 padding='same'", (3, 9, 9), "torch.nn:MaxPool2d", 1),
        ("maxpool kernel_size=2 padding='same'", (3, 9), "netdsl.modules:SameMaxPool1d", None),
        ("maxpool kernel_size=3 padding='valid'", (3, 9), "torch.nn:MaxPool1d", 0),
        ("avgpool kernel_size=3 padding='same'", (3, 9, 9), "torch.nn:AvgPool2d", 1),
        ("avgpool kernel_size=3 padding='same'", (3, 9, 9, 9), "netdsl.modules:SameAvgPool3d", None),
    ],
)
def test_same_is_torchs_own_class_wherever_that_can_pad_so(text, x, target, padding):
    made = apply(text, x).call
    assert (made.target, made.arguments.get("padding")) == (target, padding)


@pytest.mark.parametrize(
    ("text", "out"),
    [
        ("conv out_channels=8 kernel_size=4 stride=3 padding='same'", (8, (H + 2) // 3)),
        ("maxpool kernel_size=2 padding='same'", (3, (H + 1) // 2)),
        ("avgpool kernel_size=5 stride=2 padding='same' ceil_mode=True", (3, (H + 1) // 2)),
    ],
)
def test_same_keeps_the_size_over_the_stride_rounded_up(text, out):
    assert apply(text, (3, H)).out == out


def test_module_that_pads_has_the_weights_of_torchs_own():
    from torch import nn

    from netdsl.modules import SameConv2d

    options = {"in_channels": 3, "out_channels": 8, "kernel_size": 4, "stride": 2}
    ours, torchs = SameConv2d(**options), nn.Conv2d(**options)
    assert ours.state_dict().keys() == torchs.state_dict().keys()
    assert str(ours) == "SameConv2d(3, 8, kernel_size=(4, 4), stride=(2, 2))"

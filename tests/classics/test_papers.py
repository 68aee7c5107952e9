"""Nets of papers beside other people's PyTorch: weights are carried over in the order of the calls."""

from pathlib import Path

import pytest
import torch
import torchvision
from torch import nn

import netdsl
from tests.classics.comparison import stir

NETS = Path(__file__).parent / "nets"


def theirs(name):
    """The model as torchvision or timm has it, without weights of anybody's."""
    if name == "swin_t":
        return torchvision.models.swin_t(weights=None)
    if name in ("deeplabv3", "fcn"):
        from torchvision.models import segmentation

        return getattr(segmentation, f"{name}_resnet50")(weights=None, weights_backbone=None)
    timm = pytest.importorskip("timm")
    return timm.create_model({"res2net50": "res2net50_26w_4s"}.get(name, name), pretrained=False)


def in_order(model, image):
    """The modules with weights, in the order in which they are called; of one in another the outer one."""
    called = []
    hooks = [
        module.register_forward_hook(lambda module, inputs, output: called.append(module))
        for module in model.modules()
        if list(module.parameters(recurse=False))
    ]
    with torch.inference_mode():
        output = model(image)
    for hook in hooks:
        hook.remove()
    inner = {part for module in called for part in module.modules() if part is not module}
    return [module for module in called if module not in inner], output["out"] if isinstance(output, dict) else output


def shapes(module):
    return [tuple(value.shape) for value in module.parameters()]


@pytest.mark.parametrize(
    ("name", "size", "params"),
    [
        ("res2net50", (64, 64), 25_699_120),
        ("deeplabv3", (65, 49), 39_638_869),
        ("fcn", (65, 49), 32_957_013),
        ("inception_resnet_v2", (107, 107), 55_843_464),
        ("swin_t", (96, 96), 28_288_354),
    ],
)
def test_computes_what_other_people_s_code_computes(name, size, params):
    torch.manual_seed(0)
    reference = theirs(name).eval()
    stir(reference)
    symbolic = name in ("deeplabv3", "fcn")
    path, overrides = NETS / f"{name}.net", {} if symbolic else {"input": f"3x{size[0]}x{size[1]}"}
    with torch.device("meta"):
        model = netdsl.build(path, overrides=overrides).eval()
        taken, _ = in_order(model, torch.empty(1, 3, *size))
    image = torch.randn(1, 3, *size)
    given, expected = in_order(reference, image)
    assert list(map(shapes, taken)) == list(map(shapes, given))
    for one, other in zip(taken, given, strict=True):
        # torchvision keeps the distances within a window as a buffer.
        one.load_state_dict(other.state_dict(), assign=True, strict="relative_position_index" not in other.state_dict())
    with torch.inference_mode():
        found = model(image)
    assert netdsl.shapes(path).params == params == sum(weight.numel() for weight in reference.parameters())
    assert float((found - expected).abs().max()) / max(1.0, float(expected.abs().max())) <= 1e-5


def test_cbam_attends_to_channels_and_places():
    torch.manual_seed(0)
    model = netdsl.build(NETS / "cbam.net").eval()
    x = torch.randn(3, 32, 9, 7)
    first, _, second = model[0].body[1:4]
    pooled = x.mean((2, 3), keepdim=True), x.amax((2, 3), keepdim=True)
    channels = x * sum(second(first(one).relu()) for one in pooled).sigmoid()
    places = torch.cat([channels.mean(1, keepdim=True), channels.amax(1, keepdim=True)], 1)
    expected = channels * model[1].body[1](places).sigmoid()
    torch.testing.assert_close(model(x), expected)


def test_wavenet_sees_no_step_to_come():
    torch.manual_seed(0)
    model = netdsl.build(NETS / "wavenet.net").eval()
    x = signal = torch.randn(2, 8, 40)
    for block, dilation in zip(model, (1, 2, 4, 8), strict=True):
        body = block[0].body
        past = nn.functional.pad(signal, (dilation, 0))
        filtered, gate = body[1][0][0](past), body[1][1][0](past)
        signal = signal + body[2](filtered.tanh() * gate.sigmoid())
    torch.testing.assert_close(model(x), signal)
    torch.testing.assert_close(model(torch.cat([x, torch.randn(2, 8, 3)], 2))[..., :40], signal)


def test_tcn_is_bai_and_others_own():
    torch.manual_seed(0)
    model = netdsl.build(NETS / "tcn.net").eval()
    x = signal = torch.randn(2, 4, 40)
    for block, (given, out, dilation) in zip(model, [(4, 6, 1), (6, 8, 2), (8, 10, 4)], strict=True):
        normed = block[0].body[0].body
        hidden = signal
        for place, channels in ((1, given), (5, out)):
            conv = nn.utils.parametrizations.weight_norm(nn.Conv1d(channels, out, 3, dilation=dilation))
            conv.load_state_dict(normed[place].state_dict())
            hidden = conv(nn.functional.pad(hidden, (2 * dilation, 0))).relu()
        signal = (hidden + block[0].shortcut[0](signal)).relu()
    torch.testing.assert_close(model(x), signal)

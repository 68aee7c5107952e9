"""The classics written in the language beside torchvision's, whose weights they take."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torchvision
from torch import Tensor, nn

import netdsl
from netdsl.builtins.torchvision_weights import RESCALING, ExpectedImages, expected_images
from netdsl.core.text import text
from netdsl.program import Network
from netdsl.runs.pretrained import PretrainedWeights, rename

EXAMPLES = Path(__file__).parents[2] / "examples"


@dataclass(frozen=True)
class Classic:
    """A file of ours, perhaps in a variant, and the model of torchvision that it is.

    Args:
        arguments: what torchvision's model is made with.
        size: the images that both are compared on, where smaller ones than the file's do.
    """

    file: str
    model: str
    variant: str | None = None
    arguments: tuple[tuple[str, Any], ...] = ()
    size: int | None = None

    @property
    def name(self) -> str:
        """`resnet.net resnet50`."""
        return " ".join(filter(None, [self.file, self.variant]))

    def build(self) -> nn.Sequential:
        """Our net, without a value in its weights."""
        with torch.device("meta"):
            return netdsl.build(EXAMPLES / self.file, variant=self.variant, overrides=self._overrides).eval()

    def shapes(self) -> Network:
        """What our net is checked to be."""
        return netdsl.shapes(EXAMPLES / self.file, variant=self.variant, overrides=self._overrides)

    def make(self) -> nn.Module:
        """Torchvision's net, as it is made for trained weights, with random ones."""
        # Of these two torchvision changes the scale of images where the weights are its own.
        given = dict(self.arguments) | ({"transform_input": True} if self.model in RESCALING else {})
        with torch.random.fork_rng(devices=()):
            torch.manual_seed(0)
            theirs: nn.Module = torchvision.models.get_model(self.model, weights=None, **given).eval()
        stir(theirs)
        return theirs

    @property
    def _overrides(self) -> dict[str, str]:
        return {"input": f"3x{self.size}x{self.size}"} if self.size else {}


CLASSICS = [
    Classic("alexnet.net", "alexnet"),
    Classic("vgg.net", "vgg11", "A", (("init_weights", False),)),
    Classic("vgg.net", "vgg13", "B", (("init_weights", False),)),
    Classic("vgg.net", "vgg16", "D", (("init_weights", False),)),
    Classic("vgg.net", "vgg19", "E", (("init_weights", False),)),
    Classic("googlenet.net", "googlenet", None, (("init_weights", False), ("aux_logits", False))),
    Classic("resnet.net", "resnet18"),
    Classic("resnet.net", "resnet34", "resnet34"),
    Classic("resnet.net", "resnet50", "resnet50"),
    Classic("resnet.net", "resnet101", "resnet101"),
    Classic("resnet.net", "resnet152", "resnet152"),
    Classic("mobilenet_v2.net", "mobilenet_v2", size=64),
    Classic("mobilenet_v3.net", "mobilenet_v3_large", "large", size=64),
    Classic("mobilenet_v3.net", "mobilenet_v3_small", "small", size=64),
    Classic("squeezenet.net", "squeezenet1_0", "v1_0", size=64),
    Classic("squeezenet.net", "squeezenet1_1", "v1_1", size=64),
    Classic("inception_v3.net", "inception_v3", None, (("init_weights", False), ("aux_logits", False)), 107),
    Classic("vit.net", "vit_b_16", "b16"),
]


@dataclass(frozen=True)
class Comparison:
    """What came of it: both numbers of parameters, and how far the outputs lie apart."""

    params: int
    torchvision_params: int
    difference: float


def compare(classic: Classic) -> Comparison:
    """Brings torchvision's weights under our names, and compares the outputs for one image."""
    network, theirs, ours = classic.shapes(), classic.make(), classic.build()
    found = PretrainedWeights(text("stirred"), theirs.state_dict(), classic.model)
    ours.load_state_dict(rename(found, ours), assign=True)
    return Comparison(network.params, count(theirs), difference(ours, theirs, classic.model, network.input[1]))


def difference(ours: nn.Module, theirs: nn.Module, model: str, size: int) -> float:
    """How far the outputs for one image lie apart, each net given it as it is prepared for the weights of a model."""
    pixels = torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(0))
    prepared = expected_images(f"torchvision:{model}")
    assert prepared is not None
    with torch.inference_mode():
        expected, found = theirs(_normalize(pixels, ExpectedImages(0, 0))), ours(_normalize(pixels, prepared))
    scale = float(expected.abs().max())
    assert scale > 0  # a net of zeros would agree with any other
    return float((expected - found).abs().max()) / scale


def _normalize(pixels: Tensor, expected: ExpectedImages) -> Tensor:
    mean, std = (torch.tensor(values)[:, None, None] for values in (expected.mean, expected.std))
    return (pixels - mean) / std


def stir(model: nn.Module) -> None:
    """Gives what all nets begin with, statistics and parameters of one value, values of its own: none may stand for
    another unnoticed."""
    generator = torch.Generator().manual_seed(1)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2, generator=generator)
            module.running_var.uniform_(0.8, 1.2, generator=generator)
    with torch.no_grad():
        for parameter in model.parameters():
            if (parameter == parameter.flatten()[0]).all():
                parameter += torch.empty_like(parameter).uniform_(-0.2, 0.2, generator=generator)


def count(model: nn.Module) -> int:
    """The number of parameters."""
    return sum(weight.numel() for weight in model.parameters())


def lines(path: Path) -> int:
    """How many lines of a file say something: blank ones and those of comment alone left out."""
    written = path.read_text(encoding="utf-8").splitlines()
    return sum(1 for line in written if line.strip() and not line.strip().startswith("#"))

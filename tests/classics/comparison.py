"""The classics written in the language beside torchvision's, whose weights they take."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torchvision
from torch import nn

import netdsl
from netdsl.core.text import text
from netdsl.runs.pretrained import PretrainedWeights, rename

EXAMPLES = Path(__file__).parents[2] / "examples"


@dataclass(frozen=True)
class Classic:
    """A file of ours, perhaps in a variant, and the model of torchvision that it is."""

    file: str
    model: str
    variant: str | None = None
    arguments: tuple[tuple[str, Any], ...] = ()

    @property
    def name(self) -> str:
        """`resnet.net resnet50`."""
        return " ".join(filter(None, [self.file, self.variant]))


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
]


@dataclass(frozen=True)
class Comparison:
    """What came of it: both numbers of parameters, and how far the outputs lie apart."""

    params: int
    torchvision_params: int
    difference: float


def compare(classic: Classic) -> Comparison:
    """Brings torchvision's weights under our names, and compares the outputs for one image."""
    path = EXAMPLES / classic.file
    network = netdsl.shapes(path, variant=classic.variant)
    theirs = torchvision.models.get_model(classic.model, weights=None, **dict(classic.arguments)).eval()
    stir(theirs)
    with torch.device("meta"):
        ours = netdsl.build(path, variant=classic.variant).eval()
    found = PretrainedWeights(text("stirred"), theirs.state_dict(), classic.model)
    ours.load_state_dict(rename(found, ours), assign=True)
    image = torch.randn(1, *network.input, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected, found = theirs(image), ours(image)
    scale = float(expected.abs().max())
    difference = float((expected - found).abs().max()) / max(1.0, scale)
    return Comparison(network.params, count(theirs), difference)


def stir(model: nn.Module) -> None:
    """Gives normalisations statistics of their own, so that none can stand for another unnoticed."""
    generator = torch.Generator().manual_seed(1)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2, generator=generator)
            module.running_var.uniform_(0.8, 1.2, generator=generator)


def count(model: nn.Module) -> int:
    """The number of parameters."""
    return sum(weight.numel() for weight in model.parameters())


def lines(path: Path) -> int:
    """How many lines of a file say something: blank ones and those of comment alone left out."""
    written = path.read_text(encoding="utf-8").splitlines()
    return sum(1 for line in written if line.strip() and not line.strip().startswith("#"))

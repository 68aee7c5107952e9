"""Nets of papers beside other people's PyTorch, whose weights they take: `python -m tests.classics.papers`.

The weights are carried over in the order in which the modules are called.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torchvision
from torch import Tensor, nn
from torchvision.models import segmentation

import netdsl
from tests.classics import references
from tests.classics.comparison import Comparison, count, lines, stir

NETS = Path(__file__).parent / "nets"
ROW = "{net:20} {reference:30} {lines:>5} {params:>12} {theirs:>12} {difference:>11}"


@dataclass(frozen=True)
class Paper:
    """A net of ours, what it is compared with, and the sizes of a sample of each input; with `most`, of indices."""

    name: str
    reference: str
    make: Callable[[], nn.Module]
    sizes: tuple[tuple[int, ...], ...]
    most: int = 0


def timm_model(name: str) -> Callable[[], nn.Module]:
    """A model of timm, which is imported when it is made."""

    def make() -> nn.Module:
        import timm  # here, because not everyone has it

        model: nn.Module = timm.create_model(name, pretrained=False)
        return model

    return make


def segmentation_model(name: str) -> Callable[[], nn.Module]:
    """A model of torchvision without anybody's weights."""
    return lambda: getattr(segmentation, name)(weights=None, weights_backbone=None)


PAPERS = [
    Paper("res2net50", "timm res2net50_26w_4s", timm_model("res2net50_26w_4s"), ((3, 64, 64),)),
    Paper("inception_resnet_v2", "timm inception_resnet_v2", timm_model("inception_resnet_v2"), ((3, 107, 107),)),
    Paper("swin_t", "torchvision swin_t", lambda: torchvision.models.swin_t(weights=None), ((3, 96, 96),)),
    Paper("deeplabv3", "torchvision deeplabv3_resnet50", segmentation_model("deeplabv3_resnet50"), ((3, 65, 49),)),
    Paper("fcn", "torchvision fcn_resnet50", segmentation_model("fcn_resnet50"), ((3, 65, 49),)),
    Paper("transformer", "torch nn.Transformer", references.Transformer, ((9, 64), (7, 64))),
    Paper("seq2seq", "by hand", references.Seq2Seq, ((9,), (7,)), 800),
    Paper("two_tower", "by hand", references.TwoTower, ((1,), (1,)), 500),
    Paper("siamese", "by hand", references.Siamese, ((1, 28, 28), (1, 28, 28))),
    Paper("sn_dcgan", "by hand", references.SnDcgan, ((3, 32, 32),)),
    Paper("wavenet", "by hand", references.WaveNet, ((8, 40),)),
    Paper("tcn", "by hand", references.Tcn, ((4, 40),)),
    Paper("cbam", "by hand", references.Cbam, ((32, 9, 7),)),
]


def compare_paper(paper: Paper) -> Comparison:
    """Brings the reference's weights into ours, and compares the outputs for two samples."""
    torch.manual_seed(0)
    reference, path = paper.make().eval(), NETS / f"{paper.name}.net"
    stir(reference)
    network = netdsl.shapes(path)
    # Sizes that are stated, and others than those of the sample.
    is_other = not network.inputs and network.example is None and network.input != paper.sizes[0]
    overrides = {"input": "x".join(map(str, paper.sizes[0]))} if is_other else {}
    model = netdsl.build(path, overrides=overrides).eval()
    given = [_sample(paper, sizes) for sizes in paper.sizes]
    taken, _ = in_order(model, given)
    theirs, expected = in_order(reference, given)
    for one, other in zip(taken, theirs, strict=True):
        _carry_over(one, other)
    with torch.inference_mode():
        found = model(*given)
    difference = float((found - expected).abs().max()) / max(1.0, float(expected.abs().max()))
    return Comparison(network.params, count(reference), difference)


def _sample(paper: Paper, sizes: tuple[int, ...]) -> Tensor:
    return torch.randint(paper.most, (2, *sizes)) if paper.most else torch.randn(2, *sizes)


def in_order(model: nn.Module, given: list[Tensor]) -> tuple[list[nn.Module], Tensor]:
    """The modules with weights, each once, in the order in which they are called; of one in another the outer one."""
    called: dict[nn.Module, None] = {}
    inside: list[nn.Module] = []

    def enter(module: nn.Module, _given: Any) -> None:
        inside.append(module)

    def leave(module: nn.Module, _given: Any, _output: Any) -> None:
        inside.pop()
        if not inside:
            called.setdefault(module)

    parts = [part for part in model.modules() if part is not model and _has_own_weights(part)]
    hooks = [
        hook for part in parts for hook in (part.register_forward_pre_hook(enter), part.register_forward_hook(leave))
    ]
    with torch.inference_mode():
        output = model(*given)
    for hook in hooks:
        hook.remove()
    return list(called), output["out"] if isinstance(output, dict) else output


def _has_own_weights(module: nn.Module) -> bool:
    """Whether a module has weights, those that a parametrization makes among them."""
    return bool(list(module.parameters(recurse=False))) or hasattr(module, "parametrizations")


def _carry_over(one: nn.Module, other: nn.Module) -> None:
    assert [each.shape for each in one.parameters()] == [each.shape for each in other.parameters()]
    # torchvision keeps the distances within a window as a buffer.
    given = {name: value for name, value in other.state_dict().items() if name != "relative_position_index"}
    own = one.state_dict()
    # torch's modules and ours may call the same numbers otherwise.
    one.load_state_dict(dict(zip(own, given.values(), strict=True)))


def main() -> None:
    """Prints the table."""
    print(ROW.format(net="net", reference="reference", lines="lines", params="parameters", theirs="reference's",
                     difference="difference"))  # fmt: skip
    for paper in PAPERS:
        found = compare_paper(paper)
        print(ROW.format(net=paper.name, reference=paper.reference, lines=lines(NETS / f"{paper.name}.net"),
                         params=f"{found.params:,}", theirs=f"{found.torchvision_params:,}",
                         difference=f"{found.difference:.1e}"), flush=True)  # fmt: skip


if __name__ == "__main__":
    main()

"""How many nets, pasted as PyTorch text, `netdsl import --text` reads: `python -m tests.benchmarks.pasted`.

The texts are torchvision's own modules, and nets of pytorch/examples, of PyTorch's tutorials and of *Dive into Deep
Learning*, in tests/importer/pasted/. *Equal* says that the parameters are as many as torch counts.
"""

from __future__ import annotations

import importlib
import inspect
import warnings
from collections.abc import Iterator

import torch

import netdsl
from netdsl.components.registry import Registry
from netdsl.core.errors import UnsupportedModule
from netdsl.importer.pasted import write_pasted
from netdsl.plugins.registry import load_registry
from tests.importer.test_pasted import CODE, TORCH, TORCHVISION

MORE = {
    "vgg": "VGG(make_layers(cfgs['E'], batch_norm=False))",
    "inception": "Inception3(aux_logits=False, init_weights=False)",
    "efficientnet": "EfficientNet(_efficientnet_conf('efficientnet_b0', width_mult=1.0, depth_mult=1.0)[0], 0.2)",
    "convnext": "ConvNeXt([CNBlockConfig(96, 192, 3), CNBlockConfig(192, None, 3)])",
    "vision_transformer": "VisionTransformer(224, 16, 12, 12, 768, 3072)",
}
"""Modules of torchvision that no test pastes, and the call that makes the net."""


def rows() -> Iterator[tuple[str, str, int, int]]:
    """What each net is called, why it is refused, its parameters here, and in torch."""
    registry = load_registry(installed=False)
    for module, call in (*TORCHVISION.items(), *MORE.items()):
        found = importlib.import_module(f"torchvision.models.{module}")
        with torch.device("meta"):
            expected = _parameters(eval(call, vars(found)))
        program = f"{inspect.getsource(found)}\nnet = {call}\n"
        yield f"torchvision {call.partition('(')[0]}", *_read(program, module, (), registry), expected
    for name, size in TORCH.items():
        program = (CODE / f"{name}.py").read_text(encoding="utf-8")
        scope: dict[str, object] = {"__name__": "pasted"}
        exec(compile(program, name, "exec"), scope)  # a file of the tests
        made = list(scope.values())[-1]
        net = made() if isinstance(made, type) else made
        net(torch.randn(2, *size))  # what is lazy has its sizes now
        yield name, *_read(program, name, size, registry), _parameters(net)


def _read(program: str, name: str, size: tuple[int, ...], registry: Registry) -> tuple[str, int]:
    try:
        written = write_pasted(program, f"{name}.py", registry, input=size)
    except UnsupportedModule as refused:
        return str(refused), 0
    return "", netdsl.shapes(written).params


def _parameters(net: torch.nn.Module) -> int:
    return sum(one.numel() for one in net.parameters())


def main() -> None:
    """Prints the table and how many of the nets are read."""
    warnings.simplefilter("ignore")  # lazy modules warn that they are lazy
    read = equal = total = 0
    print(f"{'net':<32}{'here':>13}{'torch':>13}")
    for name, refused, here, expected in rows():
        total, read, equal = total + 1, read + (not refused), equal + (here == expected)
        print(f"{name:<32}{here:>13,}{expected:>13,}" if here else f"{name:<32}{'refused':>13}{expected:>13,}")
        if refused:
            print(f"    {refused}")
    print(f"{total} nets: {read} read, {equal} with as many parameters as torch counts")


if __name__ == "__main__":
    main()

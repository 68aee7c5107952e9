"""Every example through every target of `netdsl export`: `python -m tests.benchmarks.exports`.

For each: the largest difference between torch's outputs and the file's, over batches and sizes, where the file computes
by itself; the seconds that it took; the bytes. `--targets onnx,pth` and `--examples lenet5,vgg` choose.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch

import netdsl
from netdsl.cli.export import WITH_WEIGHTS
from netdsl.core.errors import ExportError
from netdsl.model_export import load_model_exporter
from netdsl.model_export.built_net import BuiltNet

EXAMPLES = Path(__file__).parents[2] / "examples"
ROW = "{example:24} {target:12} {difference:>10} {seconds:>8} {size:>13}"


def measure(net: BuiltNet, target: str) -> tuple[str, float, str]:
    """The difference, the seconds and the bytes of one export; of one that is refused, the reason instead of bytes."""
    start = time.perf_counter()
    try:
        exported = load_model_exporter(target)(net)
    except ExportError as error:
        return "refused", time.perf_counter() - start, str(error)
    difference = "-" if exported.difference is None else f"{exported.difference:.1e}"
    return difference, time.perf_counter() - start, f"{len(exported.content):,}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--targets", default=",".join(WITH_WEIGHTS))
    parser.add_argument("--examples", default=",".join(sorted(path.stem for path in EXAMPLES.glob("*.net"))))
    options = parser.parse_args()
    print(ROW.format(example="example", target="target", difference="difference", seconds="seconds", size="bytes"))
    for name in options.examples.split(","):
        path = EXAMPLES / f"{name}.net"
        torch.manual_seed(0)
        net = BuiltNet(netdsl.shapes(path), netdsl.build(path).eval(), {"net": path.read_text(encoding="utf-8")})
        for target in options.targets.split(","):
            difference, seconds, size = measure(net, target)
            row = ROW.format(example=name, target=target, difference=difference, seconds=f"{seconds:.1f}", size=size)
            print(row, flush=True)


if __name__ == "__main__":
    main()

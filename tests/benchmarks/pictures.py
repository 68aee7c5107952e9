"""The same U-Net and ResNet-50 drawn by netdsl and by others: seconds of the whole process, lines of Python, boxes.

    python -m tests.benchmarks.pictures --python PYTHON

PYTHON is an interpreter that has torch, torchvision, onnx and onnxscript, and of these whatever is to be measured:
`pip install torchview visualkeras netron keras pydot graphviz`, and the program `dot` of graphviz. A tool that fails is
listed with its error. Lines are those of the script below that are neither empty nor shared by all tools.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]

TORCH_UNET = """
import torch
from torch import nn
def double(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 3, padding=1), nn.ReLU(), nn.Conv2d(o, o, 3, padding=1), nn.ReLU())
class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        sizes = [64, 128, 256, 512]
        self.down = nn.ModuleList(double(i, o) for i, o in zip([1, *sizes], sizes))
        self.middle = double(512, 1024)
        self.up = nn.ModuleList(nn.ConvTranspose2d(2 * o, o, 2, 2) for o in reversed(sizes))
        self.join = nn.ModuleList(double(2 * o, o) for o in reversed(sizes))
        self.pool, self.head = nn.MaxPool2d(2), nn.Conv2d(64, 2, 1)
    def forward(self, x):
        kept = []
        for block in self.down:
            kept.append(block(x))
            x = self.pool(kept[-1])
        x = self.middle(x)
        for up, join in zip(self.up, self.join):
            x = join(torch.cat([kept.pop(), up(x)], 1))
        return self.head(x)
net, x = UNet(), torch.zeros(1, 1, 64, 64)
"""
TORCH_RESNET = """
import torch, torchvision
net, x = torchvision.models.resnet50(), torch.zeros(1, 3, 224, 224)
"""
KERAS_UNET = """
import keras
from keras import layers as L
def double(x, o):
    for _ in range(2):
        x = L.Conv2D(o, 3, padding="same", activation="relu")(x)
    return x
x = start = keras.Input((64, 64, 1))
kept = []
for size in (64, 128, 256, 512):
    kept.append(double(x, size))
    x = L.MaxPooling2D()(kept[-1])
x = double(x, 1024)
for size in (512, 256, 128, 64):
    x = double(L.Concatenate()([kept.pop(), L.Conv2DTranspose(size, 2, 2)(x)]), size)
net = keras.Model(start, L.Conv2D(2, 1)(x))
"""
KERAS_RESNET = """
import keras
net = keras.applications.ResNet50(weights=None)
"""
TOOLS = {
    "torchview": """
from torchview import draw_graph
graph = draw_graph(net, input_data=x, expand_nested=True, depth=9).visual_graph
graph.render("out", format="svg")
print("boxes", sum("[label=<" in line or "[label=" in line and "->" not in line for line in graph.body))
""",
    "netron": """
import onnx
torch.onnx.export(net.eval(), (x,), "out.onnx", dynamo=True, verbose=False)
print("boxes", len(onnx.load("out.onnx").graph.node))
""",
    "visualkeras": """
import visualkeras
visualkeras.layered_view(net, to_file="out.png")
print("boxes", len(net.layers))
""",
    "plot_model": """
from keras.utils import plot_model
plot_model(net, "out.png", show_shapes=True)
print("boxes", len(net.layers))
""",
}
NETS = {"unet": (TORCH_UNET, KERAS_UNET), "resnet50": (TORCH_RESNET, KERAS_RESNET)}
OURS = {"unet": ["examples/unet.net"], "resnet50": ["examples/resnet.net", "--variant", "resnet50"]}


DRAWN = (".svg", ".png", ".onnx")


class Measured(NamedTuple):
    """What came of one tool; of several runs the median of the seconds."""

    seconds: float
    lines: int
    boxes: str
    size: int
    error: str = ""


def measure(command: list[str], lines: int, runs: int, shown: str = "") -> Measured:
    """Runs a command in an empty folder, several times; the files that it leaves are what it has drawn."""
    times, size, boxes = [], 0, shown
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, env=os.environ | {"KERAS_BACKEND": "torch"}
            )
            times.append(time.perf_counter() - start)
            if done.returncode:
                return Measured(0, lines, "", 0, (done.stderr.strip().splitlines() or ["failed"])[-1][:90])
            drawn = next(path for path in sorted(Path(folder).glob("out.*")) if path.suffix in DRAWN)
            size = drawn.stat().st_size
            if found := re.search(r"boxes (\d+)", done.stdout):
                boxes = found[1]
            if drawn.suffix == ".svg" and not boxes:
                boxes = str(drawn.read_text(encoding="utf-8").count('rx="5"'))
    return Measured(statistics.median(times), lines, boxes, size)


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    print(f"{'net':<10}{'tool':<14}{'seconds':>8}{'lines':>7}{'boxes':>7}{'kB':>8}")
    for net, (in_torch, in_keras) in NETS.items():
        for depth in ((), ("--depth", "9")):
            files = [str(ROOT / OURS[net][0]), *OURS[net][1:]]
            command = [sys.executable, "-m", "netdsl", "draw", *files, *depth, "-o", "out.svg"]
            show(net, "netdsl" + " opened" * bool(depth), measure(command, 0, given.runs))
        for tool, script in TOOLS.items():
            text = (in_keras if tool in ("visualkeras", "plot_model") else in_torch) + script
            lines = len([line for line in text.splitlines() if line and not line.startswith("print")])
            show(net, tool, measure([given.python, "-c", text], lines, given.runs))


def show(net: str, tool: str, found: Measured) -> None:
    """Prints a line of it."""
    if found.error:
        print(f"{net:<10}{tool:<14}{found.error}", flush=True)
    else:
        numbers = f"{found.seconds:>8.2f}{found.lines:>7}{found.boxes:>7}{found.size / 1000:>8.0f}"
        print(f"{net:<10}{tool:<14}{numbers}", flush=True)


if __name__ == "__main__":
    main()

"""The same U-Net and ResNet-50 drawn by netdsl and by others: seconds of the whole process, lines of Python, boxes.

    python -m tests.benchmarks.pictures --python PYTHON

PYTHON is an interpreter that has torch, torchvision, onnx and onnxscript, and of these whatever is to be measured:
`pip install torchview visualkeras netron playwright keras pydot graphviz`, the program `dot` of graphviz, and Chromium,
in which netron draws. A tool that fails is listed with its error. Lines are those of the scripts below, up to the one
that only measures. What it prints is the table of docs/compared.md.
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
# measured
print("boxes", sum("[label=<" in line or "[label=" in line and "->" not in line for line in graph.body))
""",
    "netron": """
import netron
torch.onnx.export(net.eval(), (x,), "net.onnx", dynamo=True, verbose=False)
address = netron.start("net.onnx", browse=False)
# measured
import shutil
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
    page = browser.new_page()
    page.route("**/*", lambda one: one.continue_() if f":{address[1]}/" in one.request.url else one.abort())
    page.goto(f"http://{address[0]}:{address[1]}")
    page.get_by_text("Accept").click()
    page.wait_for_selector("g.node")
    page.screenshot(path="out.png")
    print("boxes", page.locator("g.node").count())
    browser.close()
netron.stop()
""",
    "visualkeras": """
import visualkeras
visualkeras.layered_view(net, to_file="out.png")
# measured
print("boxes", len(net.layers))
""",
    "Keras `plot_model`": """
from keras.utils import plot_model
plot_model(net, "out.png", show_shapes=True)
# measured
print("boxes", len(net.layers))
""",
}
IN_KERAS = ("visualkeras", "Keras `plot_model`")
NETS = {"U-Net": (TORCH_UNET, KERAS_UNET), "ResNet-50": (TORCH_RESNET, KERAS_RESNET)}
OURS = {"U-Net": ["examples/unet.net"], "ResNet-50": ["examples/resnet.net", "--variant", "resnet50"]}

OPENED = "netdsl, opened"
MISSING = {
    "netdsl": "what the closed blocks hold: `--depth` opens them",
    OPENED: "–",
    "torchview": "symbols for sizes, repetitions; it runs the net once, and needs graphviz",
    "netron": "repetitions, blocks; it draws in a browser, of an export to ONNX",
    "visualkeras": "skips; it needs the net in Keras",
    "Keras `plot_model`": "repetitions, blocks; it needs the net in Keras, and graphviz",
}
"""What a reader of the picture does not get: from the documentation of each tool and from its picture, not measured."""

DRAWN = (".svg", ".png")


class Measured(NamedTuple):
    """What came of one tool; of several runs the median of the seconds, and of those of the processor."""

    seconds: float
    computing: float
    lines: int
    boxes: str
    size: int
    error: str = ""


def measure(command: list[str], lines: int, runs: int) -> Measured:
    """Runs a command in an empty folder, several times; the files that it leaves are what it has drawn."""
    times, computed, size, boxes = [], [], 0, ""
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            start, before = time.perf_counter(), _computed()
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, env=os.environ | {"KERAS_BACKEND": "torch"}
            )
            times.append(time.perf_counter() - start)
            computed.append(_computed() - before)
            if done.returncode:
                return Measured(0, 0, lines, "", 0, (done.stderr.strip().splitlines() or ["failed"])[-1][:90])
            drawn = next(path for path in sorted(Path(folder).glob("out.*")) if path.suffix in DRAWN)
            size = drawn.stat().st_size
            if found := re.search(r"boxes (\d+)", done.stdout):
                boxes = found[1]
            if drawn.suffix == ".svg" and not boxes:
                boxes = str(drawn.read_text(encoding="utf-8").count('rx="5"'))
    return Measured(statistics.median(times), statistics.median(computed), lines, boxes, size)


def _computed() -> float:
    """The seconds of processor that all commands until now took: other work of the machine does not add to them."""
    times = os.times()
    return times.children_user + times.children_system


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    print("| net | tool | seconds | of processor | lines of Python | boxes | kB | what is missing |")
    print("|---|---|---:|---:|---:|---:|---:|---|")
    for net, (in_torch, in_keras) in NETS.items():
        for name, depth in (("netdsl", ()), (OPENED, ("--depth", "9"))):
            files = [str(ROOT / OURS[net][0]), *OURS[net][1:]]
            command = [sys.executable, "-m", "netdsl", "draw", *files, *depth, "-o", "out.svg"]
            show(net, name, measure(command, 0, given.runs))
        for tool, script in TOOLS.items():
            text = (in_keras if tool in IN_KERAS else in_torch) + script
            lines = len([line for line in text.partition("# measured")[0].splitlines() if line])
            show(net, tool, measure([given.python, "-c", text], lines, given.runs))


def show(net: str, tool: str, found: Measured) -> None:
    """Prints a line of it."""
    if found.error:
        print(f"| {net} | {tool} | fails | | {found.lines} | | | `{found.error}` |", flush=True)
    else:
        numbers = (
            f"{found.seconds:.1f} | {found.computing:.1f} | {found.lines} | {found.boxes} | {found.size / 1000:,.0f}"
        )
        print(f"| {net} | {tool} | {numbers} | {MISSING[tool]} |", flush=True)


if __name__ == "__main__":
    main()

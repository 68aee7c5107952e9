"""How long commands take from Enter on, each in a process of its own, beside the same work by a bare script.

    python -m tests.benchmarks.startup                # `netdsl shapes`, beside the same net's summary by torchinfo
    python -m tests.benchmarks.startup run            # `netdsl run` of an epoch of digits, beside the same by hand
    python -m tests.benchmarks.startup use            # `predict` of an image and `eval` of 360, beside `import torch`
    python -m tests.benchmarks.startup --against REV  # beside another revision's

All take turns; medians are printed. The exit status is 1 where something takes longer than is promised.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.revisions import ROOT, environment, netdsl, unpack

TUDUI = ROOT / "examples" / "tudui.net"
PARAMETERS = "145,578"

TORCHINFO = """
import torch, torchinfo
from torch import nn
net = nn.Sequential(
    nn.Conv2d(3, 32, 5, padding=2), nn.MaxPool2d(2),
    nn.Conv2d(32, 32, 5, padding=2), nn.MaxPool2d(2),
    nn.Conv2d(32, 64, 5, padding=2), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(1024, 64), nn.Linear(64, 10),
)
print(torchinfo.summary(net, (64, 3, 32, 32), verbose=0))
"""

DIGITS = """input 1x8x8
conv 32 k3 p1; relu; maxpool 2
conv 64 k3 p1; relu; maxpool 2
flatten; linear 10
data digits batch=32
optimizer sgd lr=0.1
train epochs=1
"""

BY_HAND = """
import sys, time
import numpy as np, torch
from torch import nn

with np.load(sys.argv[1]) as arrays:
    x = torch.from_numpy(arrays["x"]).unsqueeze(1).float() / 16
    y = torch.from_numpy(arrays["y"]).long()
train, test = (x[:-360], y[:-360]), (x[-360:], y[-360:])
torch.manual_seed(0)
net = nn.Sequential(
    nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(256, 10),
)
loss, optimizer = nn.CrossEntropyLoss(), torch.optim.SGD(net.parameters(), lr=0.1)
print("first step", time.time())
for chosen in torch.randperm(len(train[1])).split(32):
    optimizer.zero_grad()
    loss(net(train[0][chosen]), train[1][chosen]).backward()
    optimizer.step()
net.eval()
with torch.no_grad():
    print("accuracy", (net(test[0]).argmax(1) == test[1]).float().mean().item())
torch.save(net.state_dict(), "weights.pt")
"""

CURVES = """
from torch.utils.tensorboard import SummaryWriter
with SummaryWriter("curves") as writer:
    writer.add_scalar("test/accuracy", 0.9, 1)
    writer.add_graph(net, train[0][:1])
"""
"""What `netdsl run` writes for TensorBoard, in short."""

FIRST_STEP = """
import time
from netdsl import hookimpl

@hookimpl
def netdsl_run_started(run):
    print("first step", time.time(), flush=True)
"""
"""A plugin that tells when the first step begins."""


class Contender(NamedTuple):
    """A command, what it must print, and the environment that it runs in."""

    command: list[str]
    printed: str
    environment: Mapping[str, str]

    def run(self) -> dict[str, float]:
        """The seconds of one process in an empty folder: to its end, and to its first step if it says when that is."""
        with tempfile.TemporaryDirectory() as folder:
            start = time.time()
            ran = subprocess.run(
                self.command, capture_output=True, text=True, check=False, env=self.environment, cwd=folder
            )
            took = {"to the end": time.time() - start}
        if ran.returncode or self.printed not in ran.stdout:
            raise SystemExit(f"wrong output of {self.command}:\n{ran.stdout}{ran.stderr}")
        for line in ran.stdout.splitlines():
            if line.startswith("first step "):
                took["to the first step"] = float(line.removeprefix("first step ")) - start
        return took


class Promise(NamedTuple):
    """A contender takes at most so many times as long as an opponent, and so many seconds more."""

    contender: str
    opponent: str
    times: float = 1.0
    more: float = 0.0
    part: str = "to the end"


Contenders = dict[str, Contender]
Case = tuple[Contenders, list[Promise]]


def shapes(folder: Path, tree: Path) -> Case:  # needs no files
    """A net's table, and the same by torch and torchinfo."""
    contenders = {
        "python -c pass": python(f"print('{PARAMETERS}')", PARAMETERS),
        "torchinfo": python(TORCHINFO, PARAMETERS),
        "netdsl shapes": command(tree, PARAMETERS, "shapes", "--no-plugins", str(TUDUI)),  # `plugins.py` times those
    }
    return contenders, [
        Promise("netdsl shapes", "torchinfo", times=0.1),
        Promise("netdsl shapes", "python -c pass", more=0.25),
    ]


def run(folder: Path, tree: Path) -> Case:
    """An epoch of digits, and the same by hand, with curves and without."""
    net, plugin = folder / "digits.net", folder / "first_step.py"
    net.write_text(DIGITS, encoding="utf-8")
    plugin.write_text(FIRST_STEP, encoding="utf-8")
    digits = str(ROOT / "netdsl" / "data" / "datasets" / "digits.npz")
    line = ["run", str(net), "--no-plugins", "--plugin", str(plugin), "--device", "cpu"]
    contenders = {
        "by hand": python(BY_HAND, "accuracy", digits),
        "by hand, with curves": python(BY_HAND + CURVES, "accuracy", digits),
        "netdsl run": command(tree, "accuracy", *line),
    }
    return contenders, [
        Promise("netdsl run", "by hand", times=1.15, part="to the first step"),
        Promise("netdsl run", "by hand, with curves", times=1.15),
    ]


def use(folder: Path, tree: Path) -> Case:
    """A run that is asked about one image, and about its 360 test digits."""
    net, picture, trained = folder / "digits.net", folder / "digit.png", folder / "run"
    net.write_text(DIGITS, encoding="utf-8")
    paint = "import sys; from PIL import Image; Image.new('L', (8, 8), 128).save(sys.argv[1])"
    subprocess.run([sys.executable, "-c", paint, str(picture)], check=True)
    train = netdsl("run", str(net), "--no-plugins", "--quiet", "--out", str(trained))
    subprocess.run(train, check=True, env=environment(tree))
    contenders = {
        "import torch": python("import torch; print('imported')", "imported"),
        "netdsl predict": command(tree, "%", "predict", str(trained), str(picture)),
        "netdsl eval": command(tree, "accuracy", "eval", str(trained)),
    }
    return contenders, [Promise(name, "import torch", more=0.5) for name in ("netdsl predict", "netdsl eval")]


def python(script: str, printed: str, *arguments: str) -> Contender:
    """A script without netdsl."""
    return Contender([sys.executable, "-c", script, *arguments], printed, environment(ROOT))


def command(tree: Path, printed: str, *line: str) -> Contender:
    """A command of netdsl, as a tree has it."""
    return Contender(netdsl(*line), printed, environment(tree))


CASES: Mapping[str, Callable[[Path, Path], Case]] = {"shapes": shapes, "run": run, "use": use}

Times = dict[tuple[str, str], list[float]]


def measure(contenders: Contenders, rounds: int) -> Times:
    """Every contender in turn, so that a busy moment of the machine falls on all; the first round only warms caches."""
    times: Times = {}
    for number in range(rounds + 1):
        for name, contender in contenders.items():
            for part, seconds in contender.run().items():
                if number:
                    times.setdefault((name, part), []).append(seconds)
    return times


def is_kept(promise: Promise, times: Times) -> bool:
    """Whether a promise holds in the median of the rounds; prints what it is."""
    ours, others = times[promise.contender, promise.part], times[promise.opponent, promise.part]
    ratio = statistics.median(one / other for one, other in zip(ours, others, strict=True))
    more = statistics.median(one - other for one, other in zip(ours, others, strict=True))
    kept = more <= promise.more if promise.more else ratio <= promise.times
    limit = f"at most {promise.more:g} s more" if promise.more else f"at most {promise.times:g} times"
    print(
        f"{promise.contender} {promise.part}: {ratio:.2f} times as long as {promise.opponent}, {more:+.2f} s; "
        f"promised: {limit}{'' if kept else ', which does not hold'}"
    )
    return kept


def main() -> int:
    """Measures, prints the table, and says whether the promises hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", nargs="?", choices=CASES, default="shapes")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--against", metavar="REV", help="a revision to time beside this tree")
    given = parser.parse_args()
    make = CASES[given.case]
    with tempfile.TemporaryDirectory() as name:
        now, old = Path(name, "now"), Path(name, "old")
        now.mkdir()
        old.mkdir()
        contenders, promises = make(now, ROOT)
        if given.against:
            others, _ = make(old, unpack(given.against, Path(name)))
            ours = [name for name in others if name.startswith("netdsl")]
            contenders |= {f"{name}, before": others[name] for name in ours}
            promises += [Promise(name, f"{name}, before", times=1.0) for name in ours]
        times = measure(contenders, given.rounds)
    print(f"{'':28}{'':20}{'median':>9}{'fastest':>9}{'slowest':>9}")
    for (name, part), took in times.items():
        print(f"{name:28}{part:20}{statistics.median(took):8.3f}s{min(took):8.3f}s{max(took):8.3f}s")
    kept = [is_kept(promise, times) for promise in promises]
    return int(not all(kept))


if __name__ == "__main__":
    sys.exit(main())

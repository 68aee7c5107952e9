"""The whole-process time of `netdsl shapes`, and of the same net's summary by torch and torchinfo, interleaved.

`python -m tests.benchmarks.startup [--rounds N]` prints medians and their ratio. It exits with 1 if netdsl takes more
than 0.25 s or is less than ten times as fast.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

FILE = Path(__file__).parents[2] / "examples" / "tudui.net"
PARAMETERS = "145,578"
LIMIT, RATIO = 0.25, 10

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

CONTENDERS = {
    "python -c pass": [sys.executable, "-c", f"print('{PARAMETERS}')"],
    "netdsl shapes": [str(Path(sys.executable).with_name("netdsl")), "shapes", str(FILE)],
    "import torch, torchinfo": [sys.executable, "-c", TORCHINFO],
}


ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""An installed package is compiled once; a checkout is too, unless this variable forbids it."""


def seconds(command: list[str]) -> float:
    """The time of one process, which must come to the right number of parameters."""
    start = time.perf_counter()
    ran = subprocess.run(command, capture_output=True, text=True, check=True, env=ENVIRONMENT)
    took = time.perf_counter() - start
    if PARAMETERS not in ran.stdout:
        raise SystemExit(f"wrong output of {command}:\n{ran.stdout}")
    return took


def measure(rounds: int) -> dict[str, list[float]]:
    """Every contender in turn, so that a busy moment of the machine falls on all; the first round only warms caches."""
    times: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    for number in range(rounds + 1):
        for name, command in CONTENDERS.items():
            took = seconds(command)
            if number:
                times[name].append(took)
    return times


def main() -> int:
    """Measures, prints the table, and says whether the promise holds."""
    parser = argparse.ArgumentParser(description="Compare the start-up times of netdsl and torchinfo.")
    parser.add_argument("--rounds", type=int, default=10)
    times = measure(parser.parse_args().rounds)
    print(f"{'':24}{'median':>9}{'fastest':>9}{'slowest':>9}")
    for name, took in times.items():
        print(f"{name:24}{statistics.median(took):8.3f}s{min(took):8.3f}s{max(took):8.3f}s")
    ours, theirs = (statistics.median(times[name]) for name in ("netdsl shapes", "import torch, torchinfo"))
    print(f"netdsl is {theirs / ours:.1f} times as fast; at least {RATIO} times and at most {LIMIT} s are promised")
    return int(ours > LIMIT or theirs < RATIO * ours)


if __name__ == "__main__":
    sys.exit(main())

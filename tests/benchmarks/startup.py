"""The whole-process time of `netdsl shapes`, and of the same net's summary by torch and torchinfo, interleaved.

`python -m tests.benchmarks.startup [--rounds N] [--against REV]` prints medians and their ratio. It exits with 1 if
netdsl takes more than 0.25 s or is less than ten times as fast.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.revisions import ROOT, environment, netdsl, unpack

FILE = ROOT / "examples" / "tudui.net"
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


class Contender(NamedTuple):
    """A command, and the environment that it runs in."""

    command: list[str]
    environment: Mapping[str, str]

    def seconds(self) -> float:
        """The time of one process, which must come to the right number of parameters."""
        start = time.perf_counter()
        ran = subprocess.run(self.command, capture_output=True, text=True, check=True, env=self.environment)
        took = time.perf_counter() - start
        if PARAMETERS not in ran.stdout:
            raise SystemExit(f"wrong output of {self.command}:\n{ran.stdout}")
        return took


def contenders(before: Path | None) -> dict[str, Contender]:
    """Who is timed: Python's own start, this tree, another one, and torch."""
    now = environment(ROOT)
    found = {
        "python -c pass": Contender([sys.executable, "-c", f"print('{PARAMETERS}')"], now),
        "netdsl shapes": Contender(netdsl("shapes", str(FILE)), now),
        "import torch, torchinfo": Contender([sys.executable, "-c", TORCHINFO], now),
    }
    if before:
        found["netdsl shapes, before"] = Contender(netdsl("shapes", str(FILE)), environment(before))
    return found


def measure(found: Mapping[str, Contender], rounds: int) -> dict[str, list[float]]:
    """Every contender in turn, so that a busy moment of the machine falls on all; the first round only warms caches."""
    times: dict[str, list[float]] = {name: [] for name in found}
    for number in range(rounds + 1):
        for name, contender in found.items():
            took = contender.seconds()
            if number:
                times[name].append(took)
    return times


def compare(times: Mapping[str, list[float]], one: str, other: str) -> float:
    """The median over the rounds of how many times as long one takes as another."""
    return statistics.median(a / b for a, b in zip(times[one], times[other], strict=True))


def main() -> int:
    """Measures, prints the table, and says whether the promise holds."""
    parser = argparse.ArgumentParser(description="Compare the start-up times of netdsl and torchinfo.")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--against", metavar="REV", help="a revision to time beside this tree")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        before = unpack(given.against, Path(folder)) if given.against else None
        times = measure(contenders(before), given.rounds)
    print(f"{'':24}{'median':>9}{'fastest':>9}{'slowest':>9}")
    for name, took in times.items():
        print(f"{name:24}{statistics.median(took):8.3f}s{min(took):8.3f}s{max(took):8.3f}s")
    faster = compare(times, "import torch, torchinfo", "netdsl shapes")
    print(f"netdsl is {faster:.1f} times as fast; at least {RATIO} times and at most {LIMIT} s are promised")
    if before:
        print(f"it takes {compare(times, 'netdsl shapes', 'netdsl shapes, before'):.2f} times as long as before")
    return int(statistics.median(times["netdsl shapes"]) > LIMIT or faster < RATIO)


if __name__ == "__main__":
    sys.exit(main())

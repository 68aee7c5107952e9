"""How fast a net is checked: whole processes, from a file on disk to the verdict. Medians of interleaved runs.

`python -m tests.benchmarks.frontend [--rounds 5] [--against REV]`; the ratios are medians of the ratios of a round.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.revisions import ROOT, environment, netdsl, unpack

EXAMPLES = ROOT / "examples"
STAGE = "conv 32->32 k3 p1; relu; bn; dropout 0.1; maxpool 3 s1 p1\n"


@dataclass
class Timing:
    """One command's wall times in seconds, and its peak memory in MB."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    seconds: list[float] = field(default_factory=list)
    megabytes: float = 0.0

    def run(self) -> None:
        """Runs the command once."""
        start = time.perf_counter()
        process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, env=self.environment)
        _, status, usage = os.wait4(process.pid, 0)
        self.seconds.append(time.perf_counter() - start)
        self.megabytes = max(self.megabytes, usage.ru_maxrss / 1024)
        if os.waitstatus_to_exitcode(status) != 0:
            raise SystemExit(f"{self.name}: the check failed")

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.seconds)


def checks(folder: Path, layers: Iterable[int], tree: Path) -> list[Timing]:
    """The check of ResNet, of generated nets, and Python's own start for comparison."""
    where = environment(tree)
    timings = [
        Timing("python -c pass", [sys.executable, "-c", "pass"], where),
        Timing("resnet.net", netdsl("check", "--no-plugins", str(EXAMPLES / "resnet.net")), where),
    ]
    for count in layers:
        path = folder / f"{count}.net"
        path.write_text("input 32x64x64\n" + STAGE * (count // 5), encoding="utf-8")
        timings.append(Timing(f"{count:,} layers", netdsl("check", "--no-plugins", str(path)), where))
    return timings


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--against", metavar="REV", help="a revision to time beside this tree")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        now = checks(Path(folder), (1_000, 10_000), ROOT)
        before = checks(Path(folder), (1_000, 10_000), unpack(given.against, Path(folder))) if given.against else []
        for timing in (*now, *before):
            timing.run()
            timing.seconds.clear()
        for number in range(given.rounds):
            order = [*now, *before] if number % 2 else [*before, *now]
            for timing in order:
                timing.run()
    print(f"{'check of':16} {'median s':>9} {'least s':>9} {'peak MB':>9}{'  ratio' if before else ''}")
    for number, timing in enumerate(now):
        ratio = f"{compare(timing, before[number]):>7.2f}" if before else ""
        print(f"{timing.name:16} {timing.median:>9.3f} {min(timing.seconds):>9.3f} {timing.megabytes:>9.0f}{ratio}")
    small, large = now[-2].median, now[-1].median
    print(f"10 times the layers take {large / small:.1f} times as long")


def compare(now: Timing, before: Timing) -> float:
    """The median of the ratios within a round, in which both meet the same moment of the machine."""
    return statistics.median(one / other for one, other in zip(now.seconds, before.seconds, strict=True))


if __name__ == "__main__":
    main()

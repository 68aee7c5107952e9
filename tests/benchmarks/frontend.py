"""How fast a net is checked: whole processes, from a file on disk to the verdict. Medians of interleaved runs.

`python -m tests.benchmarks.frontend [--rounds 5]`
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"
STAGE = "conv 32->32 k3 p1; relu; bn; dropout 0.1; maxpool 3 s1 p1\n"


@dataclass
class Timing:
    """One command's wall times in seconds, and its peak memory in MB."""

    name: str
    command: list[str]
    seconds: list[float] = field(default_factory=list)
    megabytes: float = 0.0

    def run(self) -> None:
        """Runs the command once."""
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        start = time.perf_counter()
        process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        self.seconds.append(time.perf_counter() - start)
        self.megabytes = max(self.megabytes, usage.ru_maxrss / 1024)
        if os.waitstatus_to_exitcode(status) != 0:
            raise SystemExit(f"{self.name}: the check failed")

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.seconds)


def checks(folder: Path, layers: Iterable[int]) -> list[Timing]:
    """The check of ResNet, of generated nets, and Python's own start for comparison."""
    check = [sys.executable, "-m", "netdsl", "check"]
    timings = [
        Timing("python -c pass", [sys.executable, "-c", "pass"]),
        Timing("resnet.net", [*check, str(EXAMPLES / "resnet.net")]),
    ]
    for count in layers:
        path = folder / f"{count}.net"
        path.write_text("input 32x64x64\n" + STAGE * (count // 5), encoding="utf-8")
        timings.append(Timing(f"{count:,} layers", [*check, str(path)]))
    return timings


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        timings = checks(Path(folder), (1_000, 10_000))
        for timing in timings:
            timing.run()
            timing.seconds.clear()
        for _ in range(rounds):
            for timing in timings:
                timing.run()
    print(f"{'check of':16} {'median s':>9} {'least s':>9} {'peak MB':>9}")
    for timing in timings:
        print(f"{timing.name:16} {timing.median:>9.3f} {min(timing.seconds):>9.3f} {timing.megabytes:>9.0f}")
    small, large = timings[-2].median, timings[-1].median
    print(f"10 times the layers take {large / small:.1f} times as long")


if __name__ == "__main__":
    main()

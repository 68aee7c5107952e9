"""The whole-process time of `netdsl draw` beside that of `netdsl check`, interleaved: every example and ResNet-152.

`python -m tests.benchmarks.draw [--rounds N]` prints medians and bytes. It exits with 1 if a drawing takes more
than 0.3 s longer than the check of an example, or that of ResNet-152 more than twice as long.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time

from tests.benchmarks.revisions import ROOT, environment, netdsl

LIMIT, RATIO = 0.3, 2.0
NETS = {path.stem: [str(path)] for path in sorted((ROOT / "examples").glob("*.net"))}
NETS["resnet152"] = [str(ROOT / "examples" / "resnet.net"), "--variant", "resnet152"]


def seconds(command: list[str]) -> tuple[float, bytes]:
    """The time of one process, and what it printed."""
    start = time.perf_counter()
    ran = subprocess.run(command, capture_output=True, check=True, env=environment(ROOT))
    return time.perf_counter() - start, ran.stdout


def main() -> int:
    """Measures, prints the table, and says whether the promise holds."""
    parser = argparse.ArgumentParser(description="Compare the times of netdsl draw and netdsl check.")
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    print(f"{'':22}{'check':>9}{'draw':>9}{'beyond':>9}{'ratio':>7}{'bytes':>8}")
    failed = False
    for name, arguments in NETS.items():
        check, draw, svg = [], [], b""
        for number in range(rounds + 1):
            took = seconds(netdsl("check", *arguments))[0]
            drew, svg = seconds(netdsl("draw", *arguments))
            if number:  # the first round only warms caches
                check.append(took)
                draw.append(drew)
        one, other = statistics.median(check), statistics.median(draw)
        print(f"{name:22}{one:8.3f}s{other:8.3f}s{other - one:8.3f}s{other / one:7.2f}{len(svg):8}")
        failed |= other / one > RATIO if name == "resnet152" else other - one > LIMIT
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())

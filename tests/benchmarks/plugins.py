"""The whole-process time of `netdsl shapes` with 0, 4 and 20 trivial plugins installed, interleaved.

`python -m tests.benchmarks.plugins [--rounds N]` prints medians. It exits with 1 if 20 plugins add more than 40 ms.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COUNTS = (0, 4, 20)
LIMIT = 0.040

CODE = """
from netdsl import hookimpl
from netdsl.components import Result, call, layer

@layer("activation")
def same{number}(x):
    \"\"\"Returns its input.\"\"\"
    return Result(x, call("torch.nn:Identity"))

@hookimpl
def netdsl_layers():
    return [same{number}]
"""


def install(folder: Path, count: int) -> Path:
    """As many packages as pip would put there, one plugin each."""
    site = folder / str(count)
    for number in range(count):
        info = site / f"netdsl_same{number}-1.0.dist-info"
        info.mkdir(parents=True)
        (site / f"netdsl_same{number}.py").write_text(CODE.format(number=number), encoding="utf-8")
        (info / "entry_points.txt").write_text(f"[netdsl]\nsame{number} = netdsl_same{number}\n", encoding="utf-8")
        headers = f"Metadata-Version: 2.1\nName: netdsl-same{number}\nVersion: 1.0\nRequires-Dist: netdsl\n\n"
        (info / "METADATA").write_text(headers, encoding="utf-8")
    return site


def seconds(site: Path, count: int) -> float:
    """The time of one process, in which the last plugin's layer is known."""
    net = f"input 8; linear 4; {f'same{count - 1}' if count else 'identity'}"
    script = "from netdsl.cli import main; main()"
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", script, "shapes", "-e", net],
        check=True,
        stdout=subprocess.DEVNULL,
        env={**kept, "PYTHONPATH": str(site)},
    )
    return time.perf_counter() - start


def main() -> int:
    """Measures, prints the table, and says whether the promise holds; the first round only warms caches."""
    parser = argparse.ArgumentParser(description="Measure what installed plugins cost every command.")
    parser.add_argument("--rounds", type=int, default=10)
    rounds = parser.parse_args().rounds
    times: dict[int, list[float]] = {count: [] for count in COUNTS}
    with tempfile.TemporaryDirectory() as folder:
        sites = {count: install(Path(folder), count) for count in COUNTS}
        for number in range(rounds + 1):
            for count in COUNTS:
                took = seconds(sites[count], count)
                if number:
                    times[count].append(took)
    for count, took in times.items():
        print(f"{count:2} plugins  median {statistics.median(took):.3f}s  fastest {min(took):.3f}s")
    added = statistics.median(times[COUNTS[-1]]) - statistics.median(times[0])
    print(f"20 plugins add {added * 1000:.0f} ms; at most {LIMIT * 1000:.0f} ms are promised")
    return int(added > LIMIT)


if __name__ == "__main__":
    sys.exit(main())

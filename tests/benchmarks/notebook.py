"""`python -m tests.benchmarks.notebook`: seconds to the first picture, in a fresh process and in a fresh kernel.

The best of some rounds: whatever else the machine does only adds to a time.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from jupyter_client.manager import start_new_kernel

EXAMPLE = Path(__file__).parents[2] / "examples" / "tudui.net"
FROM_PYTHON = f"import netdsl; from pathlib import Path; print(netdsl.draw(Path({str(EXAMPLE)!r})).svg)"
FROM_TORCH = "import torch"
PATIENCE = 120


def time_process(script: str) -> float:
    """Seconds of a Python process."""
    start = perf_counter()
    subprocess.run([sys.executable, "-c", script], check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - start


def time_kernel() -> tuple[float, float]:
    """Seconds until a kernel answers, and from there to the picture of the first `%%net`."""
    with TemporaryDirectory() as folder:
        start = perf_counter()
        manager, client = start_new_kernel(cwd=folder)
        ready = perf_counter()
        try:
            client.execute("%load_ext netdsl")
            client.execute(f"%%net\n{EXAMPLE.read_text(encoding='utf-8')}")
            while "image/svg+xml" not in client.get_iopub_msg(timeout=PATIENCE)["content"].get("data", {}):
                pass
            shown = perf_counter()
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
    return ready - start, shown - ready


def best_of(rounds: int, measure: Callable[[], float]) -> float:
    """The shortest time."""
    return min(measure() for _ in range(rounds))


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args(arguments).rounds
    kernels = [time_kernel() for _ in range(rounds)]
    rows = {
        "python -c pass": best_of(rounds, lambda: time_process("pass")),
        "import netdsl, check, draw": best_of(rounds, lambda: time_process(FROM_PYTHON)),
        "import torch, to compare": best_of(rounds, lambda: time_process(FROM_TORCH)),
        "a kernel starts": min(ready for ready, _ in kernels),
        "%load_ext netdsl, %%net: the picture": min(shown for _, shown in kernels),
    }
    for name, seconds in rows.items():
        print(f"{name:<38}{seconds:6.2f} s")


if __name__ == "__main__":
    main()

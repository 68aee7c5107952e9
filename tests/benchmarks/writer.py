"""Nets that a net has written: `python -m tests.benchmarks.writer RUN` counts how many of them check.

RUN is what `netdsl run examples/writer.net` made. `--write` makes the text anew that it learns from: the nets of the
library and of the examples, without comments, and random ones by the author of `tests/soundness` that check.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import netdsl
from netdsl.core.source import Source
from netdsl.language.formatter import format_source
from netdsl.training import Saved
from tests.soundness.nets import Author

ROOT = Path(__file__).parents[2]
NETS = ROOT / "netdsl" / "builtins" / "files" / "nets.txt"
SIZE = 150_000
"""So many characters, which is enough to learn the language and no more than the package should carry."""


def main() -> None:
    """Prints how many samples check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", nargs="?", type=Path)
    parser.add_argument("--nets", type=int, default=200, help="how many nets to write")
    parser.add_argument("--temperature", type=float, default=0.5)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    if options.write:
        NETS.write_text("".join(make_nets()), encoding="utf-8")
        return
    nets = list(written_nets(netdsl.load(options.run), options.nets, options.temperature))
    known = set(NETS.read_text(encoding="utf-8").split("\n\n"))
    good = [net for net in nets if is_sound(net)]
    new = [net for net in good if net not in known]
    print(f"{len(good)} of {len(nets)} nets check, {len(new)} of them stand nowhere in the text")


def make_nets() -> Iterator[str]:
    """Nets, each with an empty line behind it: those of the package, then random ones."""
    written = 0
    for net in own_nets():
        yield f"{net}\n\n"
        written += len(net) + 2
    seed = 0
    while written < SIZE:
        seed += 1
        net = bare(Author(seed).net().text)
        if is_sound(net):
            yield f"{net}\n\n"
            written += len(net) + 2


def own_nets() -> Iterator[str]:
    """The library and the examples."""
    for folder in ("netdsl/library", "examples"):
        for path in sorted((ROOT / folder).glob("*.net")):
            # The one that learns from this text would be in it.
            if path.name != "writer.net":
                yield bare(path.read_text(encoding="utf-8"))


def bare(net: str) -> str:
    """A net in canonical form, without comments and empty lines."""
    lines = (re.sub(r"\s*#.*", "", line) for line in format_source(Source("net", net))[0].splitlines())
    return "\n".join(line for line in lines if line.strip())


def is_sound(net: str) -> bool:
    """Whether a text has no errors; warnings are fine."""
    return not any(one.severity == "error" for one in netdsl.check(net))


def written_nets(writer: Saved, count: int, temperature: float) -> Iterator[str]:
    """Whole nets, as the net writes them one after the other."""
    text, found = "", 0
    for piece in writer.write("\n\n", 10**9, temperature=temperature, seed=0):
        text += piece
        if text.endswith("\n\n"):
            yield text.strip("\n")
            text, found = "", found + 1
            if found == count:
                return


if __name__ == "__main__":
    main()

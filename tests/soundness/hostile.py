"""Texts that mean harm, and some that only look like it. As a script it checks them all and prints the peak memory."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from netdsl.checker import check
from netdsl.components.registry import Registry
from netdsl.core.diagnostics import Diagnostic
from netdsl.core.source import Source
from netdsl.plugins.registry import load_registry

HUGE = 10**18
DOUBLING = "".join(f"block b{n} {{ b{n + 1}; b{n + 1} }}\n" for n in range(40)) + "block b40 { relu }\ninput 8\nb0"
BRANCHING = (
    "".join(f"block b{n} n {{ b{n + 1} (n*2); b{n + 1} (n*2+1) }}\n" for n in range(25))
    + "block b25 n { relu }\ninput 8\nb0 1"
)
CHAINED = "".join(f"block b{n} {{ b{n + 1} }}\n" for n in range(70)) + "block b70 { relu }\ninput 8\nb0"

BOMBS = {
    "a repeat": "input 8; repeat 1000000000 { relu }",
    "a repeat of a size": "input 8; let n=1000000000; repeat n { linear 8 }",
    "nested repeats": "input 8; " + "repeat 1000 { " * 60 + "relu" + " }" * 60,
    "a repeat in a block": "block b n { repeat n { relu } }; input 8; repeat 1000 { b 1000 }",
    "repeats in blocks in blocks": (
        "block a n { repeat n { b n } }; block b n { repeat n { c n } }; block c n { repeat n { relu } }; input 8; a 99"
    ),
    "layers that differ": "input 8; repeat 99999 { linear (in+1) }",
    "labels that differ": "input 8; repeat 99999 { relu as a }",
    "doubling blocks": DOUBLING,
    "branching blocks": BRANCHING,
    "blocks in blocks": CHAINED,
    "bodies in bodies": "input 8; " + "residual { " * 65 + "linear 8" + " }" * 65,
    "a million braces": "residual { " * 300_000,
    "braces of a Chinese keyboard": "residual ｛ " * 300_000,
    "a ruler of comments before a mistake": "# " + "#" * 100 + "\n" + "#;" * 4000 + "\ninput 8; relu ]",
    "a program and a million blank lines": "class Net(nn.Module):" + "\n" * 1_000_000 + "    pass",
    "four MiB of parentheses": "(" * (4 << 20),
    "parentheses of one line": "let a=" + "(" * 1000 + "1" + ")" * 1000,
    "a large file": "relu\n" * (1 << 20),
    "a long line": "relu " * (1 << 15),
    "many statements": "relu;" * 200_000,
    "a block of itself": "block b { b }; input 8; b",
    "blocks of each other": "block a { b }; block b { a }; input 8; a",
    "a large size": f"input 3x{HUGE}x{HUGE}; relu",
    "a large input": "input 2147483647x2147483647x2147483647; relu",
    "many kernels": "input 3x32x32; conv 1000000000 k1000000000 p1000000000",
    "many channels": f"input 3x32x32; conv {HUGE} k3",
    "a large kernel": f"input 3x32x32; conv 8 k{HUGE}",
    "a large stride": f"input 3x32x32; conv 8 k3 s{HUGE}",
    "a large padding": f"input 3x32x32; conv 8 k3 p{HUGE}",
    "a large dilation": f"input 3x32x32; conv 8 k3 d{HUGE}",
    "many groups": f"input 3x32x32; conv 8 k3 g{HUGE}",
    "many features": f"input 8; linear {HUGE}",
    "a flow of many": f"input 8; linear 8->{HUGE}",
    "many words": f"input 8; embedding {HUGE}->4",
    "a large dim": f"input 8x8; softmax {HUGE}",
    "a long list": f"input 8x8; permute {HUGE},{HUGE}",
    "a large batch": f"data digits batch={HUGE}; flatten; linear 10",
    "many epochs": f"data digits; flatten; linear 10; train epochs={HUGE}",
    "weights beyond counting": "input 2000000000; linear 2000000000; linear 2000000000",
    "an output beyond counting": "input 3x2000000000x2000000000; upsample 1000",
    "a bomb of products": "let n=" + "(99999*" * 50 + "99999" + ")" * 50 + "\ninput 8; linear 8",
    "a bomb of variables": (
        "let a0=99999999\n" + "".join(f"let a{n + 1}=(a{n}*a{n})\n" for n in range(9)) + "input 8; linear a9"
    ),
    "a number without end": "input 8; linear " + "9" * 60_000,
    "an exponent without end": "input 8; dropout 1e999999999",
    "an infinite share": "input 8; dropout 1e400",
    "a file of the system": 'use "/etc/passwd"; input 8; relu',
    "a file above": 'use "../../../../../../etc/passwd"; input 8; relu',
    "a file behind a link": 'use "link.net"; input 8; relu',
    "a folder": 'use "."; input 8; relu',
    "a pipe": 'use "pipe.net"; input 8; relu',
    "a file that uses itself": 'use "own.net"; input 8; relu',
    "files that use each other": 'use "one.net"; input 8; relu',
    "a file that is no text": 'use "bytes.net"; input 8; relu',
    "a path with a NUL": 'use "a\0b"; input 8; relu',
    "a NUL": "input 8; relu\0",
    "a lone surrogate": "input 8; relu \ud800",
    "a surrogate in a path": 'use "\udcff.net"; input 8; relu',
    "a thousand letters": "input 8; relu " + "é" * 1000 + "‮",
}
"""One diagnostic each, NET0xx or NET4xx."""

OF_POSIX = {"a file behind a link", "a pipe"}
"""What needs a file that other systems may not make."""

HARMLESS = {
    "a BOM": "\ufeffinput 8\nlinear 8",
    "carriage returns": "input 8\r\nlinear 8\r\n# the end\r\n",
    "an empty repeat": "input 8; linear 8; repeat 1000000000 { }",
    "a repeat of none": "input 8; linear 8; repeat 0 { relu }",
    "blocks that nobody uses": DOUBLING.removesuffix("b0") + "linear 8",
}
"""These look like harm and are none: no error."""


def prepare(folder: Path) -> None:
    """Puts the files that the texts use into a folder."""
    if os.name == "posix":
        (folder / "link.net").symlink_to("/etc/passwd")
        os.mkfifo(folder / "pipe.net")
    (folder / "own.net").write_text('use "own.net"')
    (folder / "one.net").write_text('use "two.net"')
    (folder / "two.net").write_text('use "one.net"')
    (folder / "bytes.net").write_bytes(b"\xff\xfe\x00")


def found(text: str, folder: Path, registry: Registry) -> list[Diagnostic]:
    """The diagnostics of a text in a folder."""
    return check(Source("net", text), registry, folder=folder)[1]


def main() -> None:
    """Checks every text, and prints the peak memory in kB, where Linux keeps it."""
    registry = load_registry(installed=False)
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        for text in (*BOMBS.values(), *HARMLESS.values()):
            found(text, Path(folder), registry)
    status = Path("/proc/self/status").read_text().splitlines()
    print(next(line.split()[1] for line in status if line.startswith("VmHWM")))


if __name__ == "__main__":
    main()

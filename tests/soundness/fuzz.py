"""Half-written and hostile texts: `python -m tests.soundness.fuzz --texts 20000 --seed 1`.

Each text is checked, rendered, shown as JSON and as a table, drawn, formatted and fixed. What counts: an exception,
more than a second for one of these, more than 300 MB, a form under `fmt` that means something else, a fix that leaves
more errors than it found, a span that is none. Each fault is printed with the number of its text; `--show N` shows one.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path

from netdsl.__main__ import FEW_COLLECTIONS
from netdsl.core.source import Source
from tests.soundness.texts import write
from tests.soundness.trials import MEMORY, Trial, look, memory

ENDLESS = 40
"""Seconds of the processor's after which a text counts as one without end."""

PATIENCE = 600.0
"""The same by the clock, where nothing ends it earlier."""

DRAWN = 4
"""One of so many texts is drawn."""


def _work(numbers: range, results: Connection) -> None:
    gc.set_threshold(FEW_COLLECTIONS)  # as the command does
    # Some checks run torch's own classes: its libraries, and what is read once, are no memory of a text.
    import_module("torch")
    look(Source("net", "input 3xHxW; conv 8 k3 p?; rleu; nn.ReLU"))
    _limit_memory()
    memory()
    if hasattr(signal, "setitimer"):  # POSIX's
        signal.signal(signal.SIGVTALRM, _give_up)
    for number in numbers:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_VIRTUAL, ENDLESS)
        results.send((number, Trial(write(number), draws=number % DRAWN == 0, unsafe=number % 2 == 0).run()))


def _give_up(*_: object) -> None:
    raise TimeoutError(f"no end after {ENDLESS} s")


def _limit_memory() -> None:
    """Ends a bomb far above what is allowed, and what is allowed is measured below; Linux alone says where one is."""
    pages = Path("/proc/self/statm")
    if pages.exists():
        resource = import_module("resource")  # POSIX's
        size = int(pages.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size + 5 * MEMORY, resource.RLIM_INFINITY))


def run(first: int, texts: int) -> Iterator[tuple[int, list[str]]]:
    """The faults of texts by their numbers; a text that ends its process or takes too long is one too."""
    number = first
    while number < first + texts:
        results, sender = multiprocessing.Pipe(duplex=False)
        worker = multiprocessing.Process(target=_work, args=(range(number, first + texts), sender), daemon=True)
        worker.start()
        sender.close()
        try:
            while number < first + texts and results.poll(PATIENCE):
                yield results.recv()
                number += 1
            fault = "takes too long"
        except EOFError:
            fault = "ends its process"
        worker.kill()
        worker.join()
        if number < first + texts:
            yield number, [fault]
            number += 1


def main() -> int:
    """Prints each fault with the number of its text, and the count of each kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0, help="the number of the first text")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="end after so many seconds")
    parser.add_argument("--show", type=int, metavar="N", help="print a text and end")
    options = parser.parse_args()
    if options.show is not None:
        print(write(options.show))
        return 0
    start = time.perf_counter()
    counts: Counter[str] = Counter()
    tried = 0
    for number, faults in run(options.seed, options.texts):
        tried += 1
        if faults:
            print(f"text {number}: {'; '.join(faults)}", flush=True)
        counts.update(re.sub(r" in \S*: .*", "", fault) for fault in faults)
        if time.perf_counter() - start > options.seconds:
            break
    for kind, count in counts.most_common():
        print(f"{count:>6,}  {kind}")
    seconds = time.perf_counter() - start
    print(f"{tried:,} texts in {seconds:.0f} s, {tried / seconds:.0f} a second, {counts.total():,} faults")
    return 1 if counts else 0


if __name__ == "__main__":
    sys.exit(main())

"""Half-written and hostile texts made of good ones: `python -m tests.soundness.fuzz --texts 20000 --seed 1`.

Each text is checked, fixed, formatted and shown. What counts: an exception, more than a second, more memory than the
limit, a form under `fmt` that means something else, a fix that leaves more errors than it found.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from random import Random

from netdsl.checker import check
from netdsl.components.registry import Registry
from netdsl.core.diagnostics import errors
from netdsl.core.fixes import fix
from netdsl.core.source import Source
from netdsl.language.formatter import format_source
from netdsl.plugins.registry import load_registry
from netdsl.render.diagnostics import render_text

ROOT = Path(__file__).parents[2]
FOLDERS = ("examples", "netdsl/library", "tests/golden/checker")
SLOW = 1.0
MEMORY = 300 << 20
PIECES = (
    "(H+64/2.5)",
    "(in*99999)",
    "?",
    "p2??",
    "{",
    "}",
    "->",
    " as x",
    ";",
    "repeat 99999 { ",
    "é",
    "\u202e",
    "\0",
    "(",
)
NUMBERS = ("0", "-1", "7", "0.5", "99999", "2147483647", "99999999999999999999", "1e999", "HxW", "3xHxW", "?")


@cache
def seeds() -> tuple[str, ...]:
    """The texts that all others are made of."""
    files = sorted(file for folder in FOLDERS for file in (ROOT / folder).rglob("*.net"))
    return tuple(file.read_text(encoding="utf-8") for file in files)


@cache
def registry() -> Registry:
    """The names that come with netdsl."""
    return load_registry(installed=False)


def write(seed: int) -> str:
    """One text: a good one after a few changes."""
    random = Random(seed)
    text = random.choice(seeds())[:20_000]
    for _ in range(random.choice((1, 1, 2, 3, 6))):
        text = random.choice((_splice, _delete, _double, _nest, _enlarge, _insert))(text, random)
    return text


def _cut(text: str, random: Random) -> tuple[int, int]:
    start = random.randint(0, len(text))
    return start, min(len(text), start + random.choice((1, 3, 10, 40)))


def _splice(text: str, random: Random) -> str:
    other, (start, end) = random.choice(seeds()), _cut(text, random)
    first, last = _cut(other, random)
    return text[:start] + other[first:last] + text[end:]


def _delete(text: str, random: Random) -> str:
    start, end = _cut(text, random)
    return text[:start] + text[end:]


def _double(text: str, random: Random) -> str:
    start, end = _cut(text, random)
    return text[:end] + text[start:]


def _nest(text: str, random: Random) -> str:
    start, end = _cut(text, random)
    head = random.choice(("repeat 3 {", "residual {", "concat { } {", "block b {", "repeat 50000 {"))
    return f"{text[:start]}\n{head} {text[start:end]} }}\n{text[end:]}"


def _enlarge(text: str, random: Random) -> str:
    digits = [at for at, letter in enumerate(text) if letter.isdigit()]
    at = random.choice(digits or [0])
    return text[:at] + random.choice(NUMBERS) + text[at + 1 :]


def _insert(text: str, random: Random) -> str:
    at = random.randint(0, len(text))
    return text[:at] + random.choice(PIECES) + text[at:]


def faults(text: str) -> Iterator[str]:
    """What goes wrong with a text, by kind."""
    source = Source("net", text)

    def found(one: Source) -> list:  # type: ignore[type-arg]
        return check(one, registry(), folder=ROOT / "examples")[1]

    start = time.process_time()
    try:
        before = found(source)
        render_text(before)
        if time.process_time() - start > SLOW:
            yield "slow check"
        fixed = fix(source, found, unsafe=True)
        if len(errors(fixed.left)) > len(errors(before)):
            yield "a fix adds errors"
        formatted, unreadable = format_source(source)
        if not unreadable:
            after = found(Source("net", formatted))
            if sorted(one.code for one in errors(after)) != sorted(one.code for one in errors(before)):
                yield "fmt changes the meaning"
    except MemoryError:
        yield "memory"
    except Exception as error:
        yield f"exception: {type(error).__name__}: {str(error)[:80]}"


def _work(numbers: range, results: multiprocessing.Queue[tuple[int, list[str]]]) -> None:
    registry()
    import_module("torch")  # some checks run torch's own classes, and its libraries are no memory of the text
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, resource.RLIM_INFINITY))
    for number in numbers:
        results.put((number, [*faults(write(number))]))


def run(first: int, texts: int, patience: float = 30.0) -> dict[int, list[str]]:
    """The faults of texts by their numbers; a text that ends its process or takes too long is one too."""
    found: dict[int, list[str]] = {}
    number = first
    while number < first + texts:
        results: multiprocessing.Queue[tuple[int, list[str]]] = multiprocessing.Queue()
        worker = multiprocessing.Process(target=_work, args=(range(number, first + texts), results))
        worker.start()
        try:
            while number < first + texts:
                _, wrong = results.get(timeout=patience)
                if wrong:
                    found[number] = wrong
                number += 1
        except Exception:  # nothing came: the process is dead, or still at this text
            found[number] = ["ends its process, or takes too long"]
            number += 1
        worker.kill()
        worker.join()
    return found


def main() -> int:
    """Prints each fault with the number of its text, and the count of each kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0, help="the number of the first text")
    options = parser.parse_args()
    start = time.perf_counter()
    found = run(options.seed, options.texts)
    counts = Counter(kind for kinds in found.values() for kind in kinds)
    for number, kinds in found.items():
        print(f"text {number}: {'; '.join(kinds)}")
    for kind, count in counts.most_common():
        print(f"{count:>6,}  {kind}")
    seconds = time.perf_counter() - start
    print(f"{options.texts:,} texts in {seconds:.0f} s, {options.texts / seconds:.0f} a second")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

"""Texts that reach new lines of parser and checker: `python -m tests.soundness.atheris_check --seconds 3600`.

Atheris (`pip install atheris`, Linux) changes the example texts, keeps those that run lines of netdsl that no other
text has run, and changes these further. Each is tried as `python -m tests.soundness.fuzz` does; a text with a fault is
written into the folder, and the search goes on.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

MISSING = "this needs atheris, which is for Linux and CPython up to 3.13: pip install atheris"
LONGEST = 4096


def prepare(folder: Path) -> list[str]:
    """Writes the first texts, and the words that are put into them; the options that name both."""
    texts = import_module("tests.soundness.texts")
    trials = import_module("tests.soundness.trials")
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for text in texts.seeds():
        content = text.encode()[:LONGEST]
        (corpus / sha256(content).hexdigest()[:16]).write_bytes(content)
    words = [*texts.PIECES, *texts.NUMBERS, *texts.HEADS, *trials.registry().layers]
    quoted = ("".join(f"\\x{byte:02x}" for byte in word.encode()[:60]) for word in words)
    (folder / "words.txt").write_text("".join(f'"{word}"\n' for word in dict.fromkeys(quoted)))
    return [
        str(corpus),
        f"-dict={folder / 'words.txt'}",
        f"-max_len={LONGEST}",
        "-timeout=60",
        "-rss_limit_mb=4096",
        f"-artifact_prefix={folder}/",
    ]


def main() -> int:
    """Runs for some time, and prints how many texts were tried and what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=3600)
    parser.add_argument("--folder", type=Path, help="where texts are kept; a temporary one without it")
    options = parser.parse_args()
    try:
        atheris: Any = import_module("atheris")
    except ImportError:
        print(MISSING, file=sys.stderr)
        return 2
    folder = options.folder or Path(tempfile.mkdtemp())
    with atheris.instrument_imports(include=["netdsl"]):
        trials = import_module("tests.soundness.trials")
    import_module("torch")  # some checks run its classes, and its libraries are no memory of a text
    settings = prepare(folder)
    # What is imported when it is needed first is instrumented too.
    with atheris.instrument_imports(include=["netdsl"]):
        for text in (
            "input 3xHxW; conv 8 k3 p?; rleu",
            "data digits; flatten; linear 10",
            "a {",
            "budget depth<=1; relu",
        ):
            trials.Trial(text).run()
    counts: Counter[str] = Counter()

    def try_one(content: bytes) -> None:
        text = content.decode(errors="surrogateescape")
        counts["texts"] += 1
        faults = trials.Trial(text, draws=counts["texts"] % 8 == 0).run()
        # Instrumented code takes several times as long.
        if faults := [fault for fault in faults if not fault.startswith("slow")]:
            counts["faults"] += 1
            (folder / f"fault-{sha256(content).hexdigest()[:16]}.net").write_bytes(content)
            print(f"{'; '.join(faults)}", flush=True)

    # The end of the time ends the process, so that the count is printed as it goes.
    settings += [f"-max_total_time={options.seconds}", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], *settings], try_one, enable_python_coverage=True)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())

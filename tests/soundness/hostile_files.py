"""Files that are cut, altered or made by hand, opened as commands open them: each gives one message, and soon.

`python -m tests.soundness.hostile_files --files N --seed S [--workers W] [--case NUMBER]` alters N files and opens
them in processes that may take 500 MB. It prints what went otherwise, and exits with 1 if anything did.
"""

from __future__ import annotations

import argparse
import io
import json
import multiprocessing
import multiprocessing.connection
import os
import pickle
import shutil
import signal
import struct
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

import click
import numpy as np
import safetensors.torch
import torch
from click.testing import CliRunner
from PIL import Image

from netdsl.checker import check
from netdsl.cli import netdsl
from netdsl.core.errors import NetdslError
from netdsl.core.source import Source
from netdsl.data import open_data
from netdsl.data.datasets.cifar_format import read_batch, read_names
from netdsl.data.datasets.idx_format import read_idx
from netdsl.plugins.registry import load_registry
from netdsl.runs.checkpoint import Checkpoint, _checksum, load, save
from netdsl.runs.weights import read_weights

MOST_SECONDS = 1.0
MOST_BYTES = 500 << 20
PATIENCE = 30
"""Seconds of the clock after which a file counts as endless: the machine may be busy with other things."""

TOKENS = [
    b"-1", b"0", b"1e400", b"NaN", b"None", b"null", b"true", b"[]", b"{}", b'""', b"18446744073709551616",
    b"9" * 5000, b"(" * 500, b"[" * 2000, b"()", b"(3,)", b"'<u3'", b"'|O'", b"'text'", b"\0", b"\xff", b"\n", b",,,",
    b'"', b"'", b":", b"1.5", b"\xf0\x9f\x98\x80", b"0x10", b"<f8", b"<f16", b">i2", b"(10000000000000,)", b"3L",
]  # fmt: skip
"""What is put into the place of a word or a number."""


def alter(content: bytes, random: Random) -> bytes:
    """The content after one to four changes."""
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        content = random.choice(CHANGES)(content, random)
    return content


def _cut(content: bytes, random: Random) -> bytes:
    return content[: random.randrange(len(content) + 1)]


def _flip(content: bytes, random: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(random.choice((1, 1, 8))):
        if changed:
            changed[_place(changed, random)] = random.randrange(256)
    return bytes(changed)


def _number(content: bytes, random: Random) -> bytes:
    """Puts an extreme number over some bytes, as a length or an offset would be."""
    place, width = _place(content, random), random.choice(("H", "I", "Q"))
    value = random.choice((0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, (1 << 63) - 1, (1 << 64) - 1))
    packed = struct.pack(random.choice("<>") + width, value & ((1 << 8 * struct.calcsize(width)) - 1))
    return content[:place] + packed + content[place + len(packed) :]


def _remove(content: bytes, random: Random) -> bytes:
    place = _place(content, random)
    return content[:place] + content[place + random.choice((1, 4, 64)) :]


def _double(content: bytes, random: Random) -> bytes:
    place, length = _place(content, random), random.choice((1, 8, 256))
    return content[:place] + content[place : place + length] * random.choice((2, 3, 50)) + content[place + length :]


def _insert(content: bytes, random: Random) -> bytes:
    place = _place(content, random)
    return content[:place] + random.choice(TOKENS) + content[place:]


def _replace_word(content: bytes, random: Random) -> bytes:
    """Puts another word in the place of one of the first 4,096 bytes: there headers and texts are."""
    import re

    words = list(re.finditer(rb"[\w.]+|'[^']*'|\"[^\"]*\"|\([^)]*\)|\[[^\]]*\]", content[:4096]))
    if not words:
        return _insert(content, random)
    word = random.choice(words)
    return content[: word.start()] + random.choice(TOKENS) + content[word.end() :]


CHANGES = (_cut, _flip, _flip, _number, _remove, _double, _insert, _replace_word, _replace_word, _replace_word)


def _place(content: bytes | bytearray, random: Random) -> int:
    """A place in the content, half of the time near its beginning or its end, where its structure is."""
    if not content:
        return 0
    where = random.random()
    if where < 0.4:
        return random.randrange(min(len(content), 200))
    if where < 0.5:
        return len(content) - 1 - random.randrange(min(len(content), 200))
    return random.randrange(len(content))


@dataclass
class Opener:
    """What a worker opens files with, and the whole files that are altered."""

    folder: Path
    originals: dict[str, bytes] = field(default_factory=dict)
    registry: object = None
    case: Path = Path()

    def __post_init__(self) -> None:
        self.registry = load_registry(installed=False)
        self.originals = _originals(self.folder)

    def data(self, line: str, transforms: str = "") -> int:
        """Checks a text with this `data` line, opens the data, and takes an epoch; returns the number of messages."""
        source = Source("net", f"flatten; linear 2; data {line} split=0.5 batch=4 workers=0 {transforms}")
        experiment, diagnostics = check(source, self.registry, folder=self.case)  # type: ignore[arg-type]
        errors = [one for one in diagnostics if one.severity == "error"]
        if errors or experiment is None or experiment.data is None:
            return len(errors)
        data = open_data(experiment.data, "cpu", seed=0)
        for _ in data.train.epoch(0):
            pass
        data.close()
        return 0

    def run(self, *arguments: str) -> int:
        """Calls a command; returns whether it was refused."""
        result = CliRunner().invoke(netdsl, list(arguments), prog_name="netdsl")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        if "Traceback" in result.output:
            raise AssertionError(result.output)
        return int(result.exit_code != 0)

    def write(self, name: str, content: bytes) -> Path:
        """Puts a file into the folder of the case."""
        path = self.case / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path


def _npy(values: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, values)
    return stream.getvalue()


def _npz(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return stream.getvalue()


def _png() -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.arange(192, dtype=np.uint8).reshape(8, 8, 3)).save(stream, "PNG")
    return stream.getvalue()


def _originals(folder: Path) -> dict[str, bytes]:
    x, y = np.arange(160, dtype=np.float32).reshape(20, 8), np.arange(20, dtype=np.int64) % 2
    weights = {"0.weight": torch.ones(2, 8), "0.bias": torch.zeros(2)}
    pt, checkpoint = io.BytesIO(), folder / "step-00000001.safetensors"
    torch.save(weights, pt)
    state = {"model": weights, "position": [1, 0, 4], "random": [{"cpu": torch.get_rng_state()[:64]}], "loss": (0.5,)}
    save(checkpoint, Checkpoint("input 8; linear 2", state))
    rows = [f"{row * 0.5},{row % 7},{'red' if row % 3 else 'blue'},{row % 2}" for row in range(30)]
    return {
        "x": _npy(x), "y": _npy(y), "png": _png(),
        "csv": "\n".join(["a,b,colour,class", *rows]).encode(),
        "idx": struct.pack(">HBBIII", 0, 8, 3, 4, 8, 8) + bytes(256),
        "cifar": pickle.dumps({"data": np.zeros((2, 3072), np.uint8), "labels": [0, 1]}, protocol=2),
        "cifar names": pickle.dumps({"label_names": ["a", "b"]}, protocol=2),
        "safetensors": safetensors.torch.save(weights), "pt": pt.getvalue(), "checkpoint": checkpoint.read_bytes(),
    }  # fmt: skip


def _try_npz(opener: Opener, random: Random) -> int:
    members = {"x": opener.originals["x"], "y": opener.originals["y"]}
    compression = random.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    if random.random() < 0.6:  # an archive that is whole, of an array that is not
        name = random.choice("xy")
        members[name] = alter(members[name], random)
        content = _npz(members, compression)
    else:
        content = alter(_npz(members, compression), random)
    opener.write("a.npz", content)
    return opener.data("npz a.npz")


def _try_npy(opener: Opener, random: Random) -> int:
    altered = random.choice("xy")
    for name in "xy":
        content = opener.originals[name]
        opener.write(f"{name}.npy", alter(content, random) if name == altered else content)
    return opener.data("npy x.npy y.npy")


def _try_csv(opener: Opener, random: Random) -> int:
    opener.write("t.csv", alter(opener.originals["csv"], random))
    return opener.data("csv t.csv")


def _try_png(opener: Opener, random: Random) -> int:
    content = alter(opener.originals["png"], random)
    if random.random() < 0.5:
        content = _with_checksums(content)
    for number in range(4):
        opener.write(f"p/{'ab'[number % 2]}/{number}.png", opener.originals["png"] if number else content)
    return opener.data("folder p cache=ram", "{ resize 8x8 }")


def _with_checksums(content: bytes) -> bytes:
    """A PNG whose parts have right checksums again, so that what is in them is believed."""
    parts, place = [content[:8]], 8
    while place + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, place)
        kind_and_data = content[place + 4 : place + 8 + length]
        parts.append(struct.pack(">I", length) + kind_and_data + struct.pack(">I", zlib.crc32(kind_and_data)))
        place += 12 + length
    return b"".join(parts)


def _try_idx(opener: Opener, random: Random) -> int:
    read_idx(opener.write("idx", alter(opener.originals["idx"], random)))
    return 0


def _try_cifar(opener: Opener, random: Random) -> int:
    if random.random() < 0.8:
        read_batch(opener.write("batch", alter(opener.originals["cifar"], random)))
    else:
        read_names(opener.write("meta", alter(opener.originals["cifar names"], random)), "label_names")
    return 0


def _try_safetensors(opener: Opener, random: Random) -> int:
    kind = random.choice(("safetensors", "pt"))
    read_weights(opener.write(f"w.{kind}", alter(opener.originals[kind], random)))
    return 0


def _try_checkpoint(opener: Opener, random: Random) -> int:
    content = opener.originals["checkpoint"]
    if random.random() < 0.5:
        content = alter(content, random)
    else:  # another state, with the checksum that belongs to it
        length = int.from_bytes(content[:8], "little")
        header = json.loads(content[8 : 8 + length])
        about = header["__metadata__"]
        about["state"] = alter(about["state"].encode(), random).decode("utf-8", "replace")
        about["checksum"] = _checksum(about, safetensors.torch.load(content))
        packed = json.dumps(header).encode()
        content = len(packed).to_bytes(8, "little") + packed + content[8 + length :]
    load(opener.write("step-00000001.safetensors", content))
    return 0


def _try_run(opener: Opener, random: Random) -> int:
    """A run's folder of which one file is altered, listed, compared, tested, or asked about an image."""
    for name in ("run", "other"):
        shutil.copytree(opener.folder / "run", opener.case / name)
    path = opener.case / "run" / random.choice(("run.json", "run.json", "metrics.jsonl", "run.net"))
    path.write_bytes(alter(path.read_bytes(), random))
    one, other, image = opener.case / "run", opener.case / "other", opener.write("i.png", opener.originals["png"])
    commands = (
        ("runs", str(opener.case)),
        ("runs", str(opener.case), "--json"),
        ("runs", "--compare", str(one), str(other), "--out", str(opener.case / "c.png")),
        ("eval", str(one), "--device", "cpu"),
        ("predict", str(one), str(image), "--device", "cpu"),
    )
    return opener.run(*random.choice(commands))


KINDS: dict[str, Callable[[Opener, Random], int]] = {
    "npz": _try_npz,
    "npy": _try_npy,
    "csv": _try_csv,
    "png": _try_png,
    "idx": _try_idx,
    "cifar": _try_cifar,
    "weights": _try_safetensors,
    "checkpoint": _try_checkpoint,
    "run": _try_run,
}
MESSAGES = (NetdslError, OSError, click.ClickException)
"""What a command turns into a message."""


@dataclass(frozen=True)
class Outcome:
    """What came of a file: the seconds of the processor, whether it was refused, and what went wrong."""

    number: int
    kind: str
    seconds: float
    refused: bool
    fault: str = ""


def try_case(opener: Opener, seed: int, number: int) -> Outcome:
    """Alters one file, and opens it."""
    kind = list(KINDS)[number % len(KINDS)]
    opener.case = opener.folder / f"case-{number}"
    opener.case.mkdir()
    start, messages, fault = time.process_time(), 0, ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            messages = KINDS[kind](opener, Random(f"{seed}/{number}"))
    except MESSAGES:
        messages = 1
    except BaseException:
        fault = traceback.format_exc(limit=-4)
    seconds = time.process_time() - start
    if messages > 1:
        fault = f"{messages} messages"
    elif not fault and seconds > MOST_SECONDS:
        fault = f"{seconds:.1f} s"
    shutil.rmtree(opener.case)
    return Outcome(number, kind, seconds, bool(messages), fault)


def _work(folder: str, seed: int, numbers: list[int], told: Connection) -> None:
    torch.set_num_threads(1)
    opener = Opener(Path(folder))
    _limit_memory()
    signal.signal(signal.SIGALRM, _give_up)
    for number in numbers:
        told.send(number)
        signal.alarm(PATIENCE)
        outcome = try_case(opener, seed, number)
        signal.alarm(0)
        told.send(outcome)
    told.close()
    os._exit(0)  # taking torch apart would be the work of a second


def _limit_memory() -> None:
    """Lets this process take 500 MB more than it has."""
    import resource  # only Unix has it

    status = Path("/proc/self/status")
    if status.exists():
        taken = next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmData"))
        resource.setrlimit(resource.RLIMIT_DATA, (taken * 1024 + MOST_BYTES,) * 2)


def _give_up(*_: object) -> None:
    raise TimeoutError(f"not over after {PATIENCE} s")  # an OSError, but no message comes after so long


def try_files(folder: Path, count: int, seed: int, workers: int) -> list[Outcome]:
    """Alters and opens so many files, in so many processes at a time; one that dies is started anew."""
    prepare(folder)
    outcomes: list[Outcome] = []
    context = multiprocessing.get_context("fork")
    waiting = [list(range(first, count, workers)) for first in range(workers)]
    running: dict[int, tuple[multiprocessing.process.BaseProcess, Connection, int | None]] = {}

    def start(slot: int) -> None:
        own = folder / f"worker-{slot}-{len(outcomes)}"
        own.mkdir()
        (own / "run").symlink_to(folder / "run")
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_work, args=(str(own), seed, waiting[slot], theirs))
        process.start()
        theirs.close()
        running[slot] = process, ours, None

    for slot in range(workers):
        start(slot)
    while running:
        ready = multiprocessing.connection.wait([told for _, told, _ in running.values()])
        for slot, (process, told, current) in list(running.items()):
            if told not in ready:
                continue
            try:
                said = told.recv()
            except EOFError:
                process.join()
                del running[slot]
                if current is not None:
                    kind = list(KINDS)[current % len(KINDS)]
                    outcomes.append(Outcome(current, kind, 0.0, False, f"the process died: {process.exitcode}"))
                    waiting[slot].remove(current)
                if waiting[slot]:
                    start(slot)
                continue
            if isinstance(said, Outcome):
                outcomes.append(said)
                waiting[slot].remove(said.number)
                running[slot] = process, told, None
            else:
                running[slot] = process, told, said
    return sorted(outcomes, key=lambda outcome: outcome.number)


def prepare(folder: Path) -> None:
    """Makes the run whose folder is altered."""
    text = "input 3x8x8; flatten; linear 3; data fake 3x8x8 classes=3 size=40 batch=20; train epochs=1 speed=contiguous"
    result = CliRunner().invoke(netdsl, ["run", "-e", text, "--device", "cpu", "--out", str(folder / "run")])
    assert result.exit_code == 0, result.output


def main() -> int:
    """Tries the files, and prints what came of each kind."""
    parser = argparse.ArgumentParser(description="Open files that are cut, altered or made by hand.")
    parser.add_argument("--files", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--case", type=int, help="open this one only, in this process")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if given.case is not None:
            prepare(folder)
            print(try_case(Opener(folder), given.seed, given.case))
            return 0
        outcomes = try_files(folder, given.files, given.seed, given.workers)
    faults = [outcome for outcome in outcomes if outcome.fault]
    for outcome in faults:
        print(f"case {outcome.number} ({outcome.kind}): {outcome.fault}")
    tried, refused = Counter(one.kind for one in outcomes), Counter(one.kind for one in outcomes if one.refused)
    for kind in KINDS:
        slowest = max((one.seconds for one in outcomes if one.kind == kind), default=0.0)
        print(f"{kind:12}{tried[kind]:6,} tried {refused[kind]:6,} refused   slowest {slowest:.2f} s")
    print(f"{len(outcomes):,} files, {len(faults)} faults (seed {given.seed})")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())

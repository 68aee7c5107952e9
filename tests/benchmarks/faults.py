"""Kill, stop and starve runs, and see whether they come back: the same weights and curves, bit for bit.

    python -m tests.benchmarks.faults                       # 50 kills, 10 SIGTERM, 5 full disks, 5 torn checkpoints
    python -m tests.benchmarks.faults --kills 200 --seed 7
    python -m tests.benchmarks.faults --net text            # states that are carried; `--net reviews`: padded texts
    python -m tests.benchmarks.faults --net "several inputs"  # and each other kind of `tests/data/kinds.py`

Every run is the real command in a process of its own, forked from one that has imported torch already. A full disk is a
tmpfs of 1 MiB, partly taken; where none may be mounted, files that may not grow (`RLIMIT_FSIZE`).
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from tests.data.kinds import NETS as KINDS
from tests.data.kinds import write_kinds

NETS = {
    "digits": """flatten; linear 64->32; relu; dropout 0.2; linear 32->10
data digits batch=32
optimizer adamw lr=0.003
train epochs=20 every=5 speed=contiguous
""",
    "text": """data text nets length=16 batch=32 limit=1500 stateful
embedding 61->16; lstm 16 num_layers=2 dropout=0.2; gru 16; linear 61
optimizer adamw lr=0.003
train epochs=4 every=5 speed=contiguous
""",
    "reviews": """data csv reviews.csv text=review target=label length=8 batch=8
embedding 13->8; lstm 8 bidirectional; attention 2 dropout=0.1; mean; linear 2
optimizer adamw lr=0.003
train epochs=30 every=5 speed=contiguous
""",
}
OPTIMIZER = "optimizer adamw lr=0.003"
NETS |= {
    kind: f"{net}\n{OPTIMIZER * ('optimizer' not in net)}\ntrain epochs=60 every=5 speed=contiguous\n"
    for kind, net in KINDS.items()
    if "folds=" not in net  # a run for each fold: their folders are not where these faults look
}
REVIEWS = "review,label\n" + "".join(
    f"{'a film ' * (number % 4)}{'good' if number % 3 else 'bad'} {number % 7},{number % 2}\n" for number in range(300)
)
COMMAND = ["run", "net.net", "--save-every", "7", "--device", "cpu"]
DISK, PAGE = 1 << 20, 4096


@dataclass
class Tally:
    """What became of the runs of one kind."""

    steps: list[int] = field(default_factory=list)
    statuses: set[int | None] = field(default_factory=set)
    anew: int = 0
    weights: int = 0
    curves: int = 0
    wrong: list[str] = field(default_factory=list)


def run_command(arguments: list[str], log: str, limit: int | None) -> None:
    """The command itself, in this process; nothing it writes may be longer than `limit`."""
    from netdsl.cli import main

    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    sys.argv[1:] = arguments
    with open(log, "w", buffering=1) as file, redirect_stdout(file), redirect_stderr(file):
        main()


def start(*arguments: str, log: str = "log", limit: int | None = None) -> ForkServerProcess:
    """Starts the command."""
    process = multiprocessing.get_context("forkserver").Process(target=run_command, args=([*arguments], log, limit))
    process.start()
    return process


def ended(process: ForkServerProcess) -> int | None:
    """The exit status, once there is one."""
    process.join()
    return process.exitcode


def last_step(folder: Path) -> int:
    """The step of the newest checkpoint."""
    return max((int(path.stem[5:]) for path in folder.glob("checkpoints/step-*.safetensors")), default=0)


def come_back(folder: Path, tally: Tally, *, resume: str | None = None) -> None:
    """Resumes a run, or begins it anew where it had not begun, and compares it with the one that was left in peace."""
    begun = (folder / "run.json").exists()
    tally.anew += not begun
    tally.steps.append(last_step(folder))
    status = ended(start(*(["run", "--resume", resume or str(folder)] if begun else [*COMMAND, "--out", str(folder)])))
    if status != 0:
        tally.wrong.append(f"{folder}: resuming ended with {status}: {Path('log').read_text()[-300:]}")
        return
    tally.weights += same(folder, "model.safetensors")
    tally.curves += same(folder, "metrics.jsonl")


def same(folder: Path, name: str) -> bool:
    """Whether a file is what the undisturbed run made of it."""
    return (folder / name).read_bytes() == Path("whole", name).read_bytes()


def expect(tally: Tally, status: int | None, expected: tuple[int, ...], message: str = "") -> None:
    """Notes an exit status and a message that are not as they should be."""
    tally.statuses.add(status)
    said = Path("log").read_text()
    if status not in expected or not re.search(message, said) or "Traceback" in said:
        tally.wrong.append(f"status {status}: {said[-300:]}")


def killed(folder: Path, tally: Tally, chance: random.Random, seconds: float) -> None:
    """A SIGKILL at any moment."""
    process = start(*COMMAND, "--out", str(folder))
    time.sleep(chance.uniform(0, seconds))
    process.kill()
    expect(tally, ended(process), (-signal.SIGKILL, 0))
    come_back(folder, tally)


def terminated(folder: Path, tally: Tally, chance: random.Random, seconds: float) -> None:
    """A SIGTERM at any moment after the first checkpoint."""
    process = start(*COMMAND, "--out", str(folder))
    while not last_step(folder) and process.is_alive():
        time.sleep(0.001)
    time.sleep(chance.uniform(0, seconds / 2))
    process.terminate()
    expect(tally, ended(process), (143,), "stopped by SIGTERM after step .* which is saved; go on with")
    come_back(folder, tally)


def filled(folder: Path, tally: Tally, chance: random.Random, seconds: float) -> None:
    """A disk that is full at any write."""
    folder.mkdir()
    mounted = mount(folder)
    if mounted:
        (folder / "taken").write_bytes(bytes(DISK - chance.randrange(20_000, size(Path("whole")))))
    limit = None if mounted else chance.randrange(2_000, 60_000)
    inner = folder / "run"
    status = ended(start(*COMMAND, "--out", str(inner), limit=limit))
    # Where only the report finds no room, the run ends well and says so.
    full = "(no space left on device|file too large)"
    expect(tally, status, (0, 1), f"error: cannot (save|write).*: {full}|report.html` is not written any more: {full}")
    (folder / "taken").unlink(missing_ok=True)
    come_back(inner, tally)
    if mounted:
        subprocess.run(["umount", str(folder)], check=True)


def mount(folder: Path) -> bool:
    """Puts a small file system there, if that is allowed."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)]
    return subprocess.run(command, stderr=subprocess.DEVNULL).returncode == 0


def size(folder: Path) -> int:
    """What a folder takes on a disk."""
    return sum(-(-path.stat().st_size // PAGE) * PAGE for path in folder.rglob("*") if path.is_file())


def torn(folder: Path, tally: Tally, chance: random.Random, seconds: float) -> None:
    """A newest checkpoint that is cut short, or has a byte changed."""
    process = start(*COMMAND, "--out", str(folder))
    while len(list(folder.glob("checkpoints/step-*"))) < 2 and process.is_alive():
        time.sleep(0.001)
    time.sleep(chance.uniform(0, seconds / 3))
    process.kill()
    process.join()
    *_, newest = sorted(folder.glob("checkpoints/step-*.safetensors"))
    content = bytearray(newest.read_bytes())
    place = chance.randrange(len(content))
    content[place] ^= 0xFF
    newest.write_bytes(content if chance.random() < 0.5 else content[:place])
    status = ended(start("run", "--resume", str(folder)))
    expect(tally, status, (1,), rf"{re.escape(str(newest))}` is (damaged|not a checkpoint)")
    offered = re.search(r"write `--resume (.+?)`", Path("log").read_text())
    come_back(folder, tally, resume=offered[1] if offered else "none is offered")


FAULTS: dict[str, Callable[[Path, Tally, random.Random, float], None]] = {
    "kill -9": killed,
    "SIGTERM": terminated,
    "full disk": filled,
    "torn checkpoint": torn,
}


def main() -> None:
    """Runs them all and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for option, count in (("kills", 50), ("terms", 10), ("disks", 5), ("torn", 5), ("seed", 0)):
        parser.add_argument(f"--{option}", type=int, default=count)
    parser.add_argument("--net", choices=NETS, default="digits", help="what is trained")
    given = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    multiprocessing.get_context("forkserver").set_forkserver_preload(["netdsl.cli.run", "netdsl.training.trainer"])
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as home:
        os.chdir(home)
        Path("net.net").write_text(NETS[given.net])
        Path("reviews.csv").write_text(REVIEWS)
        write_kinds(Path.cwd())
        ended(start(*COMMAND, "--out", "first"))  # the forkserver is warm now
        since = time.monotonic()
        assert ended(start(*COMMAND, "--out", "whole")) == 0, Path("log").read_text()
        seconds = time.monotonic() - since
        steps = last_step(Path("whole"))
        print(f"a run of {steps} steps, a checkpoint every 7: {seconds:.1f} s undisturbed\n")
        print(f"{'fault':16} {'runs':>5} {'status':>12} {'cut at step':>12} {'anew':>5} {'weights':>8} {'curves':>7}")
        chance = random.Random(given.seed)
        tallies = [
            measured(name, count, chance, seconds)
            for name, count in zip(FAULTS, (given.kills, given.terms, given.disks, given.torn), strict=True)
        ]
        os.chdir("/")
    wrong = [text for tally in tallies for text in tally.wrong]
    print(f"\n{'nothing lost' if not wrong else 'WRONG'}, {time.monotonic() - began:.0f} s", *wrong, sep="\n")
    sys.exit(bool(wrong))


def measured(name: str, count: int, chance: random.Random, seconds: float) -> Tally:
    """All runs of one kind, and their line of the table; `weights` and `curves` count those that are equal."""
    tally = Tally()
    for number in range(count):
        FAULTS[name](Path(f"{name}-{number}".replace(" ", "-")), tally, chance, seconds)
    statuses = ", ".join(map(str, sorted(tally.statuses, key=str)))
    cut = f"{min(tally.steps, default=0)}-{max(tally.steps, default=0)}"
    counts = f"{tally.anew:5} {tally.weights:8} {tally.curves:7}"
    print(f"{name:16} {count:5} {statuses:>12} {cut:>12} {counts}", flush=True)
    if tally.weights != count or tally.curves != count:
        tally.wrong.append(f"{name}: only {tally.weights} weights and {tally.curves} curves of {count} are equal")
    return tally


if __name__ == "__main__":
    main()

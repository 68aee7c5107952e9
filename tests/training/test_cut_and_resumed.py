"""Each kind of data: a run that is killed, in memory or read from files, ends with the bits that it would have had."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import netdsl
from netdsl.cli import main
from netdsl.cli import netdsl as netdsl_command
from netdsl.core.errors import DataError, TrainingError
from netdsl.data.resident import Resident
from netdsl.data.streaming import Streaming
from tests.data.kinds import NETS, write_kinds

CUT = 9
"""The batch of training that never comes: in the second epoch or a later one."""
PROCESSES = multiprocessing.get_context("forkserver" if os.name == "posix" else "spawn")
PROCESSES.set_forkserver_preload(["netdsl.cli.run", "netdsl.training.trainer"]) if os.name == "posix" else None


@pytest.fixture
def home(tmp_path: Path) -> Path:
    write_kinds(tmp_path)
    return tmp_path


def killed_at(batch: int, *arguments: str) -> None:
    """Runs a command in this process, which is killed before a batch of training, counted over all epochs."""

    def cut(really: Any) -> Any:
        def epoch(self: Any, number: int, start: int = 0) -> Iterator[Any]:
            for index, one in enumerate(really(self, number, start), start):
                # Only what trains is shuffled, or carries states.
                if (self.plan.shuffle or self.plan.carry) and number * self.batches + index == batch:
                    os.kill(os.getpid(), signal.SIGKILL)
                yield one

        return epoch

    for pipeline in (Resident, Streaming):
        pipeline.epoch = cut(pipeline.epoch)  # type: ignore[method-assign]
    sys.argv[1:] = arguments
    main()


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX's")
@pytest.mark.parametrize("kind", NETS)
def test_a_run_of_it_that_was_killed_comes_to_the_same_bits(
    home: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    optimizer = "" if "optimizer" in NETS[kind] else "optimizer adam lr=0.01"
    Path("a.net").write_text(f"{NETS[kind]}\n{optimizer}\ntrain epochs=4 seed=3 speed=contiguous report=false\n")
    command = ("run", "a.net", "--device", "cpu", "--quiet", "--out")
    process = PROCESSES.Process(target=killed_at, args=(CUT, *command, "cut"))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    *_, begun = sorted(Path("cut").rglob("run.json"))
    assert json.loads(begun.read_text())["status"] == "running"
    done = [json.loads(line) for line in (begun.parent / "metrics.jsonl").read_text().splitlines()]
    assert 1 <= max(line.get("epoch", 0) for line in done) < 4
    again = [*command, "cut"] if "folds" in kind else ["run", "--resume", "cut", "--quiet"]
    for arguments in ([*command, "whole"], again):
        result = CliRunner().invoke(netdsl_command, arguments)
        assert result.exit_code == 0, result.output
    for whole in sorted(Path("whole").rglob("model.safetensors")):
        assert Path("cut", whole.relative_to("whole")).read_bytes() == whole.read_bytes()
    curves = [sorted(Path(one).rglob("metrics.jsonl")) for one in ("whole", "cut")]
    assert curves[0]
    for one, other in zip(*curves, strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_a_damaged_mask_ends_a_run_with_one_message_that_names_it(home: Path) -> None:
    mask = home / "pets" / "masks" / "7.png"
    mask.write_bytes(mask.read_bytes()[:60])
    net = home / "a.net"
    net.write_text(f"{NETS['masks in files']}\ntrain epochs=1 report=false\n")
    with pytest.raises((TrainingError, DataError), match=r"7\.png"):
        netdsl.train(net, out=home / "run", device="cpu", quiet=True)
    net.write_text(net.read_text().replace("workers=0", "workers=0 on_error=skip"))
    result = netdsl.train(net, out=home / "skipping", device="cpu", quiet=True)
    assert len(result.epochs) == 1

"""What is said of a run whose files are damaged or missing: the words are compared with golden files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from netdsl.cli import netdsl as door

from ..machine_failures import POSIX

GOLDEN = Path(__file__).parents[1] / "golden" / "runs"
NET = "flatten; linear 64->10\ndata digits batch=64 limit=320\ntrain epochs=2 speed=contiguous\nlogger jsonl\n"


def netdsl(*arguments: str) -> str:
    """What the command writes to standard error."""
    result = CliRunner().invoke(door, arguments, prog_name="netdsl")
    assert (result.exit_code == 0) == (not result.stderr), result.output
    return result.stderr


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that is over, with two checkpoints."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("whole")
    (folder / "net.net").write_text(NET)
    assert not netdsl("run", str(folder / "net.net"), "--out", str(folder / "run"), "--save-every", "5", "--quiet")
    return folder / "run"


def checkpoints(run: Path) -> list[Path]:
    return sorted(run.glob("checkpoints/step-*"))


def cut(run: Path) -> None:
    last = checkpoints(run)[-1]
    last.write_bytes(last.read_bytes()[:-100])


def alter(run: Path) -> None:
    last = checkpoints(run)[-1]
    content = bytearray(last.read_bytes())
    content[-100] ^= 1
    last.write_bytes(content)


def overwrite_beginning(run: Path) -> None:
    last = checkpoints(run)[-1]
    last.write_bytes(b"\0" * 64 + last.read_bytes()[64:])


def cut_all(run: Path) -> None:
    for checkpoint in checkpoints(run):
        checkpoint.write_bytes(checkpoint.read_bytes()[:-100])


def exchange_net(run: Path) -> None:
    (run / "run.net").write_text(NET.replace("64->10", "64->8; linear 10"))


def exchange_settings(run: Path) -> None:
    about = json.loads((run / "run.json").read_text("utf-8"))
    about["source"]["overrides"]["train.ema"] = "0.9"
    (run / "run.json").write_text(json.dumps(about))


def damage_about(run: Path) -> None:
    (run / "run.json").write_text('{"status": ')


def remove_weights(run: Path) -> None:
    (run / "model.safetensors").unlink()
    shutil.rmtree(run / "checkpoints")


def damage_weights(run: Path) -> None:
    for path in (run / "model.safetensors", *run.glob("checkpoints/epoch-*")):
        path.write_bytes(b"no weights")


def exchange_layer(run: Path) -> None:
    (run / "run.net").write_text(NET.replace("64->10", "64->8; linear 10"))


def do_nothing(_: Path) -> None:
    pass


@pytest.mark.parametrize(
    ("name", "damage", "command"),
    [
        ("checkpoint_cut", cut, ["run", "--resume", "run"]),
        ("checkpoint_altered", alter, ["run", "--resume", "run"]),
        ("checkpoint_without_beginning", overwrite_beginning, ["run", "--resume", "run"]),
        ("checkpoints_all_cut", cut_all, ["run", "--resume", "run"]),
        ("checkpoint_of_another_net", exchange_net, ["run", "--resume", "run"]),
        ("checkpoint_of_other_settings", exchange_settings, ["run", "--resume", "run"]),
        ("checkpoint_missing", do_nothing, ["run", "--resume", "run/checkpoints/step-00000099.safetensors"]),
        ("run_missing", do_nothing, ["run", "--resume", "elsewhere"]),
        ("run_damaged", damage_about, ["run", "--resume", "run"]),
        ("run_exists", do_nothing, ["run", "net.net", "--out", "run"]),
        ("weights_missing", remove_weights, ["eval", "run"]),
        ("weights_damaged", damage_weights, ["eval", "run"]),
        ("weights_of_another_net", exchange_layer, ["eval", "run"]),
        ("weights_of_an_epoch_that_is_not_kept", do_nothing, ["eval", "run", "--epoch", "7"]),
        ("first_weights_missing", do_nothing, ["run", "net.net", "--init-from", "elsewhere"]),
        ("first_weights_damaged", damage_weights, ["run", "net.net", "--init-from", "run"]),
        ("first_weights_of_another_net", do_nothing, ["run", "other.net", "--init-from", "run"]),
    ],
)
def test_what_is_wrong_with_a_run_is_said_in_these_words(
    golden: Callable[[Path, str], None],
    whole: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    damage: Callable[[Path], None],
    command: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.net").write_text(NET)
    Path("other.net").write_text(NET.replace("linear 64->10", "linear 64->8; linear 10"))
    shutil.copytree(whole, "run")
    damage(Path("run"))
    golden(GOLDEN / f"{name}.txt", netdsl(*command))


# Stands for a device that has no end, of which a command that reads it would not come back.
@POSIX
@pytest.mark.parametrize(
    ("file", "command"),
    [
        ("run.json", ["eval", "run"]),
        ("run.net", ["eval", "run"]),
        ("run.net", ["runs", "--compare", "run", "run"]),
        ("metrics.jsonl", ["runs", "--compare", "run", "run"]),
        ("checkpoints/step-*", ["run", "--resume", "run"]),
        ("checkpoints/epoch-*", ["eval", "run"]),
    ],
)
def test_a_device_in_the_place_of_a_file_is_not_read(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, command: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(whole, "run")
    for path in Path("run").glob(file):
        path.unlink()
        path.symlink_to("/dev/null")
    said = netdsl(*command)
    assert "not a regular file" in said or said.startswith("error: `run` is no run\n")

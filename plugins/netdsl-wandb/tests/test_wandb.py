import json
import os
import struct
from pathlib import Path

import pytest
import wandb
from wandb.proto import wandb_internal_pb2 as proto

from netdsl import check, train
from netdsl.components import Logger
from netdsl.testing import assert_component_documented, load_registry
from netdsl.training import TrainingError
from netdsl_wandb.curves import Curves

REGISTRY = load_registry()
NET = """data digits limit=200
flatten; linear 10
optimizer sgd lr=0.1
logger wandb project=tried tags=small,first
logger jsonl
train epochs=2 every=1
"""


@pytest.fixture(autouse=True)
def offline(tmp_path, monkeypatch):
    """The real client, which sends nothing; its process ends with the test, and leaves nothing at home."""
    for name, value in {"MODE": "offline", "SILENT": "true", "CONFIG_DIR": tmp_path, "CACHE_DIR": tmp_path}.items():
        monkeypatch.setenv(f"WANDB_{name}", str(value))
    yield
    wandb.teardown()
    assert children() == []


def children():
    """The processes that this one has started."""
    stats = list(Path("/proc").glob("[0-9]*/stat")) if Path("/proc").is_dir() else []
    found = []
    for file in stats:
        try:
            name, _, rest = file.read_text().partition("(")[2].rpartition(")")
        except OSError:
            continue
        if rest.split()[1] == str(os.getpid()) and "wandb" in name:
            found.append(name)
    return found


HEADER, BLOCK, PREFIX = 7, 32768, struct.Struct("<IHB")
WHOLE, FIRST, LAST = 1, 2, 4


def records(file):
    """What the client has written for `wandb sync`: the blocks of a LevelDB log, behind a header of its own."""
    content, place, parts = file.read_bytes(), HEADER, b""
    while place + PREFIX.size <= len(content):
        if BLOCK - place % BLOCK < PREFIX.size:  # too small a rest of a block for a record
            place += BLOCK - place % BLOCK
            continue
        _, size, kind = PREFIX.unpack_from(content, place)
        part = content[place + PREFIX.size : place + PREFIX.size + size]
        parts = part if kind in (WHOLE, FIRST) else parts + part
        place += PREFIX.size + size
        if kind in (WHOLE, LAST):
            yield proto.Record.FromString(parts)


def values(items):
    return {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in items}


def history(file):
    return [values(record.history.item) for record in records(file) if record.HasField("history")]


def recorded(folder):
    """The files of a run's folder that hold what `wandb sync` would send, once the client has written them."""
    wandb.teardown()  # waits for that process, which a busy machine lets lag behind
    return sorted((folder / "wandb").glob("offline-run-*/run-*.wandb"), key=lambda file: file.parent.name)


def test_the_logger_is_there_and_documented():
    assert [str(problem) for problem in REGISTRY.problems if problem.plugin == "wandb"] == []
    assert_component_documented(REGISTRY.of(Logger)["wandb"])


@pytest.mark.parametrize(
    ("line", "code"), [("logger wandb projekt=a", "NET102"), ("logger wandb mode=sometimes", "NET103")]
)
def test_a_mistake_in_its_line_is_one_of_the_file(line, code):
    (found,) = check(f"data digits; flatten; linear 10; {line}")
    assert found.code[:4] == code[:4]


def test_curves_and_settings_are_recorded(tmp_path):
    folder = tmp_path / "run"
    result = train(NET, device="cpu", out=folder, quiet=True)
    (file,) = recorded(folder)
    expected = {}
    for line in (folder / "metrics.jsonl").read_text().splitlines():
        metrics = json.loads(line)
        expected.setdefault(metrics.pop("step"), {}).update(metrics)
    found = {step["_step"]: {name: step[name] for name in step if name[0] != "_"} for step in history(file)}
    assert found == expected
    assert found[len(expected)]["test/accuracy"] == result.epochs[-1].test["accuracy"]
    (settings,) = [values(record.run.config.update) for record in records(file) if record.HasField("run")]
    assert settings["net"] == (folder / "run.net").read_text()
    assert (settings["seed"], settings["device"][:3]) == (0, "cpu")
    assert [record.exit.exit_code for record in records(file) if record.HasField("exit")] == [0]


def test_a_run_that_fails_is_marked(tmp_path):
    folder = tmp_path / "run"
    with pytest.raises(TrainingError):
        train(NET.replace("lr=0.1", "lr=1e38"), device="cpu", out=folder, quiet=True)
    (file,) = recorded(folder)
    assert [record.exit.exit_code for record in records(file) if record.HasField("exit")] == [1]


def test_a_run_that_goes_on_is_the_same_run(tmp_path):
    folder = tmp_path / "run"
    train(NET, device="cpu", out=folder, quiet=True)
    identity = (folder / "wandb.txt").read_text()
    settings = {name: parameter.default for name, parameter in REGISTRY.of(Logger)["wandb"].parameters.items()}
    curves = Curves(folder, **settings)
    curves.log({"train/loss": 0.5}, 100)
    curves.close()
    assert (folder / "wandb.txt").read_text() == identity
    first, second = recorded(folder)
    assert first.name == second.name == f"run-{identity}.wandb"
    assert [(step["_step"], step["train/loss"]) for step in history(second)] == [(100, 0.5)]


def test_one_that_fails_is_switched_off_and_training_goes_on(tmp_path, monkeypatch, capsys):
    def no_network(**_):
        raise wandb.errors.CommError("no network")

    monkeypatch.setattr(wandb, "init", no_network)
    result = train(NET, device="cpu", out=tmp_path / "run")
    assert len(result.epochs) == 2
    assert capsys.readouterr().out.count("warning: the logger Curves is switched off: CommError: no network") == 1


def test_a_run_of_the_callers_own_stays_theirs(tmp_path):
    theirs = wandb.init(project="theirs", dir=tmp_path)
    train(NET, device="cpu", out=tmp_path / "run", quiet=True)
    assert wandb.run is theirs
    theirs.finish()

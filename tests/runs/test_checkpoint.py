from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from hypothesis import given
from hypothesis import strategies as st

from netdsl.runs.checkpoint import Checkpoint, Checkpoints, load, save
from netdsl.runs.folder import open_folder
from netdsl.training import TrainingError

STATE = {
    "model": {"0.weight": torch.randn(3, 4), "1.running": torch.tensor(2.5, dtype=torch.float64)},
    "optimizer": {
        "state": {0: {"step": torch.tensor(7.0)}},
        "groups": [{"betas": (0.9, 0.999), "on": True, "x": None}],
    },
    "half": [torch.ones(2, dtype=torch.bfloat16), torch.empty(0), torch.tensor([1, 2], dtype=torch.uint8)],
    "images": torch.randn(2, 3, 4, 4).contiguous(memory_format=torch.channels_last),
}


def same(left: Any, right: Any) -> bool:
    if isinstance(left, torch.Tensor):
        return left.dtype == right.dtype and torch.equal(left, right)
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list | tuple):
        return type(left) is type(right) and len(left) == len(right) and all(map(same, left, right))
    return type(left) is type(right) and left == right


def test_a_state_comes_back_as_it_was(tmp_path: Path) -> None:
    save(tmp_path / "a.safetensors", Checkpoint("linear 10", STATE))
    found = load(tmp_path / "a.safetensors")
    assert found.net == "linear 10"
    assert same(found.state, STATE)


def test_any_reader_of_safetensors_sees_the_weights(tmp_path: Path) -> None:
    save(tmp_path / "a.safetensors", Checkpoint("", STATE))
    tensors = safetensors.torch.load_file(tmp_path / "a.safetensors")
    assert torch.equal(tensors["model/0.weight"], STATE["model"]["0.weight"])


def test_equal_states_make_equal_files(tmp_path: Path) -> None:
    for name in "ab":
        save(tmp_path / name, Checkpoint("net", STATE))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
values = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.integers() | st.text(alphabet="ab/."), inner)
    ),
)


@given(values)
def test_plain_values_come_back_as_they_were(tmp_path_factory: pytest.TempPathFactory, value: Any) -> None:
    path = tmp_path_factory.getbasetemp() / "plain"
    save(path, Checkpoint("", {"value": value}))
    assert same(load(path).state["value"], value)


def test_what_a_checkpoint_cannot_hold_is_named(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="`a/b` is set"):
        save(tmp_path / "a", Checkpoint("", {"a": {"b": {1}}}))


@pytest.mark.parametrize("share", [i / 23 for i in range(23)])
@pytest.mark.parametrize("damage", ["flip", "cut"])
def test_a_damaged_file_is_refused_by_name(tmp_path: Path, damage: str, share: float) -> None:
    path = tmp_path / "a.safetensors"
    save(path, Checkpoint("linear 10", STATE))
    content = bytearray(path.read_bytes())
    at = int(len(content) * share)
    if damage == "cut":
        del content[at:]
    else:
        content[at] ^= 0x10
    path.write_bytes(content)
    with pytest.raises(TrainingError, match=r"a\.safetensors"):
        load(path)


@pytest.mark.parametrize("content", [b"", b"hello", json.dumps({"a": 1}).encode(), safetensors.torch.save({})])
def test_a_foreign_file_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "theirs.safetensors").write_bytes(content)
    with pytest.raises(TrainingError, match=r"theirs\.safetensors` is not a checkpoint"):
        load(tmp_path / "theirs.safetensors")


def filled(folder: Path, *steps: int) -> Checkpoints:
    checkpoints = Checkpoints(folder)
    for step in steps:
        checkpoints.save(step, Checkpoint("", {"step": step}))
    return checkpoints


def test_the_last_two_are_kept(tmp_path: Path) -> None:
    checkpoints = filled(tmp_path / "c", 5, 10, 100)
    assert checkpoints.steps() == [10, 100]
    assert checkpoints.latest().state == {"step": 100}


def test_without_checkpoints_there_is_none(tmp_path: Path) -> None:
    assert Checkpoints(tmp_path / "c").latest() is None


def test_the_one_before_a_damaged_one_is_offered(tmp_path: Path) -> None:
    checkpoints = filled(tmp_path / "c", 5, 10)
    checkpoints.path(10).write_bytes(checkpoints.path(10).read_bytes()[:-1])
    with pytest.raises(TrainingError, match="step-00000010") as caught:
        checkpoints.latest()
    assert caught.value.help == f"the one before it is whole: write `--resume {checkpoints.path(5)}`"


def test_where_none_is_whole_the_beginning_is_offered(tmp_path: Path) -> None:
    checkpoints = filled(tmp_path / "c", 5, 10)
    for step in (5, 10):
        checkpoints.path(step).write_bytes(b"")
    with pytest.raises(TrainingError) as caught:
        checkpoints.latest()
    assert caught.value.help is not None
    assert "starts this run from its beginning" in caught.value.help


def test_rewinding_forgets_what_came_later(tmp_path: Path) -> None:
    checkpoints = filled(tmp_path / "c", 5, 10)
    (tmp_path / "c" / ".step-00000015.safetensors.partial").write_bytes(b"")
    checkpoints.rewind(5)
    assert sorted(path.name for path in (tmp_path / "c").iterdir()) == ["step-00000005.safetensors"]


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="is no run"):
        open_folder(tmp_path)

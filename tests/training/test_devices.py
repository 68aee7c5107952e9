from __future__ import annotations

import pytest
import torch

from netdsl.training import TrainingError
from netdsl.training.machine.device import autocast, choose_device, device_name


def test_auto_is_a_device_that_is_there() -> None:
    torch.zeros(1, device=choose_device("auto"))


def test_the_cpu_is_always_there() -> None:
    assert choose_device("cpu", local=3) == torch.device("cpu")
    assert device_name(torch.device("cpu")) == "cpu, 1 thread"


@pytest.mark.parametrize(
    ("name", "available", "count", "message"),
    [
        ("cuda", False, 0, "`cuda` needs CUDA"),
        ("cuda:1", False, 0, "`cuda:1` needs CUDA"),
        ("cuda:2", True, 2, "`cuda:2` is beyond the 2 devices of this machine"),
        ("tpu", False, 0, "unknown device `tpu`"),
        ("meta", False, 0, "unknown device `meta`"),
    ],
)
def test_a_device_that_is_not_there_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, available: bool, count: int, message: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: available)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    with pytest.raises(TrainingError, match=message) as caught:
        choose_device(name)
    assert caught.value.help


@pytest.mark.parametrize(("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_autocast_can_be_entered_again_and_again(precision: str, dtype: torch.dtype) -> None:
    context = autocast(torch.device("cpu"), precision)
    layer = torch.nn.Linear(2, 2)
    for _ in range(3):
        with context:
            assert layer(torch.ones(1, 2)).dtype == dtype

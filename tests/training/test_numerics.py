from __future__ import annotations

from typing import Any

import pytest
import torch

from netdsl.components.settings import TrainSettings
from netdsl.training.machine.numerics import numerics


def switches() -> dict[str, Any]:
    return {
        "products": torch.get_float32_matmul_precision(),
        "convolutions": torch.backends.cudnn.allow_tf32,
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "fills": torch.utils.deterministic.fill_uninitialized_memory,
        "tries": torch.backends.cudnn.benchmark,
    }


USUAL = {
    "products": "highest",
    "convolutions": True,
    "deterministic": False,
    "fills": True,
    "tries": False,
}
CUDA = {"products": "high", "deterministic": True, "fills": False}


@pytest.mark.parametrize(
    ("device", "settings", "changed"),
    [
        ("cuda:0", {}, CUDA),
        ("cuda:0", {"tf32": False}, CUDA | {"products": "highest", "convolutions": False}),
        ("cuda:0", {"deterministic": False}, CUDA | {"deterministic": False, "tries": True}),
        ("cpu", {"tf32": False, "deterministic": False}, {}),
    ],
)
def test_switches_are_what_a_run_says_and_afterwards_as_they_were(
    device: str, settings: dict[str, bool], changed: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8")
    assert switches() == USUAL
    with numerics(torch.device(device), TrainSettings(**settings)):
        assert switches() == USUAL | changed
    assert switches() == USUAL

from __future__ import annotations

import pytest
import torch

from netdsl.training import precision
from netdsl.training.precision import advice, gain

CPU = torch.device("cpu")


@pytest.mark.parametrize("name", ["bf16", "fp16"])
def test_a_gain_is_measured_on_this_machine(name: str) -> None:
    assert 0.01 < gain(name, CPU) < 100


def test_fp32_is_what_others_are_compared_with() -> None:
    assert gain("fp32", CPU) == 1
    assert advice("fp32", CPU) is None


@pytest.mark.parametrize(("seconds", "told"), [((1.0, 2.0), "0.5 times"), ((1.0, 1.05), None), ((2.0, 1.0), None)])
def test_a_precision_is_advised_against_where_it_is_clearly_slower(
    monkeypatch: pytest.MonkeyPatch, seconds: tuple[float, float], told: str | None
) -> None:
    def timed(action: object, _: torch.device) -> float:
        (matrix, _) = action.args  # type: ignore[attr-defined]
        return seconds[matrix.dtype != torch.float32]

    monkeypatch.setattr(precision, "timed", timed)
    said = advice("bf16", CPU)
    assert (said is None) == (told is None)
    assert said is None or (told in said and "`precision=bf16`" in said)

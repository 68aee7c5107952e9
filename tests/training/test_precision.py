from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

import netdsl
from netdsl.program import Network
from netdsl.training.machine import precision
from netdsl.training.machine.precision import advise, measure_gain

CPU = torch.device("cpu")
LINEAR, CONVOLVING = (netdsl.shapes(text) for text in ("input 4; linear 3", "input 1x8x8; residual { conv 1 k3 p1 }"))


@pytest.mark.parametrize("net", [LINEAR, CONVOLVING])
@pytest.mark.parametrize("name", ["bf16", "fp16"])
def test_a_gain_is_measured_on_this_machine(net: Network, name: str) -> None:
    assert 1e-4 < measure_gain(net, name, CPU) < 1e4


def test_fp32_is_what_others_are_compared_with() -> None:
    assert measure_gain(LINEAR, "fp32", CPU) == 1
    assert advise(LINEAR, "fp32", CPU) is None


@pytest.mark.parametrize(("net", "dims"), [(LINEAR, 2), (CONVOLVING, 4)])
@pytest.mark.parametrize(("seconds", "told"), [((1.0, 2.0), "2.0 times"), ((1.0, 1.05), None), ((2.0, 1.0), None)])
def test_a_precision_is_advised_against_where_it_is_clearly_slower(
    monkeypatch: pytest.MonkeyPatch, net: Network, dims: int, seconds: tuple[float, float], told: str | None
) -> None:
    def measure(action: Callable[[], None], _: torch.device) -> float:
        work, _, name = action.args  # type: ignore[attr-defined]
        assert work().dim() == dims
        return seconds[name != "fp32"]

    monkeypatch.setattr(precision, "measure", measure)
    said = advise(net, "bf16", CPU)
    assert (said is None) == (told is None)
    assert said is None or (told in said and "in bf16 as in fp32" in said)

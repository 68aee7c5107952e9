from __future__ import annotations

import json
import re
from pathlib import Path
from time import sleep
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch._inductor.exc import InvalidCxxCompiler

from netdsl.training import TrainingError, train
from netdsl.training.machine.compile import explain_compile_errors


def test_compiling_is_told_apart_from_training(
    make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []

    def slow(module: nn.Module, *, mode: str) -> Any:
        asked.append(mode)

        def forward(x: Tensor) -> Tensor:
            if len(asked) == 1:
                asked.append("called")
                sleep(1)
            return module(x)

        return forward

    monkeypatch.setattr(torch, "compile", slow)
    result = train(make(epochs=2, compile="max_autotune"), device="cpu", out=tmp_path / "run")
    assert asked == ["max-autotune", "called"]
    assert re.search(r"^compiled in \d\.\d s, which the times below leave out$", capsys.readouterr().out, re.MULTILINE)
    assert result.epochs[0].seconds < 1


def test_a_machine_without_a_compiler_is_told_so(make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def without(*_: Any, **__: Any) -> Any:
        def forward(_: Tensor) -> Tensor:
            raise InvalidCxxCompiler

        return forward

    monkeypatch.setattr(torch, "compile", without)
    with pytest.raises(TrainingError, match="the net cannot be compiled: No working C\\+\\+ compiler found") as caught:
        train(make(epochs=2, compile="default"), device="cpu", out=tmp_path / "run", quiet=True)
    assert "without `compile`" in str(caught.value.help)
    assert json.loads((tmp_path / "run" / "run.json").read_text("utf-8"))["status"] == "failed"


def test_what_is_not_the_compilers_passes() -> None:
    with pytest.raises(ValueError, match="mine"), explain_compile_errors():
        raise ValueError("mine")

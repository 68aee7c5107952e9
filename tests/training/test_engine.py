from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from netdsl.building import build_network
from netdsl.training import train


def test_the_loop_is_the_one_of_the_course(make: Any, data: Any, tmp_path: Path) -> None:
    experiment = make(epochs=2)
    result = train(experiment, device="cpu", out=tmp_path / "run", quiet=True)

    torch.manual_seed(0)
    model = build_network(experiment.network)
    loss_fn = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, fused=True)
    for epoch in range(2):
        model.train()
        for x, y in data.train.epoch(epoch):
            loss = loss_fn(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        output = model(data.test.x)
    assert all(map(torch.equal, result.model.parameters(), model.parameters()))
    assert result.epochs[-1].test["loss"] == pytest.approx(loss_fn(output, data.test.y).item(), rel=1e-6)
    assert result.epochs[-1].test["accuracy"] == pytest.approx((output.argmax(1) == data.test.y).float().mean().item())

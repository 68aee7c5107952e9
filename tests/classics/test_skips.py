"""Labelled skips inside a block, under `repeat` and from far above, and a module that is used twice, through everything
that one does to a module."""

import copy

import pytest
import torch
from torch import nn

import netdsl

TEXT = """
block lift out {
    conv out k3 p1 as inner; relu
    residual { concat inner; conv out k1 }
}
input 3x8x8
conv 4 k3 p1 as far
repeat 2 { conv 4 k3 p1 as near; relu; add near }
lift 6
concat far
conv 10 k3 p1 as twice; relu; again twice
flatten; linear 2
"""


@pytest.fixture
def model() -> nn.Sequential:
    torch.manual_seed(0)
    return netdsl.build(TEXT).eval()


@pytest.fixture
def batch() -> torch.Tensor:
    return torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def test_is_a_sequential_with_the_names_of_one(model):
    assert isinstance(model, nn.Sequential)
    assert list(model.state_dict())[:6] == [
        "far.weight",
        "far.bias",
        "near.weight",
        "near.bias",
        "near_2.weight",
        "near_2.bias",
    ]


def test_is_computed_as_by_hand(model, batch):
    far = model.far(batch)
    first = model.near(far)
    x = torch.relu(first) + first
    second = model.near_2(x)
    x = torch.relu(second) + second
    lift = model[7]
    inner = lift.inner(x)
    x = torch.relu(inner)
    x = x + lift[2].body[1](torch.cat([x, inner], 1))
    x = torch.cat([x, far], 1)
    x = model.twice(torch.relu(model.twice(x)))
    assert torch.equal(model(batch), model[-1](x.flatten(1)))


def test_survives_a_deep_copy(model, batch):
    assert torch.equal(copy.deepcopy(model)(batch), model(batch))


def test_survives_torch_compile(model, batch):
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(batch), model(batch))


def test_survives_torch_export(model, batch):
    exported = torch.export.export(model, (batch,)).module()
    torch.testing.assert_close(exported(batch), model(batch))


def test_survives_data_parallel_training(model, batch, tmp_path):
    torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path / 'meeting'}", rank=0, world_size=1)
    try:
        parallel = nn.parallel.DistributedDataParallel(model)
        torch.testing.assert_close(parallel(batch), model(batch))
        parallel(batch).sum().backward()
    finally:
        torch.distributed.destroy_process_group()
    assert model.far.weight.grad is not None

import importlib
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from netdsl.builder import build_network, create
from netdsl.checker import check
from netdsl.components import Loss
from netdsl.components.registry import Registry
from netdsl.core.source import Source
from netdsl.data import DataError, open_data
from netdsl.plugins.registry import load_registry
from netdsl.program import Experiment
from netdsl.training import RunResult, TrainingError, train
from tests.plugins import borrowed

FILE = Path(borrowed.__file__)


@pytest.fixture(scope="module")
def registry() -> Registry:
    registry = load_registry(installed=False, files=[FILE])
    assert registry.problems == ()
    return registry


def experiment(text: str, registry: Registry) -> Experiment:
    found, diagnostics = check(Source("<text>", text), registry)
    assert [one.code for one in diagnostics if one.code != "NET990"] == [], diagnostics
    assert found is not None
    return found


def run(text: str, registry: Registry, folder: Path) -> RunResult:
    return train(experiment(text, registry), device="cpu", out=folder / "run", quiet=True)


def test_a_module_that_cannot_be_made_is_one_message(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **named: object) -> None:
        raise OSError("no network to fetch the weights from")

    wanted = experiment("data digits limit=50; flatten; cubes 64; linear 10", registry)
    module = importlib.import_module(wanted.network.nodes[1].call.target.partition(":")[0])
    monkeypatch.setattr(module.Cubes, "__init__", fails)
    with pytest.raises(TrainingError, match="the net cannot be built: OSError: no network to fetch"):
        train(wanted, device="cpu", out=tmp_path / "run", quiet=True)


def test_a_module_needs_no_rule(registry: Registry) -> None:
    network = experiment("input 4; cubes 4 power=2; linear 3", registry).network
    assert (network.out, network.params) == ((3,), 4 + 15)
    x = torch.randn(2, 4)
    assert torch.equal(build_network(network)[0](x), x**2)


def test_a_module_that_torch_refuses_is_refused_and_its_cost_is_told(registry: Registry) -> None:
    _, diagnostics = check(Source("<text>", "input 4; cubes 5"), registry)
    assert [one.code for one in diagnostics] == ["NET990", "NET209"] or len(diagnostics) == 2
    assert "torch refuses `cubes`" in diagnostics[-1].message


def test_what_is_said_of_a_component_costs_no_import(registry: Registry) -> None:
    assert registry.layers["gone"].summary == "`no_such_package:Thing`"
    assert registry.layers["cubes"].summary == "A power."


@pytest.mark.parametrize("text", ["input 4; gone", "data bars; linear 3; loss gone"])
def test_a_component_that_cannot_be_imported_is_an_error_where_it_is_used(text: str, registry: Registry) -> None:
    _, diagnostics = check(Source("<text>", text), registry)
    messages = [one.message for one in diagnostics if one.code != "NET990"]
    assert messages == ["`gone` cannot be imported: ModuleNotFoundError: No module named 'no_such_package'"]


@pytest.mark.parametrize(
    ("text", "shape", "params"),
    [
        ("input 8; squash 4", (8,), 36 + 40),
        ("input 8; squash 4 factor=3", (12,), 36 + 60),
        ("input 8; twice", (8,), 76 + 72 + 72),
    ],
)
def test_a_block_is_a_layer(text: str, shape: tuple[int, ...], params: int, registry: Registry) -> None:
    network = experiment(text, registry).network
    assert (network.out, network.params) == (shape, params)
    assert build_network(network)(torch.zeros(2, 8)).shape == (2, *shape)


def test_a_block_has_its_parameters(registry: Registry) -> None:
    assert list(registry.layers["squash"].parameters) == ["narrow", "factor"]
    assert registry.layers["squash"].required == ("narrow",)
    _, diagnostics = check(Source("<text>", "input 8; squash 4 faktor=3"), registry)
    assert [one.code for one in diagnostics] == ["NET102"]


def test_a_block_of_the_file_hides_a_plugins_layer_of_its_name(registry: Registry) -> None:
    """Whoever installs a plugin finds that all files still mean what they meant."""
    found, diagnostics = check(Source("<text>", "block squash n { linear n }; input 8; squash 4"), registry)
    assert (found and found.network.out, diagnostics) == ((4,), [])


def test_a_loss_is_a_function_a_class_or_torchs(registry: Registry) -> None:
    losses = experiment("data bars; linear 3; loss focal gamma=0", registry)
    output, target = torch.randn(5, 3), torch.tensor([0, 1, 2, 0, 1])
    assert losses.loss is not None
    assert torch.allclose(create(losses.loss)(output, target), torch.nn.functional.cross_entropy(output, target))
    assert list(registry.of(Loss)["hinge"].parameters) == ["margin"]
    assert list(registry.of(Loss)["focal"].parameters) == ["gamma"]
    assert registry.of(Loss)["focal"].doc == "Cross-entropy that cares less for what is right already."


@pytest.mark.parametrize(
    ("data", "sizes"),
    [("bars samples=50", (40, 10)), ("listed", (24, 6)), ("streamed", (16, 4)), ("both", (30, 10))],
)
def test_data_sets_are_tensors_or_torchs(data: str, sizes: tuple[int, int], registry: Registry) -> None:
    found = experiment(f"data {data}; linear 3", registry)
    assert found.data is not None
    assert found.data.facts.input == (3,)
    assert found.data.facts.classes == 3
    assert open_data(found.data, "cpu", seed=0).facts.sizes == sizes


@pytest.mark.parametrize("schedule", ["fade end=0.1", "stairs step_size=2", "cycle max_lr=0.5"])
def test_a_run_of_nothing_but_plain_things(schedule: str, registry: Registry, tmp_path: Path) -> None:
    text = f"data bars samples=60 batch=16; linear 3; loss focal; optimizer plain_sgd lr=0.5; schedule {schedule}; "
    result = run(text + "metrics share_right; logger memory prefix=my; train epochs=3 every=1", registry, tmp_path)
    assert result.best is not None
    assert 0 <= result.best.test["share_right"] <= 1
    assert [epoch.number for epoch in result.epochs] == [1, 2, 3]


def test_a_transform_maps_batches_and_a_random_one_acts_in_training_only(registry: Registry) -> None:
    def served(text: str) -> tuple[torch.Tensor, torch.Tensor]:
        data = experiment(f"data bars samples=40 shuffle=false {text}; linear 3", registry).data
        assert data is not None
        opened = open_data(data, "cpu", seed=0)
        return next(iter(opened.train.epoch(0))).x, next(iter(opened.test.epoch(0))).x

    plain, faded, shaken = served(""), served("{ faded share=0.25 }"), served("{ shaken 0.1 }")
    assert torch.equal(faded[0], plain[0] * 0.25)
    assert torch.equal(faded[1], plain[1] * 0.25)
    assert 0 < (shaken[0] - plain[0]).std() < 0.2
    assert torch.equal(shaken[1], plain[1])
    assert torch.equal(served("{ shaken 0.1 }")[0], shaken[0])


def test_a_transform_refuses(registry: Registry) -> None:
    _, (found,) = check(Source("<text>", "data bars { faded share=0 }; linear 3"), registry)
    assert (found.code, found.message) == ("NET305", "`share` is above 0, not 0")


@pytest.mark.parametrize(
    ("cache", "how"),
    [("none", "streaming: 32 + 8 images, 0 workers (cache=none)"), ("ram", "resident: 32 + 8 rows, float32 on cpu")],
)
def test_a_large_map_data_set_is_read_sample_by_sample(
    cache: str, how: str, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("netdsl.data.datasets.torch_datasets.SMALL", 0)
    found = experiment(f"data large cache={cache} workers=0 batch=8; linear 3; train epochs=4", registry)
    assert found.data is not None
    assert (found.data.facts.input, found.data.facts.classes) == ((3,), 3)
    data = open_data(found.data, "cpu", seed=0)
    assert data.description.startswith(how)
    stored = borrowed.Listed(40)
    served = torch.cat([batch.x for pipeline in (data.train, data.test) for batch in pipeline.epoch(0)])
    assert sorted(map(tuple, served.tolist())) == sorted(map(tuple, stored.x.tolist()))
    data.close()
    assert len(train(found, device="cpu", out=tmp_path / "run", quiet=True).epochs) == 4


@pytest.mark.parametrize("small", [0, 1 << 20])
def test_pictures_of_a_map_data_set_are_images(small: int, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netdsl.data.datasets.torch_datasets.SMALL", small)
    found = experiment("data large pictures=true workers=0; flatten; linear 3", registry)
    assert found.data is not None
    assert found.data.facts.input == (3, 4, 6)
    batch = next(iter(open_data(found.data, "cpu", seed=0).test.epoch(0)))
    assert torch.equal(batch.x.amax(dim=(2, 3)).argmax(1), batch.y)
    assert batch.x.max() == pytest.approx(100 / 255)


def test_a_sample_that_cannot_be_read_is_named(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    found = experiment("data large cache=none workers=0 on_error=stop; linear 3", registry)
    assert found.data is not None
    monkeypatch.setattr("netdsl.data.datasets.torch_datasets.SMALL", 0)
    use = replace(found.data, arguments={"broken": 7})

    def read() -> None:
        data = open_data(use, "cpu", seed=0)
        for pipeline in (data.train, data.test):
            list(pipeline.epoch(0))

    with pytest.raises(DataError, match="sample 7"):
        read()


def test_what_cannot_be_kept_or_held_is_refused(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netdsl.data.datasets.torch_datasets.SMALL", 0)
    kept = experiment("data large cache=disk workers=0; linear 3", registry)
    assert kept.data is not None
    with pytest.raises(DataError, match="cannot be kept on the disk"):
        open_data(kept.data, "cpu", seed=0)
    streamed = experiment("data streamed; linear 3", registry)
    assert streamed.data is not None
    monkeypatch.setattr("netdsl.data.datasets.torch_datasets.room", lambda device: 60)
    with pytest.raises(DataError, match="does not fit in memory"):
        open_data(streamed.data, "cpu", seed=0)


def test_an_initializer_fills_the_weights(registry: Registry) -> None:
    network = experiment("input 4; linear 2\ninit alternate size=0.5 on=linear bias=1", registry).network
    linear = build_network(network)[0]
    assert torch.equal(linear.weight, torch.tensor([[0.5, -0.5] * 2] * 2))
    assert torch.equal(linear.bias, torch.ones(2))

import inspect
from pathlib import Path

import pytest
from sklearn import datasets

from netdsl import check, shapes
from netdsl.components import Dataset
from netdsl.testing import assert_component_documented, load_registry, run_net

NETS = Path(__file__).parents[1] / "nets"
REGISTRY = load_registry()
MINE = {name: one for name, one in REGISTRY.of(Dataset).items() if REGISTRY.origins[Dataset, name] == "sklearn"}
MADE = [one for name, one in MINE.items() if name.startswith("make_")]

REACHED = {
    "iris": ("accuracy", 0.93),
    "logistic": ("accuracy", 0.95),
    "features": ("accuracy", 0.95),
    "line": ("r2", 0.9),
    "diabetes": ("r2", 0.4),
    "wine": ("accuracy", 0.97),
    "moons": ("accuracy", 0.97),
    "digits": ("accuracy", 0.95),
}
"""What the best epoch of each net comes to at least, on the fifth of the data that it has not seen."""


def test_each_data_set_is_there_without_a_problem():
    assert set(MINE) >= {"iris", "wine", "breast_cancer", "diabetes", "sklearn_digits", "make_moons", "make_regression"}
    assert [str(problem) for problem in REGISTRY.problems if problem.plugin == "sklearn"] == []


@pytest.mark.parametrize("one", MINE.values(), ids=MINE)
def test_each_is_documented(one):
    assert_component_documented(one)


@pytest.mark.parametrize("one", MADE, ids=lambda one: one.name)
def test_parameters_and_defaults_are_scikit_learns(one):
    theirs = inspect.signature(getattr(datasets, one.name)).parameters
    for name, parameter in one.parameters.items():
        assert parameter.default == (0 if name == "random_state" else theirs[name].default)


@pytest.mark.parametrize("one", MINE.values(), ids=MINE)
def test_what_is_said_of_it_is_what_is_read(one):
    facts = one.facts()
    out = facts.classes or 1
    result = run_net(f"data {one.name} limit=60 {{ normalize }}; linear {out}; train steps=1")
    layer = result.model[0]
    assert (layer.in_features, layer.out_features) == (*facts.input, out)


def test_several_targets_are_a_vector():
    text = "data make_regression n_features=5 n_informative=2 n_targets=3; linear 3"
    assert len(run_net(text).epochs) == 1


@pytest.mark.parametrize("name", REACHED)
def test_the_nets_learn(name):
    metric, least = REACHED[name]
    result = run_net((NETS / f"{name}.net").read_text(encoding="utf-8"))
    assert max(epoch.test[metric] for epoch in result.epochs) >= least


def test_every_net_is_trained():
    assert {file.stem for file in NETS.glob("*.net")} == REACHED.keys()


def test_the_nets_have_no_warnings():
    for file in NETS.glob("*.net"):
        assert [one.message for one in check(file)] == []
    assert shapes(NETS / "features.net").params == 30 * 6 + 6 + 6 * 4 + 4 + 4 + 1


def test_the_same_data_twice_and_other_data_of_another_seed():
    text = "data make_blobs n_samples=50 seed={}; linear 3; train epochs=2"
    first, again, other = (run_net(text.format(seed)).epochs[-1].test for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("make_moons n_samples=1", "`n_samples` is at least 2, not 1"),
        ("make_moons noise=-0.5", "`noise` is at least 0, not -0.5"),
        ("make_circles factor=1", "`factor` is at least 0 and below 1, not 1"),
        ("make_blobs centers=1", "`centers` is at least 2, not 1"),
        ("make_friedman1 n_features=4", "`n_features` is at least 5, not 4"),
        ("make_gaussian_quantiles n_samples=2", "`n_samples` is at least 3, not 2"),
        (
            "make_classification n_features=3",
            "2 informative, 2 redundant and 0 repeated features are 4, but `n_features` is 3",
        ),
        ("make_classification n_classes=3", "3 classes of 2 clusters do not fit on 4 corners"),
    ],
)
def test_what_scikit_learn_would_refuse_is_one_mistake_of_the_file(line, message):
    (found,) = check(f"data {line}; linear 2")
    assert (found.code, found.message) == ("NET303", message)

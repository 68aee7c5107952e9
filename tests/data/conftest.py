from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest
import torch

from netdsl.components import Dataset, Transform
from netdsl.components.settings import DataSettings
from netdsl.plugins.registry import load_registry
from netdsl.program import DataUse, Use

REGISTRY = load_registry(installed=False)

Step = str | tuple[str, Mapping[str, Any]]


@pytest.fixture(autouse=True)
def one_thread() -> Iterable[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def data_use() -> Callable[..., DataUse]:
    """A `data` line as the checker hands it over: name, its arguments, the transforms, the settings."""

    def make(name: str, *steps: Step, settings: Mapping[str, Any] | None = None, **arguments: Any) -> DataUse:
        component = REGISTRY.of(Dataset)[name]
        facts = component.facts(**arguments)
        return DataUse(
            component,
            arguments,
            facts=facts,
            shape=facts.input,
            settings=DataSettings(**(settings or {})),
            transforms=tuple(transform_use(step) for step in steps),
        )

    return make


def transform_use(step: Step) -> Use[Transform]:
    name, arguments = (step, {}) if isinstance(step, str) else step
    return Use(REGISTRY.of(Transform)[name], arguments)

import inspect
from pathlib import Path

import pytest

from netdsl.checker import check
from netdsl.core.errors import ExportError
from netdsl.core.source import Source
from netdsl.export import Exporter, find_targets, load_exporter
from netdsl.plugins.registry import load_registry

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.net"))


def test_a_target_is_found_by_its_file() -> None:
    assert "python" in find_targets()


@pytest.mark.parametrize("target", find_targets())
def test_an_exporter_is_what_the_protocol_says(target: str) -> None:
    parameters = list(inspect.signature(load_exporter(target)).parameters)
    assert ["self", *parameters] == list(inspect.signature(Exporter.__call__).parameters)


@pytest.mark.parametrize("target", find_targets())
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_a_target_takes_every_example_or_refuses_it_in_words(target: str, example: Path) -> None:
    source = Source(example.name, example.read_text(encoding="utf-8"))
    experiment, _ = check(source, load_registry(installed=False), folder=example.parent)
    assert experiment is not None
    export = load_exporter(target)
    try:
        written = export(experiment.network, example.name)
    except ExportError:
        return
    assert example.name in written
    assert written == export(experiment.network, example.name)

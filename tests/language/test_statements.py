import pytest

from netdsl.components import Layer
from netdsl.core.source import Source
from netdsl.language.formatter import format_source
from netdsl.language.parser import parse
from netdsl.language.statements import AT_THE_TOP, COMPONENT_KINDS, STATEMENTS, StatementKind
from netdsl.plugins.hookspecs import HOOKS
from netdsl.plugins.registry import load_registry

REGISTRY = load_registry(installed=False)
every_statement = pytest.mark.parametrize("kind", STATEMENTS.values(), ids=STATEMENTS.keys())


@every_statement
def test_a_statement_is_explained_and_its_example_uses_it(kind: StatementKind) -> None:
    assert kind.usage.split()[0] == kind.name
    assert kind.summary.endswith(".")
    file, mistakes = parse(Source("<example>", kind.example))
    assert mistakes == []
    assert kind.name in [statement.name.text for statement in file.statements]
    assert format_source(Source("<example>", kind.example))[0].rstrip("\n") == kind.example


@every_statement
def test_no_statement_is_also_a_layer(kind: StatementKind) -> None:
    assert kind.name not in REGISTRY.layers


@every_statement
def test_the_defaults_of_a_directive_are_components_of_its_kind(kind: StatementKind) -> None:
    names = {kind.default_for(targets) for targets in (None, "classes", "numbers")} - {None}
    assert not names or kind.component
    assert kind.component is None or names <= REGISTRY.of(kind.component).keys()


def test_layers_and_what_statements_name_are_all_kinds_there_are() -> None:
    assert COMPONENT_KINDS[0] is Layer
    assert len({*COMPONENT_KINDS}) == len(COMPONENT_KINDS)
    assert list(HOOKS.values()) == [*COMPONENT_KINDS]
    assert list(REGISTRY.components) == [*COMPONENT_KINDS]
    assert [kind.plural for kind in COMPONENT_KINDS if not REGISTRY.components[kind]] == []


def test_three_statements_may_stand_among_the_layers() -> None:
    assert sorted(STATEMENTS.keys() - AT_THE_TOP) == ["again", "from", "repeat"]

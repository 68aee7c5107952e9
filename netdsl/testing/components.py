"""What every component owes its reader."""

from __future__ import annotations

from netdsl.components import Component

WIDEST = 120


def assert_component_documented(component: Component) -> None:
    """Fails unless the component says in a sentence what it is, on a line that lists can show, and can be explained."""
    first = component.doc.partition("\n")[0]
    what = f"the {component.kind} `{component.name}`"
    assert first, f"{what} has no documentation: write a docstring"
    assert first.endswith((".", ":")), f"{what}: the first line of its documentation is no sentence: {first!r}"
    assert len(first) <= WIDEST, f"{what}: the first line of its documentation has {len(first)} characters"
    for parameter in component.parameters.values():
        assert parameter.name.isidentifier(), f"{what}: `{parameter.name}` cannot be written"

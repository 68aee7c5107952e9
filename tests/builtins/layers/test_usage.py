"""What the usage line of a layer's page shows without a name can be written without one."""

import pytest

from netdsl.checker import check
from netdsl.core.source import Source
from netdsl.plugins.registry import load_registry
from netdsl.render.entry import entry

REGISTRY = load_registry(installed=False)


@pytest.mark.parametrize("name", sorted(REGISTRY.layers))
def test_what_the_page_shows_without_a_name_is_positional(name: str) -> None:
    layer = REGISTRY.layers[name]
    usage = entry(layer, "netdsl").split("\n\n")[1].split()[1:]
    bare = [word.strip("[]") for word in usage if "=" not in word and "->" not in word and "{" not in word]
    known = [layer.parameters[word] for word in bare if word in layer.parameters and word not in layer.branches]
    assert [parameter.name for parameter in known if not parameter.positional] == []


@pytest.mark.parametrize("text", ["input 16x64\nposembed 16 64", "input 16x64\nclasstoken 64", "input 64x8\nbn 64"])
def test_sizes_of_the_input_may_be_written_as_the_page_shows_them(text: str) -> None:
    assert check(Source("x", text), REGISTRY)[1] == []

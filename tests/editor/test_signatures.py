"""How the layer at the cursor is written, and which of its parameters comes next."""

import pytest

from netdsl.editor import signature
from tests.editor.texts import at

BLOCK = "block unit out stride=1 { conv out k3 }\ninput 3x8x8\n"


@pytest.mark.parametrize(
    ("marked", "text", "active"),
    [
        ("input 3x8x8\nconv |", "conv [in_channels->]out_channels kernel_size", "[in_channels->]out_channels"),
        ("input 3x8x8\nconv 3->|", "conv [in_channels->]out_channels", "[in_channels->]out_channels"),
        ("input 3x8x8\nconv 32 |", "conv [in_channels->]out_channels", "kernel_size"),
        ("input 3x8x8\nconv 32 k|", "conv [in_channels->]out_channels", "kernel_size"),
        ("input 3x8x8\nconv 32 s2|", "conv [in_channels->]out_channels", "[stride=1]"),
        ("input 3x8x8\nconv 32 k3 stride=|", "conv [in_channels->]out_channels", "[stride=1]"),
        ("input 3x8x8\nmaxpool |", "maxpool kernel_size", "kernel_size"),
        ("optimizer sgd |", "sgd [lr=", "[lr=0.001]"),
        (BLOCK + "unit |", "unit out [stride=1]", "out"),
        (BLOCK + "unit 8 |", "unit out [stride=1]", "[stride=1]"),
    ],
)
def test_the_next_parameter_is_marked(marked: str, text: str, active: str) -> None:
    found = signature(*at(marked))
    assert found is not None
    assert found.text.startswith(text)
    assert found.active is not None
    part = found.parts[found.active]
    assert found.text[part.start : part.end] == active


@pytest.mark.parametrize("marked", ["|", "conv|", "# conv |", "unknown |", "train |", "nn.GELU |"])
def test_where_nothing_is_known_nothing_is_said(marked: str) -> None:
    assert signature(*at(marked)) is None


def test_a_part_is_explained() -> None:
    found = signature(*at("input 3x8x8\nconv 32 |"))
    assert found is not None
    assert "kernel_size (also k" in found.parts[1].doc

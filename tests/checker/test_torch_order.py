"""What the numbers of a call mean: torch's order is one that has room for every required parameter."""

import pytest

from netdsl.checker import check
from netdsl.core.fixes import fix
from netdsl.core.source import Source
from netdsl.plugins.registry import load_registry

REGISTRY = load_registry(installed=False)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("conv(3, 6, 3)", "conv 3->6 3"),
        ("conv(6, 3)", "conv 6 3"),
        ("conv(3, 6, k=3)", "conv 3->6 k=3"),
        ("dwconv(3, 2)", "dwconv 3 2"),
    ],
)
def test_a_call_is_fixed_to_what_it_means(written: str, meant: str) -> None:
    source = Source("x", f"input 3x32x32\n{written}")
    fixed = fix(source, lambda changed: check(changed, REGISTRY)[1])
    assert fixed.source.text == f"input 3x32x32\n{meant}"

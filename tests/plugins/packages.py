"""What the tests install as plugins."""

from collections.abc import Callable
from pathlib import Path

Install = Callable[..., Path]


def adds_layer(name: str) -> str:
    """The code of a plugin that adds one layer, an identity."""
    return f'''
from netdsl import hookimpl
from netdsl.components import Result, call, layer

@layer("activation")
def {name}(x):
    """Returns its input."""
    return Result(x, call("torch.nn:Identity"))

@hookimpl
def netdsl_layers():
    return [{name}]
'''

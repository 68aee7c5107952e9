"""For authors of plugins: what holds a layer against torch, a component to its documentation, and trains a net.

In a `conftest.py`, `pytest_plugins = ["netdsl.testing.fixtures"]` gives the fixture `netdsl_registry`.
"""

from __future__ import annotations

from netdsl.plugins.registry import load_registry
from netdsl.testing.components import assert_component_documented
from netdsl.testing.layers import assert_layer_sound
from netdsl.testing.runs import run_net

__all__ = ["assert_component_documented", "assert_layer_sound", "load_registry", "run_net"]

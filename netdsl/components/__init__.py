"""What a plugin hands over: layers, data sets, losses and the rest, as plain descriptions.

A component is one Python function whose signature *is* its signature in the language: names, types and defaults of
the parameters, and the docstring that `netdsl layers NAME` prints. Nothing here imports torch; a component names
what it builds as `"module:attribute"`, and only building imports it.
"""

from __future__ import annotations

from netdsl.components import experiment
from netdsl.components.component import Component, LabelledOutput, Parameter
from netdsl.components.experiment import *
from netdsl.components.layer import Layer, layer
from netdsl.components.rule import (
    INFERRED,
    Call,
    Dtype,
    Requirement,
    Result,
    Size,
    call,
    divisible,
    one_of,
    per_axis,
)
from netdsl.components.traits import Trait
from netdsl.core.errors import Refusal, Undetermined
from netdsl.core.sizes import Shape

__all__ = [
    "INFERRED",
    "Call",
    "Component",
    "Dtype",
    "LabelledOutput",
    "Layer",
    "Parameter",
    "Refusal",
    "Requirement",
    "Result",
    "Shape",
    "Size",
    "Trait",
    "Undetermined",
    "call",
    "divisible",
    "layer",
    "one_of",
    "per_axis",
]
__all__ += experiment.__all__

"""Traits: what is true of a layer, whatever it is called.

Lints and training ask a layer for its traits, never for its name, so that a plugin's layer takes part in them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from functools import cache
from typing import Any


class Trait(StrEnum):
    """Something that is true of a layer for every input. In Python a trait may be written as its text."""

    ACTIVATION = "activation"
    """Bends each number by itself, or turns numbers into shares; it learns little or nothing."""

    ADDS = "adds"
    """Of a composite: adds the outputs of its bodies."""

    AFFINE = "affine"
    """In evaluation f(a·x + (1 − a)·y) = a·f(x) + (1 − a)·f(y): a linear layer beside it could do its work."""

    BIDIRECTIONAL = "bidirectional"
    """Reads a sequence forwards and backwards: the first half of the features is of one, the second of the other."""

    CONCATENATES = "concatenates"
    """Of a composite: joins the outputs of its bodies along a dimension."""

    CONVOLUTION = "convolution"
    """Multiplies windows of its input with learned kernels, from channels (the first dimension) to channels.

    `groups` and `bias` mean what they mean in torch, where the module has such arguments.
    """

    DROPOUT = "dropout"
    """Drops numbers in training, with the probability `p`, and hands them on in evaluation."""

    FLATTENS = "flattens"
    """Joins dimensions into one, in the order of the numbers."""

    GRADIENT_FROM_OUTPUT = "gradient_from_output"
    """Computes its gradient from its own output, which therefore no later layer may overwrite."""

    IDEMPOTENT = "idempotent"
    """f(f(x)) = f(x): the second of two in a row changes nothing."""

    INCLUDES_INPUT = "includes_input"
    """Of a composite: its input takes part as the output of a body does, where it has one body alone."""

    KEEPS_POSITIVE = "keeps_positive"
    """Hands on each number that is not negative as it is."""

    LINEAR = "linear"
    """Multiplies the features (the last dimension) with learned weights. `bias` means what it means in torch."""

    LOOKS_AHEAD = "looks_ahead"
    """The output at a step of a sequence depends on later steps."""

    LOGSOFTMAX = "logsoftmax"
    """The logarithm of a softmax along `dim`."""

    MULTIPLIES = "multiplies"
    """Of a composite: multiplies the outputs of its bodies."""

    NEVER_NEGATIVE = "never_negative"
    """No number of its output is negative."""

    NORMALISES = "normalises"
    """In training normalises each channel over the batch and all positions, so that it needs more than one value."""

    PASSES_THROUGH = "passes_through"
    """In evaluation hands on the same numbers in the same order; their shape may change."""

    RECURRENT = "recurrent"
    """Reads a sequence step by step, in `num_layers` layers with `dropout` between them."""

    RESCALES = "rescales"
    """Brings numbers to another scale and keeps the shape: papers do not count it as a layer of the net."""

    SIGMOID = "sigmoid"
    """Turns each number into a probability by itself, with 1/(1 + e⁻ˣ)."""

    SOFTMAX = "softmax"
    """Turns numbers into shares that add up to 1 along `dim`."""

    VIEW = "view"
    """Its output is its input in memory, seen in another shape or order, or a part of it."""

    WINDOW = "window"
    """Moves a window over each axis behind the channels; the output has a place for each of its positions.

    The module's arguments are torch's: `kernel_size`, `stride` and `padding`; `dilation` and `ceil_mode` where it has
    them.
    """


Traits = frozenset[Trait]

LASTING: Traits = frozenset({Trait.BIDIRECTIONAL})
"""The traits of a layer that are also true of its output, and stay so behind layers that pass it through."""

Declared = Iterable[str] | Callable[[Mapping[str, Any]], Iterable[str]]
"""The traits of a layer; where they depend on the arguments of the module that it builds, a function of these."""


def find_traits(declared: Declared, arguments: Mapping[str, Any]) -> Traits:
    """The traits of a use of a layer; raises `ValueError` for a word that is no trait."""
    # A frozenset was checked when its layer was made.
    if isinstance(declared, frozenset):
        return declared
    return _named(frozenset(declared(arguments) if callable(declared) else declared))


@cache  # a deep net asks for the same few sets ten thousand times
def _named(words: frozenset[str]) -> Traits:
    return frozenset(map(Trait, words))

"""The initializers: those of `torch.nn.init`, by name, with torch's parameters and defaults, and one more."""

from __future__ import annotations

from math import inf
from typing import Literal

from netdsl.components import Refusal, initializer
from netdsl.core.ranges import Count, NonNegative, Share
from netdsl.core.text import text

Nonlinearity = Literal[
    "linear",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "sigmoid",
    "tanh",
    "relu",
    "leaky_relu",
    "selu",
]
FanMode = Literal["fan_in", "fan_out"]
MATRICES = (2, inf)
"""Only these have a number of inputs and of outputs."""


@initializer("torch.nn.init:uniform_", example="init uniform -0.1 0.1 on=embedding")
def uniform(a: float = 0.0, b: float = 1.0) -> None:
    """Draws from all numbers between `a` and `b` alike."""
    _in_order(a, b)


@initializer("torch.nn.init:normal_", example="init normal std=0.01 on=head bias=0")
def normal(mean: float = 0.0, std: NonNegative = 1.0) -> None:
    """Draws from a normal distribution."""


@initializer("torch.nn.init:trunc_normal_", example="init trunc_normal std=0.02 on=linear bias=0")
def trunc_normal(mean: float = 0.0, std: NonNegative = 1.0, a: float = -2.0, b: float = 2.0) -> None:
    """Draws from a normal distribution until the number lies between `a` and `b`."""
    _in_order(a, b)


@initializer("torch.nn.init:constant_", example="init constant 0.5 on=bn")
def constant(val: float) -> None:
    """Makes all the weights `val`."""


@initializer("torch.nn.init:ones_", example="init ones on=bn")
def ones() -> None:
    """Makes all the weights 1."""


@initializer("torch.nn.init:zeros_", example="init zeros on=head")
def zeros() -> None:
    """Makes all the weights 0."""


@initializer("torch.nn.init:eye_", dims=(2, 2), example="init eye on=linear")
def eye() -> None:
    """Makes a linear layer hand on its input: ones on the diagonal, zeros elsewhere."""


@initializer("torch.nn.init:dirac_", dims=(3, 5), example="init dirac on=conv")
def dirac(groups: Count = 1) -> None:
    """Makes a convolution hand on its input, as many channels of it as there are outputs."""


@initializer("netdsl.modules.bilinear:bilinear_", dims=(3, 5), example="init bilinear on=convt")
def bilinear() -> None:
    """Makes a transposed convolution enlarge each channel as bilinear interpolation does (Long et al., 2015).

    That is meant for a stride s with a kernel of 2·s and a padding of s/2: `convt k4 s2 p1`.
    """


@initializer("torch.nn.init:xavier_uniform_", dims=MATRICES, example="init xavier_uniform bias=0")
def xavier_uniform(gain: float = 1.0) -> None:
    """Uniform, of a variance that sigmoid and tanh keep forwards and backwards (Glorot, Bengio 2010)."""


@initializer("torch.nn.init:xavier_normal_", dims=MATRICES, example="init xavier_normal gain=0.5")
def xavier_normal(gain: NonNegative = 1.0) -> None:
    """Normal, of a variance that sigmoid and tanh keep forwards and backwards (Glorot, Bengio 2010)."""


@initializer("torch.nn.init:kaiming_uniform_", dims=MATRICES, example="init kaiming_uniform nonlinearity=relu")
def kaiming_uniform(a: float = 0, mode: FanMode = "fan_in", nonlinearity: Nonlinearity = "leaky_relu") -> None:
    """Uniform, of a variance that keeps its size behind a relu (He et al., 2015).

    `a` is the slope of `leaky_relu`; `mode` keeps the variance of the outputs, or with `fan_out` of the gradients.
    """


@initializer("torch.nn.init:kaiming_normal_", dims=MATRICES, example="init kaiming_normal on=conv nonlinearity=relu")
def kaiming_normal(a: float = 0, mode: FanMode = "fan_in", nonlinearity: Nonlinearity = "leaky_relu") -> None:
    """Normal, of a variance that keeps its size behind a relu (He et al., 2015).

    `a` is the slope of `leaky_relu`; `mode` keeps the variance of the outputs, or with `fan_out` of the gradients.
    """


@initializer("torch.nn.init:orthogonal_", dims=MATRICES, example="init orthogonal on=rnn")
def orthogonal(gain: float = 1) -> None:
    """Makes a matrix that turns its input without stretching it (Saxe et al., 2013)."""


@initializer("torch.nn.init:sparse_", dims=(2, 2), example="init sparse 0.9 on=linear")
def sparse(sparsity: Share, std: NonNegative = 0.01) -> None:
    """Draws from a normal distribution, and makes the share `sparsity` of each column 0 (Martens, 2010)."""


def _in_order(a: float, b: float) -> None:
    if a > b:
        raise Refusal(text("`a` is {a:g} but must not be above `b` {b:g}", a=a, b=b), "a")

"""The optimizers: torch's, by name, with torch's parameters and defaults.

Left out of every signature: `capturable` and `differentiable`, which change nothing that a training run computes.
`foreach` and `fused` choose an implementation; left at none, the engine takes the fastest one that the device has.
"""

from __future__ import annotations

from typing import Annotated

from netdsl.components import Refusal, optimizer
from netdsl.core.ranges import HalfOpen, NonNegative, Share

# At 1 the running mean would never take a new gradient.
Betas = Annotated[tuple[float, float], HalfOpen(0, 1)]


@optimizer("torch.optim:SGD", example="optimizer sgd lr=0.1 momentum=0.9 nesterov=true")
def sgd(
    lr: NonNegative = 1e-3,
    *,
    momentum: NonNegative = 0.0,
    dampening: float = 0.0,
    weight_decay: NonNegative = 0.0,
    nesterov: bool = False,
    maximize: bool = False,
    foreach: bool | None = None,
    fused: bool | None = None,
) -> None:
    """Steps against the gradient; with `momentum`, against a running sum of gradients."""
    if nesterov and (momentum <= 0 or dampening):
        raise Refusal("`nesterov` needs a `momentum`, and no `dampening`", "nesterov", "write `momentum=0.9`")
    _one_way(foreach, fused)


@optimizer("torch.optim:Adam", example="optimizer adam lr=3e-4")
def adam(
    lr: NonNegative = 1e-3,
    *,
    betas: Betas = (0.9, 0.999),
    eps: NonNegative = 1e-8,
    weight_decay: NonNegative = 0.0,
    amsgrad: bool = False,
    decoupled_weight_decay: bool = False,
    maximize: bool = False,
    foreach: bool | None = None,
    fused: bool | None = None,
) -> None:
    """Steps scaled for each weight by running means of its gradient and of its square (Kingma, Ba 2014)."""
    _one_way(foreach, fused)


@optimizer("torch.optim:AdamW", example="optimizer adamw lr=3e-4 weight_decay=0.05")
def adamw(
    lr: NonNegative = 1e-3,
    *,
    betas: Betas = (0.9, 0.999),
    eps: NonNegative = 1e-8,
    weight_decay: NonNegative = 1e-2,
    amsgrad: bool = False,
    maximize: bool = False,
    foreach: bool | None = None,
    fused: bool | None = None,
) -> None:
    """Adam whose weight decay acts on the weights, not through the gradient (Loshchilov, Hutter 2017)."""
    _one_way(foreach, fused)


@optimizer("torch.optim:NAdam", example="optimizer nadam")
def nadam(
    lr: NonNegative = 2e-3,
    *,
    betas: Betas = (0.9, 0.999),
    eps: NonNegative = 1e-8,
    weight_decay: NonNegative = 0.0,
    momentum_decay: NonNegative = 4e-3,
    decoupled_weight_decay: bool = False,
    maximize: bool = False,
    foreach: bool | None = None,
) -> None:
    """Adam with Nesterov's momentum (Dozat 2016)."""


@optimizer("torch.optim:RAdam", example="optimizer radam")
def radam(
    lr: NonNegative = 1e-3,
    *,
    betas: Betas = (0.9, 0.999),
    eps: NonNegative = 1e-8,
    weight_decay: NonNegative = 0.0,
    decoupled_weight_decay: bool = False,
    maximize: bool = False,
    foreach: bool | None = None,
) -> None:
    """Adam that scales its steps only after enough gradients, so it needs no warm-up (Liu and others 2019)."""


@optimizer("torch.optim:Adamax", example="optimizer adamax")
def adamax(
    lr: NonNegative = 2e-3,
    *,
    betas: Betas = (0.9, 0.999),
    eps: NonNegative = 1e-8,
    weight_decay: NonNegative = 0.0,
    maximize: bool = False,
    foreach: bool | None = None,
) -> None:
    """Adam that scales by the largest recent gradient instead of the mean square (Kingma, Ba 2014)."""


@optimizer("torch.optim:RMSprop", example="optimizer rmsprop lr=1e-3 momentum=0.9")
def rmsprop(
    lr: NonNegative = 1e-2,
    *,
    alpha: NonNegative = 0.99,
    eps: NonNegative = 1e-8,
    weight_decay: NonNegative = 0.0,
    momentum: NonNegative = 0.0,
    centered: bool = False,
    maximize: bool = False,
    foreach: bool | None = None,
) -> None:
    """Steps divided by a running root mean square of the gradient (Hinton's lecture notes, 2012)."""


@optimizer(
    "torch.optim:Adagrad",
    example="optimizer adagrad lr=0.05",
    whole=frozenset({"initial_accumulator_value"}),  # torch reads it from the optimizer, not from a group
)
def adagrad(
    lr: NonNegative = 1e-2,
    *,
    lr_decay: NonNegative = 0.0,
    weight_decay: NonNegative = 0.0,
    initial_accumulator_value: NonNegative = 0.0,
    eps: NonNegative = 1e-10,
    maximize: bool = False,
    foreach: bool | None = None,
    fused: bool | None = None,
) -> None:
    """Steps divided by the root of the sum of all squared gradients so far (Duchi, Hazan, Singer 2011)."""
    _one_way(foreach, fused)


@optimizer("torch.optim:Adadelta", example="optimizer adadelta")
def adadelta(
    lr: NonNegative = 1.0,
    *,
    rho: Share = 0.9,
    eps: NonNegative = 1e-6,
    weight_decay: NonNegative = 0.0,
    maximize: bool = False,
    foreach: bool | None = None,
) -> None:
    """Steps scaled by running means of past steps and gradients; hardly needs an `lr` (Zeiler 2012)."""


@optimizer("torch.optim:ASGD", example="optimizer asgd lr=0.05")
def asgd(
    lr: NonNegative = 1e-2,
    *,
    lambd: float = 1e-4,
    alpha: float = 0.75,
    t0: float = 1e6,
    weight_decay: NonNegative = 0.0,
    maximize: bool = False,
    foreach: bool | None = None,
) -> None:
    """Gradient descent that also keeps the mean of the weights (Polyak, Juditsky 1992)."""


def _one_way(foreach: bool | None, fused: bool | None) -> None:
    if foreach and fused:
        raise Refusal("`foreach` and `fused` are two implementations of one step: only one can be taken", "fused")

"""The optimizers: torch's, by name, with torch's parameters and defaults.

Left out of every signature: `capturable` and `differentiable`, which change nothing that a training run computes.
`foreach` and `fused` choose an implementation; left at none, the engine takes the fastest one that the device has.
"""

from __future__ import annotations

from netdsl.components import Refusal, optimizer
from netdsl.core.ranges import at_least, decay, share

Betas = tuple[float, float]


@optimizer("torch.optim:SGD", example="optimizer sgd lr=0.1 momentum=0.9 nesterov=true")
def sgd(
    lr: float = 1e-3,
    *,
    momentum: float = 0.0,
    dampening: float = 0.0,
    weight_decay: float = 0.0,
    nesterov: bool = False,
    maximize: bool = False,
    foreach: bool | None = None,
    fused: bool | None = None,
) -> None:
    """A step against the gradient; with `momentum`, against a running sum of gradients."""
    at_least(0, lr=lr, momentum=momentum, weight_decay=weight_decay)
    if nesterov and (momentum <= 0 or dampening):
        raise Refusal("`nesterov` needs a `momentum`, and no `dampening`", "nesterov", "write `momentum=0.9`")
    _one_way(foreach, fused)


@optimizer("torch.optim:Adam", example="optimizer adam lr=3e-4")
def adam(
    lr: float = 1e-3,
    *,
    betas: Betas = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    amsgrad: bool = False,
    decoupled_weight_decay: bool = False,
    maximize: bool = False,
    foreach: bool | None = None,
    fused: bool | None = None,
) -> None:
    """Steps scaled for each weight by running means of its gradient and of its square (Kingma, Ba 2014)."""
    _adaptive(lr, betas, eps, weight_decay)
    _one_way(foreach, fused)


@optimizer("torch.optim:AdamW", example="optimizer adamw lr=3e-4 weight_decay=0.05")
def adamw(
    lr: float = 1e-3,
    *,
    betas: Betas = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
    amsgrad: bool = False,
    maximize: bool = False,
    foreach: bool | None = None,
    fused: bool | None = None,
) -> None:
    """Adam, the weight decay taken off the weights and not added to the gradient (Loshchilov, Hutter 2017)."""
    _adaptive(lr, betas, eps, weight_decay)
    _one_way(foreach, fused)


@optimizer("torch.optim:NAdam", example="optimizer nadam")
def nadam(
    lr: float = 2e-3,
    *,
    betas: Betas = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    momentum_decay: float = 4e-3,
    decoupled_weight_decay: bool = False,
    maximize: bool = False,
    foreach: bool | None = None,
) -> None:
    """Adam with Nesterov's momentum (Dozat 2016)."""
    _adaptive(lr, betas, eps, weight_decay)
    at_least(0, momentum_decay=momentum_decay)


@optimizer("torch.optim:RAdam", example="optimizer radam")
def radam(
    lr: float = 1e-3,
    *,
    betas: Betas = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    decoupled_weight_decay: bool = False,
    maximize: bool = False,
    foreach: bool | None = None,
) -> None:
    """Adam that trusts its scaling once enough gradients were seen, so it needs no warm-up (Liu and others 2019)."""
    _adaptive(lr, betas, eps, weight_decay)


@optimizer("torch.optim:Adamax", example="optimizer adamax")
def adamax(
    lr: float = 2e-3,
    *,
    betas: Betas = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    maximize: bool = False,
    foreach: bool | None = None,
) -> None:
    """Adam that scales by the largest recent gradient instead of the mean square (Kingma, Ba 2014)."""
    _adaptive(lr, betas, eps, weight_decay)


@optimizer("torch.optim:RMSprop", example="optimizer rmsprop lr=1e-3 momentum=0.9")
def rmsprop(
    lr: float = 1e-2,
    *,
    alpha: float = 0.99,
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    momentum: float = 0.0,
    centered: bool = False,
    maximize: bool = False,
    foreach: bool | None = None,
) -> None:
    """Steps divided by a running root mean square of the gradient (Hinton's lecture notes, 2012)."""
    at_least(0, lr=lr, alpha=alpha, eps=eps, weight_decay=weight_decay, momentum=momentum)


@optimizer("torch.optim:Adagrad", example="optimizer adagrad lr=0.05")
def adagrad(
    lr: float = 1e-2,
    *,
    lr_decay: float = 0.0,
    weight_decay: float = 0.0,
    initial_accumulator_value: float = 0.0,
    eps: float = 1e-10,
    maximize: bool = False,
    foreach: bool | None = None,
    fused: bool | None = None,
) -> None:
    """Steps divided by the root of the sum of all squared gradients so far (Duchi, Hazan, Singer 2011)."""
    at_least(0, lr=lr, lr_decay=lr_decay, weight_decay=weight_decay, eps=eps)
    at_least(0, initial_accumulator_value=initial_accumulator_value)
    _one_way(foreach, fused)


@optimizer("torch.optim:Adadelta", example="optimizer adadelta")
def adadelta(
    lr: float = 1.0,
    *,
    rho: float = 0.9,
    eps: float = 1e-6,
    weight_decay: float = 0.0,
    maximize: bool = False,
    foreach: bool | None = None,
) -> None:
    """Steps in the proportion of running means of past steps and gradients; hardly needs an `lr` (Zeiler 2012)."""
    at_least(0, lr=lr, eps=eps, weight_decay=weight_decay)
    share(rho=rho)


@optimizer("torch.optim:ASGD", example="optimizer asgd lr=0.05")
def asgd(
    lr: float = 1e-2,
    *,
    lambd: float = 1e-4,
    alpha: float = 0.75,
    t0: float = 1e6,
    weight_decay: float = 0.0,
    maximize: bool = False,
    foreach: bool | None = None,
) -> None:
    """Gradient descent that also keeps the mean of the weights (Polyak, Juditsky 1992)."""
    at_least(0, lr=lr, weight_decay=weight_decay)


def _adaptive(lr: float, betas: Betas, eps: float, weight_decay: float) -> None:
    at_least(0, lr=lr, eps=eps, weight_decay=weight_decay)
    decay(betas=betas)


def _one_way(foreach: bool | None, fused: bool | None) -> None:
    if foreach and fused:
        raise Refusal("`foreach` and `fused` are two implementations of one step: only one can be taken", "fused")

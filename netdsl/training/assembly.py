"""From a checked file to a learner: net, loss, optimizer, schedule, average."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from netdsl import components
from netdsl.building import build_network, completed, create, locate
from netdsl.network import Experiment, Use
from netdsl.training.devices import autocast
from netdsl.training.errors import TrainingError
from netdsl.training.learner import Learner
from netdsl.training.objective import build_loss
from netdsl.training.schedules import Steps


def assemble(experiment: Experiment, device: torch.device, steps: Steps) -> Learner:
    """A learner at its beginning. It is a function of the experiment's seed alone, on every device."""
    if experiment.loss is None or experiment.optimizer is None:
        raise TrainingError(f"`{experiment.source.name}` has no loss or no optimizer, so there is nothing to train for")
    settings = experiment.train
    torch.manual_seed(settings.seed)
    module = build_network(experiment.network).to(device)
    frozen = _freeze(module, settings.freeze)
    optimizer = _optimizer(experiment.optimizer, module, settings.decay)
    schedule = create(experiment.schedule, optimizer, steps) if experiment.schedule else None
    return Learner(
        module=module,
        model=_compiled(module, settings.compile),
        loss=build_loss(experiment.loss).to(device),
        optimizer=optimizer,
        schedule=schedule,
        scaler=torch.amp.GradScaler(device.type, enabled=settings.precision == "fp16"),
        average=_average(module, settings.ema) if settings.ema else None,
        autocast=autocast(device, settings.precision),
        frozen=frozen,
        settings=settings,
        device=device,
        steps=steps,
    )


def _optimizer(use: Use[components.Optimizer], module: nn.Module, decay: str) -> Optimizer:
    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    if not parameters:
        raise TrainingError("the net has no weights that are not frozen, so there is nothing to train")
    groups = [{"params": parameters}] if decay == "all" else _decay_groups(parameters)
    optimizer: Optimizer = locate(use.call.target)(groups, **_fastest(use))
    return optimizer


def _decay_groups(parameters: list[nn.Parameter]) -> list[dict[str, Any]]:
    """Biases, scales and other vectors apart, without weight decay."""
    matrices = [parameter for parameter in parameters if parameter.dim() > 1]
    vectors = [parameter for parameter in parameters if parameter.dim() <= 1]
    groups: list[dict[str, Any]] = [{"params": matrices}, {"params": vectors, "weight_decay": 0.0}]
    return [group for group in groups if group["params"]]


def _freeze(module: nn.Sequential, names: tuple[str, ...]) -> tuple[nn.Module, ...]:
    known = dict(module.named_modules())
    for name in names:
        if name not in known or not name:
            labels = ", ".join(f"`{label}`" for label, _ in module.named_children())
            raise TrainingError(f"`freeze={name}` names no layer of the net", f"its layers are {labels}")
        known[name].requires_grad_(False)
    return tuple(known[name] for name in names)


def _fastest(use: Use[components.Optimizer]) -> dict[str, Any]:
    """The arguments, with the fastest implementation where the file leaves the choice open."""
    arguments = completed(use)
    known = inspect.signature(locate(use.call.target)).parameters
    if arguments.get("fused") is None and arguments.get("foreach") is None:
        arguments |= {"fused": True} if "fused" in known else {"foreach": True} if "foreach" in known else {}
    return arguments


def _average(module: nn.Module, decay: float) -> AveragedModel:
    return AveragedModel(module, multi_avg_fn=get_ema_multi_avg_fn(decay))  # type: ignore[no-untyped-call]


def _compiled(module: nn.Module, mode: str) -> Callable[[Tensor], Tensor]:
    if mode == "off":
        return module
    compiled: Callable[[Tensor], Tensor] = torch.compile(module, mode=mode)
    return compiled

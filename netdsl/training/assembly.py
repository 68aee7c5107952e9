"""From a checked file to a learner: net, loss, optimizer, schedule, average."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from netdsl import components
from netdsl.builder import build_network, completed, create, locate
from netdsl.components.settings import TrainSettings
from netdsl.core.errors import TrainingError, in_a_line
from netdsl.program import Experiment, Use
from netdsl.training.distributed.fsdp import shard
from netdsl.training.distributed.process_group import ALONE, Team
from netdsl.training.distributed.sync_batchnorm import synchronize_batchnorm
from netdsl.training.learner import Learner
from netdsl.training.loss import build_loss
from netdsl.training.machine.compile import compile_module
from netdsl.training.machine.device import autocast, out_of_memory
from netdsl.training.schedules import Steps


def assemble(
    experiment: Experiment,
    device: torch.device,
    steps: Steps,
    team: Team = ALONE,
    start: Callable[[nn.Module], None] | None = None,
) -> Learner:
    """A learner at its beginning. It is a function of the experiment's seed alone, on every device.

    `start` is called with the fresh net, to give it other weights.
    """
    if experiment.loss is None or experiment.optimizer is None:
        raise TrainingError(f"`{experiment.source.name}` has no loss or no optimizer, so there is nothing to train for")
    settings = experiment.train
    torch.manual_seed(settings.seed)
    module = _built(experiment)
    if start:
        start(module)
    module.to(device)
    frozen = _freeze(module, settings.freeze)
    called = _shared(module, team, device, settings)
    optimizer = _optimizer(experiment.optimizer, module, settings, team)
    schedule = create(experiment.schedule, optimizer, steps) if experiment.schedule else None
    learner = Learner(
        module=module,
        model=compile_module(called, settings.compile),
        loss=build_loss(experiment.loss).to(device),
        optimizer=optimizer,
        schedule=schedule,
        scaler=torch.amp.GradScaler(device.type, enabled=settings.precision == "fp16"),
        average=_average(module, settings.ema) if settings.ema else None,
        autocast=autocast(device, settings.precision),
        frozen=frozen,
        settings=settings,
        team=team,
        device=device,
        steps=steps,
    )
    team.seed_apart(settings.seed)
    return learner


def _optimizer(use: Use[components.Optimizer], module: nn.Module, settings: TrainSettings, team: Team) -> Optimizer:
    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    if not parameters:
        raise TrainingError("the net has no weights that are not frozen, so there is nothing to train")
    groups = [{"params": parameters}] if settings.decay == "all" else _decay_groups(parameters)
    whole = team.alone or settings.shard == "none"
    optimizer: Optimizer = locate(use.call.target)(groups, **_fastest(use, whole))
    return optimizer


def _decay_groups(parameters: list[nn.Parameter]) -> list[dict[str, Any]]:
    """Biases, scales and other vectors apart, without weight decay."""
    matrices = [parameter for parameter in parameters if parameter.dim() > 1]
    vectors = [parameter for parameter in parameters if parameter.dim() <= 1]
    groups: list[dict[str, Any]] = [{"params": matrices}, {"params": vectors, "weight_decay": 0.0}]
    return [group for group in groups if group["params"]]


def _built(experiment: Experiment) -> nn.Sequential:
    """The net; a plugin's module may fail in any way, such as one that fetches its weights and finds no network."""
    try:
        return build_network(experiment.network)
    except Exception as error:
        if out_of_memory(error):
            raise
        raise TrainingError(f"the net cannot be built: {in_a_line(error)}") from error


def _freeze(module: nn.Sequential, names: tuple[str, ...]) -> tuple[nn.Module, ...]:
    known = dict(module.named_modules())
    for name in names:
        if name not in known or not name:
            labels = ", ".join(f"`{label}`" for label, _ in module.named_children())
            raise TrainingError(f"`freeze={name}` names no layer of the net", f"its layers are {labels}")
        known[name].requires_grad_(False)
    return tuple(known[name] for name in names)


def _fastest(use: Use[components.Optimizer], whole: bool) -> dict[str, Any]:
    """The arguments, with the fastest implementation where the file leaves the choice open; parts cannot be fused."""
    arguments = completed(use)
    known = inspect.signature(locate(use.call.target)).parameters
    if arguments.get("fused") is None and arguments.get("foreach") is None:
        arguments |= {"fused": True} if "fused" in known and whole else {"foreach": True} if "foreach" in known else {}
    return arguments


def _shared(module: nn.Sequential, team: Team, device: torch.device, settings: TrainSettings) -> nn.Module:
    """The net as it is called in a team: a replica whose gradients are averaged, or the parts of a sharded one."""
    if team.alone or settings.shard == "none":
        return team.replicate(module, device)
    if settings.ema:
        raise TrainingError("`ema` needs the whole net in each process", "leave `shard=fsdp` or `ema` out")
    return shard(synchronize_batchnorm(module, device))


def _average(module: nn.Module, decay: float) -> AveragedModel:
    return AveragedModel(module, multi_avg_fn=get_ema_multi_avg_fn(decay))  # type: ignore[no-untyped-call]

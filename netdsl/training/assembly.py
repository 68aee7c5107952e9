"""From a checked file to a learner: net, loss, optimizer, schedule, average."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from netdsl.builder import build_network, completed, create, locate
from netdsl.components.settings import TrainSettings
from netdsl.core.errors import Refusal, TrainingError, in_a_line
from netdsl.core.text import text
from netdsl.layer_names import find_named
from netdsl.program import Experiment, OptimizerUse
from netdsl.training.distributed.fsdp import shard
from netdsl.training.distributed.process_group import ALONE, Team
from netdsl.training.distributed.sync_batchnorm import synchronize_batchnorm
from netdsl.training.ends import attach_ends
from netdsl.training.learner import Learner
from netdsl.training.loss import build_losses
from netdsl.training.machine.compile import compile_module
from netdsl.training.machine.device import autocast, is_out_of_memory
from netdsl.training.max_norm import build_max_norm
from netdsl.training.parameter_groups import MAX_NORM, build_groups
from netdsl.training.schedules import Steps


def assemble(
    experiment: Experiment,
    device: torch.device,
    steps: Steps,
    team: Team = ALONE,
    set_weights: Callable[[nn.Module], None] | None = None,
) -> Learner:
    """A learner before its first step. Its weights are a function of the experiment's seed alone, on every device.

    `set_weights` is called with the fresh net, to give it other weights.
    """
    if experiment.loss is None or experiment.optimizer is None:
        raise TrainingError(
            text("`{name}` has no loss or no optimizer, so there is nothing to train for", name=experiment.source.name)
        )
    settings = experiment.train
    torch.manual_seed(settings.seed)
    module = _build(experiment)  # on the CPU, whose random numbers are the same on every machine
    if set_weights:
        set_weights(module)
    module.to(device)
    frozen = _freeze(module, experiment)
    # The order is torch's: replicas and parts before the optimizer, which must hold the parameters that are trained;
    # the compiler last, around what is called.
    shared = _share(module, team, device, settings)
    optimizer = _build_optimizer(experiment, experiment.optimizer, module, team)
    schedule = create(experiment.schedule, optimizer, steps) if experiment.schedule else None
    learner = Learner(
        module=module,
        model=compile_module(shared, settings.compile),
        loss=build_losses(experiment).to(device),
        optimizer=optimizer,
        schedule=schedule,
        scaler=torch.amp.GradScaler(device.type, enabled=settings.precision == "fp16"),
        average=_build_average(module, settings.ema) if settings.ema else None,
        autocast=autocast(device, settings.precision),
        frozen=frozen,
        max_norm=build_max_norm(module, experiment, is_sharded=not team.alone and settings.shard != "none"),
        settings=settings,
        team=team,
        device=device,
        steps=steps,
    )
    team.seed_apart(settings.seed)
    return learner


def _build(experiment: Experiment) -> nn.Sequential:
    """The net; a plugin's module may fail in any way, such as one that fetches its weights and finds no network."""
    try:
        module = build_network(experiment.network)
    except Refusal as refusal:
        raise TrainingError(refusal.message, refusal.help) from refusal
    except Exception as error:
        if is_out_of_memory(error):
            raise
        raise TrainingError(text("the net cannot be built: {error}", error=in_a_line(error))) from error
    attach_ends(module, experiment.network)
    return module


def _freeze(module: nn.Sequential, experiment: Experiment) -> tuple[nn.Module, ...]:
    names = experiment.train.freeze
    frozen = dict.fromkeys(path for name in names for path, _ in find_named(experiment.network, name))
    layers = tuple(module.get_submodule(path) for path in frozen)
    for layer in layers:
        layer.requires_grad_(False)
    if not any(parameter.requires_grad for parameter in module.parameters()):
        raise TrainingError("the net has no weights that are not frozen, so there is nothing to train")
    return layers


def _share(module: nn.Sequential, team: Team, device: torch.device, settings: TrainSettings) -> nn.Module:
    """The net as a team calls it: a replica that averages its gradients, or the sharded net."""
    if team.alone or settings.shard == "none":
        return team.replicate(module, device)
    if settings.ema:
        raise TrainingError("`ema` needs the whole net in each process", "leave `shard=fsdp` or `ema` out")
    return shard(synchronize_batchnorm(module, device))


def _build_optimizer(experiment: Experiment, use: OptimizerUse, module: nn.Module, team: Team) -> Optimizer:
    settings = experiment.train
    groups = build_groups(module, experiment, settings.decay)
    is_whole = team.alone or settings.shard == "none"
    optimizer: Optimizer = locate(use.call.target)(groups, **_choose_implementation(use, can_fuse=is_whole))
    for one in use.layers:
        for setting in one.arguments.keys() - optimizer.defaults.keys() - {MAX_NORM}:
            raise TrainingError(
                text("all layers share `{setting}` of `{optimizer}`", setting=setting, optimizer=use.component.name),
                text("leave `{name}` out", name=f"{one.name}."),
            )
    return optimizer


def _choose_implementation(use: OptimizerUse, *, can_fuse: bool) -> dict[str, Any]:
    """The arguments of the optimizer; where the file leaves the choice open, its fastest implementation."""
    arguments = completed(use)
    known = inspect.signature(locate(use.call.target)).parameters
    if arguments.get("fused") is None and arguments.get("foreach") is None:
        # One kernel for all weights; with many small weights, launching a kernel for each takes longer than its work.
        # torch cannot fuse the parts of a sharded net.
        if "fused" in known and can_fuse:
            arguments["fused"] = True
        elif "foreach" in known:
            arguments["foreach"] = True
    return arguments


def _build_average(module: nn.Module, decay: float) -> AveragedModel:
    return AveragedModel(module, multi_avg_fn=get_ema_multi_avg_fn(decay))  # type: ignore[no-untyped-call]

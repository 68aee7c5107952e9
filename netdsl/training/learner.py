"""Everything that learning changes: weights, optimizer, schedule, average, random numbers, the position in the data."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from netdsl import components
from netdsl.building import build_network, completed, locate
from netdsl.network import Experiment, TrainSettings, Use
from netdsl.training.devices import autocast
from netdsl.training.errors import TrainingError
from netdsl.training.schedules import Steps


@dataclass(kw_only=True)
class Learner:
    """What the loop works on.

    Args:
        module: the net itself, which is saved.
        model: what is called: the net, or the net compiled.
        loss: `loss(output, target)`, a scalar.
        scaler: keeps small gradients alive under fp16; otherwise it does nothing.
        average: the moving average of the weights, where `ema` asks for one.
        autocast: the context of a forward pass.
        frozen: the layers that are not trained.
        steps: how many optimizer steps there will be in all.
        epoch, batch, step: the position: epochs finished, batches of this epoch used, optimizer steps taken.
    """

    module: nn.Sequential
    model: Callable[[Tensor], Tensor]
    loss: Callable[[Tensor, Tensor], Tensor]
    optimizer: Optimizer
    schedule: LRScheduler | None
    scaler: torch.amp.GradScaler
    average: AveragedModel | None
    autocast: AbstractContextManager[None]
    frozen: tuple[nn.Module, ...]
    settings: TrainSettings
    device: torch.device
    steps: Steps
    epoch: int = 0
    batch: int = 0
    step: int = 0

    def train(self) -> None:
        """Puts the net in training mode, but for the layers that are frozen."""
        self.module.train()
        for layer in self.frozen:
            layer.eval()

    @property
    def finished(self) -> bool:
        """Whether every step is taken and the epoch they ended in is over."""
        return self.step >= self.steps and self.batch == 0

    @property
    def weights(self) -> nn.Sequential:
        """The net to evaluate and to keep: the average where there is one."""
        return cast("nn.Sequential", self.average.module) if self.average else self.module

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""
        return float(self.optimizer.param_groups[0]["lr"])

    def state_dict(self) -> dict[str, Any]:
        """All of it, as plain values and tensors."""
        state = {name: part.state_dict() for name, part in self._parts()}
        return state | {"position": [self.epoch, self.batch, self.step], "random": _random_state(self.device)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Puts it all back, bit for bit."""
        for name, part in self._parts():
            part.load_state_dict(state[name])
        _restore_strides(self.optimizer)
        self.epoch, self.batch, self.step = state["position"]
        _restore_random_state(self.device, state["random"])

    def _parts(self) -> Iterator[tuple[str, Any]]:
        parts = {"optimizer": self.optimizer, "schedule": self.schedule, "scaler": self.scaler, "average": self.average}
        yield "model", self.module
        yield from ((name, part) for name, part in parts.items() if part is not None)


def assemble(experiment: Experiment, device: torch.device, steps: Steps) -> Learner:
    """A learner at its beginning. It is a function of the experiment's seed alone, on every device."""
    if experiment.loss is None or experiment.optimizer is None:
        raise TrainingError(f"`{experiment.source.name}` has no loss or no optimizer, so there is nothing to train for")
    settings = experiment.train
    torch.manual_seed(settings.seed)
    module = build_network(experiment.network).to(device)
    frozen = _freeze(module, settings.freeze)
    optimizer = _optimizer(experiment.optimizer, module, settings.decay)
    schedule = _create(experiment.schedule, optimizer, steps) if experiment.schedule else None
    return Learner(
        module=module,
        model=_compiled(module, settings.compile),
        loss=_loss(experiment.loss).to(device),
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


class Elementwise(nn.Module):
    """A loss between numbers: the target takes the output's shape and type, so nothing is broadcast by accident."""

    def __init__(self, loss: nn.Module) -> None:
        super().__init__()
        self.loss = loss

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """The loss of `output` against `target`, both one value an element."""
        loss: Tensor = self.loss(output, target.view_as(output).to(output.dtype))
        return loss


def counted(loss: Any, target: Tensor) -> Tensor | int:
    """How many samples a mean loss is the mean of: those that `ignore_index` leaves out do not count."""
    ignored = getattr(loss, "ignore_index", None)
    if ignored is None or target.is_floating_point():
        return len(target)
    kept: Tensor = (target != ignored).sum()
    return kept


def _loss(use: Use[components.Loss]) -> nn.Module:
    loss: nn.Module = _create(use)
    return loss if use.component.wants == "classes" else Elementwise(loss)


def _create(use: Use[Any], *values: Any) -> Any:
    return locate(use.call.target)(*values, **completed(use))


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


def _restore_strides(optimizer: Optimizer) -> None:
    # A checkpoint holds tensors in row-major order; those that belong to a channels-last weight must lie as it does,
    # or the same sums are taken in another order.
    for parameter, state in optimizer.state.items():
        for name, value in state.items():
            if isinstance(value, Tensor) and value.shape == parameter.shape:
                state[name] = torch.empty_like(parameter).copy_(value)


def _random_state(device: torch.device) -> dict[str, Tensor]:
    state = {"cpu": torch.get_rng_state()}
    if device.type != "cpu":
        state[device.type] = torch.get_device_module(device).get_rng_state()
    return state


def _restore_random_state(device: torch.device, state: dict[str, Tensor]) -> None:
    torch.set_rng_state(state["cpu"])
    if device.type in state and device.type != "cpu":
        torch.get_device_module(device).set_rng_state(state[device.type])

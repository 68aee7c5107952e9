"""Plain things of a plugin, and the plugin that hands them over."""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset, IterableDataset

from netdsl import components, hookimpl
from netdsl.components import Facts, Refusal
from netdsl.core.sizes import Shape

FILE = Path(__file__).with_name("blocks.net")


class Cubes(nn.Module):
    """Raises to a power, and multiplies by weights."""

    def __init__(self, features: int, power: int = 3) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(features))
        self.power = power

    def forward(self, x: Tensor) -> Tensor:
        return x**self.power * self.weight


def focal(output: Tensor, target: Tensor, gamma: float = 2.0) -> Tensor:
    """Cross-entropy that cares less for what is right already."""
    likely = output.log_softmax(1).gather(1, target[:, None])
    return (-((1 - likely.exp()) ** gamma) * likely).mean()


class Hinge:
    def __init__(self, margin: float = 1.0) -> None:
        self.margin = margin

    def __call__(self, output: Tensor, target: Tensor) -> Tensor:
        return (self.margin - output * target).clamp(min=0).mean()


def share_right(output: Tensor, target: Tensor) -> Tensor:
    """The share of right answers."""
    return (output.argmax(1) == target).double().mean()


def fade(step: int, steps: int, end: float = 0.0) -> float:
    """From 1 to `end`, in a line."""
    return 1 - (1 - end) * step / steps


def bars(samples: int = 40) -> tuple[Tensor, Tensor]:
    """Vectors whose largest entry is their class."""
    x = torch.randn(samples, 3, generator=torch.Generator().manual_seed(0))
    return x, x.argmax(1)


class Listed(Dataset):
    def __init__(self, samples: int = 30) -> None:
        self.x, self.y = bars(samples)

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.x[index], self.y[index]


class Large(Listed):
    """Real numbers, or pictures, that are looked at one by one."""

    def __init__(self, samples: int = 40, pictures: bool = False, broken: int = -1) -> None:
        super().__init__(samples)
        self.pictures, self.broken = pictures, broken

    def __getitem__(self, index: int):
        if index == self.broken:
            raise ValueError("nothing here")
        if not self.pictures:
            return self.x[index], int(self.y[index])
        from PIL import Image

        return Image.new("RGB", (6, 4), tuple(100 * int(self.y[index] == c) for c in range(3))), int(self.y[index])


class Streamed(IterableDataset):
    def __iter__(self):
        return zip(*bars(20), strict=True)


def twice() -> tuple[Listed, Listed]:
    return Listed(30), Listed(10)


class Memory:
    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix
        self.lines: list[tuple[int, dict[str, float]]] = []

    def log(self, metrics, step: int) -> None:
        self.lines.append((step, {f"{self.prefix}{name}": value for name, value in metrics.items()}))

    def close(self) -> None:
        self.lines.append((-1, {}))


HERE = __name__


@hookimpl
def netdsl_layers():
    return [
        components.Layer.of(f"{HERE}:Cubes", doc="A power."),
        components.Layer.of("no_such_package:Thing", name="gone"),
        components.Layer.from_net(FILE, "squash"),
        components.Layer.from_net(FILE, "twice"),
    ]


@hookimpl
def netdsl_losses():
    return [
        components.Loss.of(f"{HERE}:focal", wants="classes"),
        components.Loss.of(f"{HERE}:Hinge"),
        components.Loss.of("torch.nn:SoftMarginLoss", name="soft_margin"),
        components.Loss.of("no_such_package:loss", name="gone", wants="classes"),
    ]


@hookimpl
def netdsl_optimizers():
    return [components.Optimizer.of("torch.optim:SGD", name="plain_sgd")]


def alternate(tensor: Tensor, size: float = 1.0) -> None:
    """Fills with `size` and its opposite in turns."""
    with torch.no_grad():
        tensor.flatten()[::2], tensor.flatten()[1::2] = size, -size


@hookimpl
def netdsl_initializers():
    return [components.Initializer.of(f"{HERE}:alternate")]


@hookimpl
def netdsl_metrics():
    return [components.Metric.of(f"{HERE}:share_right", wants="classes")]


@hookimpl
def netdsl_schedules():
    return [
        components.Schedule.of(f"{HERE}:fade"),
        components.Schedule.of("torch.optim.lr_scheduler:StepLR", name="stairs"),
        components.Schedule.of("torch.optim.lr_scheduler:OneCycleLR", name="cycle"),
    ]


@hookimpl
def netdsl_datasets():
    return [
        components.Dataset.of(f"{HERE}:bars", facts=Facts((3,), 3)),
        components.Dataset.of(f"{HERE}:Listed"),
        components.Dataset.of(f"{HERE}:Large"),
        components.Dataset.of(f"{HERE}:Streamed"),
        components.Dataset.of(f"{HERE}:twice", name="both"),
    ]


class Faded:
    """Every number times a share."""

    def __init__(self, share: float = 0.5) -> None:
        self.share = share

    def __call__(self, batch: Tensor, generator: torch.Generator) -> Tensor:
        return batch * self.share


class Shaken(Faded):
    """Noise of a deviation."""

    def __call__(self, batch: Tensor, generator: torch.Generator) -> Tensor:
        return batch + self.share * torch.randn(batch.shape, generator=generator, device=generator.device)


@components.transform(f"{HERE}:Faded")
def faded(x: Shape, share: float = 0.5) -> Shape:
    """Every number times `share`."""
    if share <= 0:
        raise Refusal(f"`share` is above 0, not {share:g}", "share")
    return x


@components.transform(f"{HERE}:Shaken", random=True)
def shaken(x: Shape, share: float = 0.5) -> Shape:
    """Adds noise of the deviation `share`."""
    return x


@hookimpl
def netdsl_transforms():
    return [faded, shaken]


@hookimpl
def netdsl_loggers():
    return [components.Logger.of(f"{HERE}:Memory")]

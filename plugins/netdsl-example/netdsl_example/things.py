"""What the plugin's names stand for: plain PyTorch, without a word of netdsl."""

import math
from pathlib import Path

import torch
from torch import nn


class QuickGELU(nn.Module):
    def __init__(self, scale: float = 1.702):
        super().__init__()
        self.scale = scale

    def forward(self, x):
        return x * torch.sigmoid(self.scale * x)


class Snake(nn.Module):
    def __init__(self, frequency: float = 1.0):
        super().__init__()
        self.frequency = nn.Parameter(torch.tensor(frequency))

    def forward(self, x):
        return x + torch.sin(self.frequency * x) ** 2 / self.frequency


def focal(output, target, gamma: float = 2.0):
    """Cross-entropy, each sample counted by how wrong it is to the power `gamma`."""
    log_likely = output.log_softmax(1).gather(1, target[:, None])
    return -((1 - log_likely.exp()) ** gamma * log_likely).mean()


class SignSGD(torch.optim.Optimizer):
    def __init__(self, params, lr: float = 0.01):
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter -= group["lr"] * parameter.grad.sign()


def warmup(step, steps, share: float = 0.1):
    """The factor of the learning rate at a step, of so many."""
    return min(1.0, (step + 1) / max(1, share * steps))


def confidence(output, target):
    """The mean probability that the net gives to the class it chooses."""
    return output.softmax(1).max(1).values.mean()


def swirl(samples: int = 400, turns: float = 1.0, noise: float = 0.02):
    """Points of the plane and which of the two spirals they lie on."""
    generator = torch.Generator().manual_seed(0)
    y = torch.arange(samples) % 2
    radius = torch.rand(samples, generator=generator).sqrt()
    angle = 2 * math.pi * turns * radius + math.pi * y
    x = torch.stack([radius * angle.cos(), radius * angle.sin()], 1)
    return x + noise * torch.randn(samples, 2, generator=generator), y


class Lines:
    def __init__(self, folder: Path, prefix: str = ""):
        self.file = (folder / "lines.txt").open("a", encoding="utf-8")
        self.prefix = prefix

    def log(self, metrics, step):
        self.file.write(f"{self.prefix}{step} {dict(metrics)}\n")

    def close(self):
        self.file.close()

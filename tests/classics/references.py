"""Nets of papers as one writes them by hand in PyTorch, where neither torchvision nor timm has them."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations


class Cbam(nn.Module):
    """Attention to channels, then to places."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(32, 8, 1, bias=False), nn.Conv2d(8, 32, 1, bias=False)
        self.places = nn.Conv2d(2, 1, 7, padding=3, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        pooled = torch.stack([x.mean((2, 3)), x.amax((2, 3))], 2)[..., None]
        x = x * self.second(self.first(pooled).relu()).sum((2, 3), keepdim=True).sigmoid()
        return x * self.places(torch.cat([x.mean(1, True), x.amax(1, True)], 1)).sigmoid()


class WaveNet(nn.Module):
    """Gated blocks, each of which sees as far back again."""

    def __init__(self) -> None:
        super().__init__()
        self.dilations = (1, 2, 4, 8)
        self.blocks = nn.ModuleList(
            nn.ModuleList([nn.Conv1d(8, 8, 2, dilation=by), nn.Conv1d(8, 8, 2, dilation=by), nn.Conv1d(8, 8, 1)])
            for by in self.dilations
        )

    def forward(self, x: Tensor) -> Tensor:
        for (wave, gate, mix), dilation in zip(self.blocks, self.dilations, strict=True):
            past = nn.functional.pad(x, (dilation, 0))
            x = x + mix(wave(past).tanh() * gate(past).sigmoid())
        return x


class Tcn(nn.Module):
    """Dilated convolutions of the past, with normalised weights."""

    def __init__(self) -> None:
        super().__init__()
        sizes = [(4, 6, 1), (6, 8, 2), (8, 10, 4)]
        self.dilations = (1, 2, 4)
        self.blocks = nn.ModuleList(
            nn.ModuleList(
                [
                    *(parametrizations.weight_norm(nn.Conv1d(n, out, 3, dilation=by)) for n in (given, out)),
                    nn.Conv1d(given, out, 1),
                ]
            )
            for given, out, by in sizes
        )

    def forward(self, x: Tensor) -> Tensor:
        for (first, second, shortcut), dilation in zip(self.blocks, self.dilations, strict=True):
            hidden = x
            for conv in (first, second):
                hidden = conv(nn.functional.pad(hidden, (2 * dilation, 0))).relu()
            x = (hidden + shortcut(x)).relu()
        return x


class SnDcgan(nn.Module):
    """A discriminator whose layers stretch no distance by much."""

    def __init__(self) -> None:
        super().__init__()
        sizes = [(3, 64, 3), (64, 64, 4), (64, 128, 3), (128, 128, 4), (128, 256, 3), (256, 256, 4), (256, 512, 3)]
        layers: list[nn.Module] = []
        for given, out, kernel in sizes:
            conv = nn.Conv2d(given, out, kernel, stride=kernel - 2, padding=1)
            layers += [parametrizations.spectral_norm(conv), nn.LeakyReLU(0.1)]
        self.layers = nn.Sequential(*layers, nn.Flatten(), parametrizations.spectral_norm(nn.Linear(512 * 16, 1)))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class Siamese(nn.Module):
    """One tower for both images."""

    def __init__(self) -> None:
        super().__init__()
        self.tower = nn.Sequential(
            *(nn.Conv2d(1, 16, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 4), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Flatten(), nn.Linear(800, 64), nn.Sigmoid()),
        )
        self.score = nn.Linear(64, 1)

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        return self.score((self.tower(left) - self.tower(right)) ** 2)


class TwoTower(nn.Module):
    """The product of two codes."""

    def __init__(self) -> None:
        super().__init__()
        self.person, self.film = (
            nn.Sequential(nn.Embedding(n, 32), nn.Flatten(), nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 16))
            for n in (1000, 500)
        )

    def forward(self, user: Tensor, film: Tensor) -> Tensor:
        return (self.person(user) * self.film(film)).sum(1, keepdim=True)


class Seq2Seq(nn.Module):
    """Two recurrent nets, and attention from one to the other."""

    def __init__(self) -> None:
        super().__init__()
        self.source, self.encoder = nn.Embedding(800, 32), nn.GRU(32, 64, 2, batch_first=True)
        self.target, self.decoder = nn.Embedding(900, 32), nn.GRU(32, 64, 2, batch_first=True)
        self.attention = nn.MultiheadAttention(64, 1, batch_first=True)
        self.mix, self.words = nn.Linear(128, 64), nn.Linear(64, 900)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        memory, _ = self.encoder(self.source(source))
        state, _ = self.decoder(self.target(target))
        found, _ = self.attention(state, memory, memory)
        return self.words(self.mix(torch.cat([found, state], 2)).tanh())


class Transformer(nn.Transformer):
    """torch's own, each step of whose target sees those before it."""

    def __init__(self) -> None:
        super().__init__(64, 4, 3, 3, 128, batch_first=True)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:  # type: ignore[override]  # the mask is made here
        mask = self.generate_square_subsequent_mask(target.shape[1])
        return super().forward(source, target, tgt_mask=mask, tgt_is_causal=True)

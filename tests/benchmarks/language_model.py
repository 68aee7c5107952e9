"""A language model beside the same one by hand in torch: `python -m tests.benchmarks.language_model [--seeds 3]`.

Both learn the text of nets that netdsl ships, character by character. The perplexities must be equal within the
deviation between seeds, and netdsl must be as fast as the loop by hand. Both are timed in turn on one thread; the
fastest epoch of each counts.
"""

from __future__ import annotations

import argparse
import math
import statistics
import tempfile
import time
from pathlib import Path

import torch
from torch import nn

import netdsl
from netdsl.builtins.files.text_files import shipped_text

LENGTH, BATCH, HIDDEN = 64, 32, 128


class CharLSTM(nn.Module):
    """The net of `text_of` as one would write it."""

    def __init__(self, tokens: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(tokens, HIDDEN)
        self.lstm = nn.LSTM(HIDDEN, HIDDEN, batch_first=True)
        self.linear = nn.Linear(HIDDEN, tokens)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.linear(self.lstm(self.embedding(x))[0])


def main() -> None:
    """Prints both perplexities and both rates."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    torch.set_num_threads(1)
    written = shipped_text("nets")
    ours, theirs = [], []
    for seed in range(given.seeds):
        theirs.append(by_hand(written, given.epochs, seed))
        ours.append(with_netdsl(len(set(written)), given.epochs, seed))
    for name, found in (("by hand", theirs), ("netdsl", ours)):
        perplexities, rates = zip(*found, strict=True)
        mean, deviation = statistics.mean(perplexities), statistics.pstdev(perplexities)
        print(f"{name:8} perplexity {mean:.4f} ± {deviation:.4f}, {max(rates):,.0f} samples/s")


def with_netdsl(tokens: int, epochs: int, seed: int) -> tuple[float, float]:
    """The last perplexity, and the samples a second of the fastest epoch."""
    text = f"""
        data text nets length={LENGTH} batch={BATCH}
        embedding {tokens}->{HIDDEN}; lstm {HIDDEN}; linear {tokens}
        optimizer adam lr=0.003
        metrics perplexity
        train epochs={epochs} seed={seed} test_train=0 report=false"""
    with tempfile.TemporaryDirectory() as folder:
        result = netdsl.train(text, device="cpu", out=Path(folder) / "run", quiet=True)
    return result.epochs[-1].test["perplexity"], max(epoch.rate for epoch in result.epochs)


def by_hand(written: str, epochs: int, seed: int) -> tuple[float, float]:
    """The same without netdsl."""
    torch.manual_seed(seed)
    numbers = {char: number for number, char in enumerate(sorted(set(written)))}
    tokens = torch.tensor([numbers[char] for char in written])
    samples = (len(tokens) - 1) // LENGTH
    x, y = (tokens[start : start + samples * LENGTH].view(samples, LENGTH) for start in (0, 1))
    kept = samples - round(samples * 0.2)
    net = CharLSTM(len(numbers))
    optimizer = torch.optim.Adam(net.parameters(), lr=0.003, fused=True)
    rates = []
    for _ in range(epochs):
        start = time.perf_counter()
        net.train()
        for batch in torch.randperm(kept).split(BATCH):
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(x[batch]).flatten(0, 1), y[batch].flatten()).backward()
            optimizer.step()
        rates.append(kept / (time.perf_counter() - start))
    net.eval()
    with torch.no_grad():
        scores = torch.cat([net(part) for part in x[kept:].split(256)])
        loss = nn.functional.cross_entropy(scores.flatten(0, 1), y[kept:].flatten())
    return math.exp(loss), max(rates)


if __name__ == "__main__":
    main()

"""A language model beside the same one by hand in torch: `python -m tests.benchmarks.language_model [--seeds 3]`.

Both learn the text of nets that netdsl ships, character by character. The perplexities must be equal within the
deviation between seeds, and netdsl must be as fast as the loop by hand. Both take epochs in turn on one thread; the
processor time of the fastest epoch of each counts.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time

import torch
from torch import nn

from netdsl.builtins.files.text_files import shipped_text
from netdsl.checker import check
from netdsl.core.source import Source
from netdsl.data import open_data
from netdsl.plugins.registry import load_registry
from netdsl.training.assembly import assemble
from netdsl.training.distributed.process_group import ALONE
from netdsl.training.evaluate import evaluate
from netdsl.training.loop import training_steps
from netdsl.training.metric_setup import build_metrics
from netdsl.training.running_loss import Losses
from netdsl.training.steps import count_steps

LENGTH, BATCH, HIDDEN = 64, 32, 128


class CharLSTM(nn.Module):
    """The net as one would write it."""

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
    contenders = {"by hand": ByHand, "netdsl": WithNetdsl}
    perplexities: dict[str, list[float]] = {name: [] for name in contenders}
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    for seed in range(given.seeds):
        trained = {name: contender(seed, given.epochs) for name, contender in contenders.items()}
        for _ in range(given.epochs):
            for name, one in trained.items():
                start = time.process_time()
                rates[name].append(one.take_epoch() / (time.process_time() - start))
        for name, one in trained.items():
            perplexities[name].append(one.perplexity())
    for name, found in perplexities.items():
        mean, deviation = statistics.mean(found), statistics.pstdev(found)
        print(f"{name:8} perplexity {mean:.4f} ± {deviation:.4f}, {max(rates[name]):,.0f} samples/s")


class WithNetdsl:
    """The net as a text, trained by netdsl's loop."""

    def __init__(self, seed: int, epochs: int) -> None:
        tokens = len(set(shipped_text("nets")))
        text = f"""
            data text nets length={LENGTH} batch={BATCH}
            embedding {tokens}->{HIDDEN}; lstm {HIDDEN}; linear {tokens}
            optimizer adam lr=0.003
            metrics perplexity
            train epochs={epochs} seed={seed}"""
        self.experiment, _ = check(Source("lm.net", text), load_registry(installed=False))
        self.data = open_data(self.experiment.data, "cpu", seed=seed)
        self.learner = assemble(self.experiment, torch.device("cpu"), count_steps(self.experiment, self.data, ALONE))

    def take_epoch(self) -> int:
        """Trains for an epoch; returns the number of samples."""
        losses = Losses()
        for _ in training_steps(self.learner, self.data.train, losses):
            pass
        self.learner.epoch, self.learner.batch = self.learner.epoch + 1, 0
        return self.data.train.samples

    def perplexity(self) -> float:
        """That of the test set."""
        metrics = build_metrics(self.experiment, self.data.facts, torch.device("cpu"))
        learner = self.learner
        learner.module.eval()
        found = evaluate(learner.model, learner.loss, metrics, self.data.test.epoch(0), learner.autocast)
        return float(found["perplexity"])


class ByHand:
    """The same without netdsl."""

    def __init__(self, seed: int, epochs: int) -> None:
        torch.manual_seed(seed)
        written = shipped_text("nets")
        numbers = {char: number for number, char in enumerate(sorted(set(written)))}
        tokens = torch.tensor([numbers[char] for char in written])
        samples = (len(tokens) - 1) // LENGTH
        self.x, self.y = (tokens[start : start + samples * LENGTH].view(samples, LENGTH) for start in (0, 1))
        self.kept = samples - round(samples * 0.2)
        self.net = CharLSTM(len(numbers))
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=0.003, fused=True)

    def take_epoch(self) -> int:
        """Trains for an epoch; returns the number of samples."""
        self.net.train()
        for batch in torch.randperm(self.kept).split(BATCH):
            self.optimizer.zero_grad()
            scores = self.net(self.x[batch])
            nn.functional.cross_entropy(scores.flatten(0, 1), self.y[batch].flatten()).backward()
            self.optimizer.step()
        return self.kept

    @torch.no_grad()
    def perplexity(self) -> float:
        """That of the test set."""
        self.net.eval()
        scores = torch.cat([self.net(part) for part in self.x[self.kept :].split(256)])
        return math.exp(nn.functional.cross_entropy(scores.flatten(0, 1), self.y[self.kept :].flatten()))


if __name__ == "__main__":
    main()

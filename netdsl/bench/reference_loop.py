"""The loop of a first course, to compare with: a `DataLoader`, one sample at a time, and torch's defaults."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from netdsl.builder import build_network, completed, locate
from netdsl.components import Facts
from netdsl.data.inputs import stack_samples
from netdsl.data.open import read
from netdsl.data.random_stream import SAMPLE, Moment
from netdsl.data.samples import Part, Tensors
from netdsl.data.storage import Session
from netdsl.data.transform_chain import Chain
from netdsl.program import Experiment
from netdsl.training.ends import attach_ends
from netdsl.training.loss import build_losses
from netdsl.training.max_norm import build_max_norm
from netdsl.training.parameter_groups import build_groups


@dataclass(frozen=True)
class OneByOne(Dataset[tuple[Any, Tensor]]):
    """A data set as in torch's tutorials: each item is read and transformed when it is asked for."""

    part: Part
    chain: Chain

    def __len__(self) -> int:
        return len(self.part)

    def __getitem__(self, index: int) -> tuple[Any, Tensor]:
        part = self.part
        x, y = (part.x[index], part.y[index]) if isinstance(part, Tensors) else part.read(index)
        moment = Moment(torch.tensor([index]), counters=(SAMPLE, index))
        batch = self.chain.prepare(x.unsqueeze(0))
        x, y = self.chain(batch, torch.as_tensor(y).unsqueeze(0), moment, slice(0, 1))
        return x[0], y[0]


def _collate(rows: Sequence[tuple[Any, Tensor]]) -> tuple[Any, Tensor]:
    samples, targets = zip(*rows, strict=True)
    return stack_samples(samples), torch.stack(targets)


class CourseLoop:
    """The same net, loss, optimizer, data and batch as a run's, trained by the loop of a first course."""

    def __init__(self, experiment: Experiment, facts: Facts, device: torch.device) -> None:
        assert experiment.data is not None
        assert experiment.optimizer is not None
        assert experiment.loss is not None
        torch.manual_seed(experiment.train.seed)
        server, (train, _) = read(experiment.data, Session(torch.device("cpu"), experiment.train.seed))
        chain, _ = server.chains(facts, train)
        settings = experiment.data.settings
        self.loader = DataLoader(
            OneByOne(train, chain),
            settings.batch,
            shuffle=settings.shuffle,
            drop_last=settings.drop_last,
            # torch's own knows no samples of several inputs.
            collate_fn=_collate if experiment.data.inputs else None,
        )
        self.device = device
        self.model: Any = build_network(experiment.network).to(device)
        attach_ends(self.model, experiment.network)
        self.loss = build_losses(experiment).to(device)
        use = experiment.optimizer
        groups = build_groups(self.model, experiment)
        self.optimizer: Any = locate(use.call.target)(groups, **completed(use))
        self.max_norm = build_max_norm(self.model, experiment, is_sharded=False)
        self._batches = self._endless()

    def advance(self, steps: int) -> None:
        """Takes some steps."""
        self.model.train()
        for step in range(1, steps + 1):
            imgs, targets = next(self._batches)
            imgs, targets = imgs.to(self.device), targets.to(self.device)
            outputs = self.model(imgs)
            loss = self.loss(outputs, targets)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            if self.max_norm:
                self.max_norm()
            if step % 100 == 0:
                loss.item()

    def _endless(self) -> Iterator[Any]:
        while True:
            yield from self.loader

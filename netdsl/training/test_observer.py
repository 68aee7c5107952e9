"""What a test shows besides its metrics: the worst mistakes, some samples, confusions, and predictions beside targets.

Everything stays on the device until the test is over, so that no batch waits for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Self

import torch
from torch import Tensor

from netdsl.components import Facts
from netdsl.data.inputs import Samples, join_batches
from netdsl.data.random_stream import SEEN, permutation
from netdsl.data.target_scale import unscale
from netdsl.data.transforms.base import NO_CLASS
from netdsl.program import Experiment
from netdsl.training.distributed.process_group import Team
from netdsl.training.metric_setup import gives_probabilities
from netdsl.training.metrics import classes, scores
from netdsl.training.positions import classes_second, positions_of

SHOWN = 10
"""So many of the worst, and so many of any samples, are kept."""

POINTS = 500
"""The most samples of which prediction and target are kept."""

MOST_CLASSES = 200
"""Up to so many classes are counted against each other."""

RIGHT = -1.0
"""How bad a sample is about which the net is right."""


class Judged(NamedTuple):
    """A batch, judged.

    Args:
        badness: how bad each answer is; `RIGHT` where there is no mistake.
        true, predicted: N×k, the number of a class, the classes of all places, or the numbers of a target.
        sure: the probability that the net gives to its answer, or the share of places where it is right.
        confusion: how often each class was taken for each; None where there are none, or too many.
    """

    badness: Tensor
    true: Tensor
    predicted: Tensor
    sure: Tensor
    confusion: Tensor | None = None


Judge = Callable[[Tensor, Tensor], Judged]


class Kept(NamedTuple):
    """Samples that are kept, a row each: what the net received, and what was said of them.

    Args:
        number: the place of each in the test set, as this process counts.
    """

    x: Samples
    number: Tensor
    badness: Tensor
    true: Tensor
    predicted: Tensor
    sure: Tensor

    def pick(self, rows: Tensor) -> Kept:
        """Some of the rows."""
        return Kept(self.x[rows], *(part[rows] for part in self[1:]))

    @classmethod
    def join(cls, parts: Sequence[Kept]) -> Self:
        """The rows of several."""
        x, *others = zip(*parts, strict=True)
        return cls(join_batches(x), *map(torch.cat, others))

    def cpu(self) -> Kept:
        """The same, where numbers can be read."""
        return Kept(self.x.cpu(), *(part.cpu() for part in self[1:]))


class Observed(NamedTuple):
    """What was seen of a test.

    Args:
        tested, wrong: how many samples there were, and how many mistakes among them.
        worst, some: the worst mistakes, the worst first, and samples chosen by chance, the same in every test.
        points: targets and predictions, for samples chosen by chance.
        confusion: true classes in rows, predicted ones in columns.
    """

    tested: int
    wrong: int
    worst: Kept
    some: Kept
    points: Tensor
    confusion: Tensor | None


@dataclass
class TestObserver:
    """Looks at the batches of a test.

    Args:
        judge: judges a batch.
        samples: how many samples the test has.
        error: why a batch could not be looked at.
    """

    __test__ = False  # pytest takes every class named so for tests

    judge: Judge
    samples: int
    error: Exception | None = field(default=None, init=False)
    _worst: Kept | None = field(default=None, init=False)
    _some: list[Kept] = field(default_factory=list, init=False)
    _points: list[Tensor] = field(default_factory=list, init=False)
    _wrong: list[Tensor] = field(default_factory=list, init=False)
    _confusion: Tensor | None = field(default=None, init=False)
    _tested: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        # Chosen by a stream of random numbers that is nobody else's, so that the run does not notice.
        order = permutation(self.samples, SEEN, 1)
        self._chosen = order[:SHOWN].sort().values
        self._pointed = order[:POINTS].sort().values

    def begin(self) -> None:
        """Forgets what it has seen: a test begins."""
        self._worst, self._confusion, self._tested = None, None, 0
        self._some, self._points, self._wrong, self.error = [], [], [], None

    def observe(self, x: Samples, output: Tensor, target: Tensor) -> None:
        """Looks at a batch; nothing waits for the device. After an error it looks at no other one."""
        if self.error is not None:
            return
        try:
            self._look(x, output, target)
        except Exception as error:  # a plugin's net and targets may be of any kind; the test goes on
            self.error = error

    def _look(self, x: Samples, output: Tensor, target: Tensor) -> None:
        judged = self.judge(output, target)
        start, self._tested = self._tested, self._tested + len(target)
        number = torch.arange(start, self._tested, device=x.device)
        batch = Kept(x, number, *judged[:4])
        worst = batch.pick(judged.badness.topk(min(SHOWN, len(target))).indices)
        if self._worst is not None:
            both = Kept.join((self._worst, worst))
            worst = both.pick(both.badness.topk(min(SHOWN, len(both.badness))).indices)
        self._worst = worst
        if len(rows := self._rows(self._chosen, start)):
            self._some.append(batch.pick(rows.to(x.device)))
        if judged.confusion is not None:
            self._confusion = judged.confusion if self._confusion is None else self._confusion + judged.confusion
        elif len(rows := self._rows(self._pointed, start)):
            rows = rows.to(x.device)
            self._points.append(torch.stack((judged.true[rows, 0], judged.predicted[rows, 0]), 1))
        self._wrong.append((judged.badness > RIGHT).sum())

    def conclude(self, team: Team) -> Observed | None:
        """What was seen, over all processes, which must all call it; None where there was no sample."""
        mine = self._mine() if self._worst is not None and self.error is None else None
        found = [one for one in team.gather(mine) if one is not None]
        if not found:
            return None
        worst = Kept.join([one.worst for one in found])
        order = worst.badness.argsort(descending=True)[:SHOWN]
        counted = [one.confusion for one in found if one.confusion is not None]
        return Observed(
            tested=sum(one.tested for one in found),
            wrong=sum(one.wrong for one in found),
            worst=worst.pick(order[worst.badness[order] > RIGHT]),
            some=Kept.join([one.some for one in found]).pick(torch.arange(min(SHOWN, len(found[0].some.number)))),
            points=torch.cat([one.points for one in found])[:POINTS],
            confusion=torch.stack(counted).sum(0) if counted else None,
        )

    def _rows(self, chosen: Tensor, start: int) -> Tensor:
        """The rows of this batch that hold chosen samples."""
        return chosen[(chosen >= start) & (chosen < self._tested)] - start

    def _mine(self) -> Observed:
        assert self._worst is not None
        worst = self._worst.cpu()
        some = Kept.join(self._some).cpu() if self._some else worst.pick(torch.arange(0))
        points = torch.cat(self._points).cpu() if self._points else torch.empty(0, 2)
        confusion = None if self._confusion is None else self._confusion.cpu()
        return Observed(self._tested, int(torch.stack(self._wrong).sum()), worst, some, points, confusion)


def find_judge(experiment: Experiment, facts: Facts) -> tuple[str, Judge]:
    """What the targets are, and what judges answers: of so many classes, or of numbers."""
    count, scale = facts.classes, facts.scale
    loss = experiment.loss.component if experiment.loss else None
    probabilities = gives_probabilities(experiment.loss)
    if count is None or (loss is not None and loss.wants == "numbers"):
        squash = loss is not None and loss.wants == "binary" and not probabilities
        return "numbers", lambda output, target: judge_numbers(
            output.sigmoid() if squash else unscale(output, scale), unscale(target, scale)
        )
    kind = "places" if experiment.data and experiment.data.facts.target else "classes"
    return kind, lambda output, target: judge_classes(output, target, count, probabilities=probabilities)


def judge_classes(output: Tensor, target: Tensor, count: int, *, probabilities: bool = False) -> Judged:
    """Answers of which each is a class; of images of classes, a sample is as bad as its places are on average."""
    found = scores(classes_second(output, positions_of(output, target)), probabilities=probabilities)
    logs, wanted = found.log_softmax(1), classes(found, target)
    valid = (wanted >= 0) & (wanted < count)  # the others are those that `ignore_index` leaves out
    wanted = wanted.clamp(0, min(count, logs.shape[1]) - 1)
    best = logs.max(1)
    wrong = (best.indices != wanted) & valid
    missed = -logs.gather(1, wanted.unsqueeze(1)).squeeze(1)
    confusion = None
    if count <= MOST_CLASSES:
        # Those that do not count fall into a cell of their own, for picking the others would wait for the device.
        cells = torch.where(valid, wanted * count + best.indices, count * count)
        confusion = torch.bincount(cells.flatten(), minlength=count * count + 1)[:-1].view(count, count)
    if wrong.dim() > 1:  # a class a place
        flat, among = wrong.flatten(1), valid.flatten(1).sum(1).clamp_min(1)
        share = 1 - flat.sum(1) / among
        badness = torch.where(flat.any(1), (missed * valid).flatten(1).sum(1) / among, RIGHT)
        true = torch.where(valid, wanted, NO_CLASS).flatten(1)
        return Judged(badness, true, best.indices.flatten(1), share, confusion)
    badness = torch.where(wrong, missed, RIGHT)
    return Judged(badness, wanted.unsqueeze(1), best.indices.unsqueeze(1), best.values.exp(), confusion)


def judge_numbers(output: Tensor, target: Tensor) -> Judged:
    """Answers that are numbers: a sample is as bad as its numbers are far off on average."""
    rows = output.float().reshape(len(output), -1)
    wanted = target.to(rows.dtype).reshape(rows.shape)
    badness = (rows - wanted).abs().mean(1)
    return Judged(badness.nan_to_num(math.inf, math.inf), wanted, rows, torch.zeros(len(rows), device=rows.device))

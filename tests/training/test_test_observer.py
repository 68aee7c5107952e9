from __future__ import annotations

import pytest
import torch
from torch import Tensor

from netdsl.training.distributed.process_group import ALONE
from netdsl.training.test_observer import RIGHT, SHOWN, TestObserver, judge_classes, judge_numbers


def observe(observer: TestObserver, outputs: Tensor, targets: Tensor, batch: int) -> None:
    observer.begin()
    x = torch.arange(len(targets)).float().unsqueeze(1)
    for start in range(0, len(targets), batch):
        part = slice(start, start + batch)
        observer.observe(x[part], outputs[part], targets[part])


@pytest.mark.parametrize("batch", [1, 7, 100, 1000])
def test_the_worst_are_the_worst_of_all_batches(batch: int) -> None:
    torch.manual_seed(0)
    outputs, targets = torch.randn(200, 5), torch.randint(5, (200,))
    observer = TestObserver(lambda output, target: judge_classes(output, target, 5), 200)
    for _ in range(2):  # a test that begins anew forgets the one before
        observe(observer, outputs, targets, batch)
    found = observer.conclude(ALONE)
    assert found is not None
    missed = torch.nn.functional.cross_entropy(outputs, targets, reduction="none")
    missed[outputs.argmax(1) == targets] = RIGHT
    assert found.worst.number.tolist() == missed.argsort(descending=True)[:SHOWN].tolist()
    assert found.worst.x.flatten().tolist() == found.worst.number.tolist()
    assert (found.tested, found.wrong) == (200, int((outputs.argmax(1) != targets).sum()))
    assert found.confusion is not None
    assert found.confusion.trace() == 200 - found.wrong
    assert len(set(found.some.number.tolist())) == SHOWN
    sure = outputs.softmax(1).amax(1)[found.some.number]
    torch.testing.assert_close(found.some.sure, sure)


def test_samples_are_the_same_whatever_the_batches_are() -> None:
    chosen = []
    for batch in (3, 50):
        observer = TestObserver(judge_numbers, 50)
        observe(observer, torch.randn(50, 1), torch.randn(50), batch)
        found = observer.conclude(ALONE)
        assert found is not None
        chosen.append(found.some.number.tolist())
        assert found.points.shape == (50, 2)
    assert chosen[0] == chosen[1]


def test_without_a_mistake_there_is_no_worst() -> None:
    observer = TestObserver(lambda output, target: judge_classes(output, target, 3), 9)
    targets = torch.arange(9) % 3
    observe(observer, torch.nn.functional.one_hot(targets).float(), targets, 4)
    found = observer.conclude(ALONE)
    assert found is not None
    assert (found.wrong, len(found.worst.number)) == (0, 0)


def test_targets_that_are_left_out_are_no_mistakes() -> None:
    judged = judge_classes(torch.tensor([[0.0, 1.0]] * 3), torch.tensor([-100, 0, 1]), 2)
    assert (judged.badness > RIGHT).tolist() == [False, True, False]
    assert judged.confusion is not None
    assert judged.confusion.tolist() == [[0, 1], [0, 1]]


def test_of_images_of_classes_the_share_of_right_places_counts() -> None:
    outputs = torch.zeros(2, 2, 2, 2)
    outputs[:, 1] = 1.0
    judged = judge_classes(outputs, torch.tensor([[[1, 1], [1, 1]], [[0, 1], [1, 1]]]), 2)
    assert judged.sure.tolist() == [1.0, 0.75]
    assert (judged.badness > RIGHT).tolist() == [False, True]


def test_one_score_for_two_classes_is_that_of_the_second() -> None:
    judged = judge_classes(torch.tensor([[2.0], [-2.0]]), torch.tensor([0, 0]), 2)
    assert judged.predicted.flatten().tolist() == [1.0, 0.0]


def test_what_cannot_be_judged_ends_the_looking_and_not_the_test() -> None:
    def broken(_output: Tensor, _target: Tensor) -> None:
        raise RuntimeError("odd targets")

    observer = TestObserver(broken, 10)  # type: ignore[arg-type]
    observe(observer, torch.randn(10, 2), torch.zeros(10), 5)
    assert str(observer.error) == "odd targets"
    assert observer.conclude(ALONE) is None

import pytest
import torch

from netdsl.training import metrics


def value(name, batches, **arguments):
    metric = getattr(metrics, name)(**arguments)
    for output, target in batches:
        metric.update(torch.as_tensor(output), torch.as_tensor(target))
    return metric.compute()


SCORES = [[2.0, 1.0, 0.0], [0.0, 3.0, 1.0], [1.0, 0.0, 2.0], [5.0, 4.0, 3.0]]


def test_accuracy_is_the_mean_over_samples_not_over_batches():
    batches = [(SCORES[:3], [0, 1, 0]), (SCORES[3:], [0])]
    assert value("Accuracy", batches, num_classes=3) == 3 / 4


def test_accuracy_among_the_highest():
    assert value("Accuracy", [(SCORES, [1, 0, 0, 2])], num_classes=3, top_k=2) == 2 / 4
    wide = torch.eye(4, 8) * 9 - torch.arange(8)
    assert value("Top5", [(wide, [0, 4, 7, 3])], num_classes=8) == 3 / 4
    assert value("Top5", [(SCORES, [2, 2, 2, 2])], num_classes=3) == 1


@pytest.mark.parametrize("target", [[1, 0, 1, 1], [[1], [0], [1], [1]], [1.0, 0.0, 1.0, 1.0]])
@pytest.mark.parametrize("name", ["Accuracy", "F1", "AUROC"])
def test_one_output_is_the_score_of_the_second_of_two_classes(name, target):
    logits = torch.tensor([0.1, 0.5, 0.7, -0.2])
    two = torch.stack((torch.zeros(4), logits), 1)
    expected = value(name, [(two, [1, 0, 1, 1])], num_classes=2)
    assert value(name, [(logits.view(4, 1), target)], num_classes=2) == expected
    assert 0 < expected < 1


def test_one_output_may_be_a_probability():
    logits = torch.tensor([[0.1], [-0.5], [20.0], [-0.2]])
    for name in ("Accuracy", "F1", "AUROC", "Confusion"):
        of_scores, of_probabilities = (getattr(metrics, name)(num_classes=2) for _ in range(2))
        of_probabilities.probabilities = True
        of_scores.update(logits, torch.tensor([1, 0, 0, 1]))
        of_probabilities.update(logits.sigmoid(), torch.tensor([1, 0, 0, 1]))
        assert torch.equal(of_scores.compute(), of_probabilities.compute())
    assert torch.equal(
        metrics.scores(torch.tensor([[0.0], [1.0], [0.5]]), probabilities=True).softmax(1),
        torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]]),
    )


def test_scores_between_0_and_1_are_still_scores():
    logits = torch.tensor([[0.2], [0.3], [0.9]])
    assert value("Accuracy", [(logits, [1, 1, 1])], num_classes=2) == 1


def test_auroc_orders_by_score_however_large():
    logits = torch.tensor([[-20.0], [30.0], [25.0], [40.0]])
    assert value("AUROC", [(logits, [0, 1, 1, 1])], num_classes=2) == 1


def test_mixed_targets_count_as_the_class_they_hold_most_of():
    mixed = torch.tensor([[0.7, 0.3, 0.0], [0.1, 0.5, 0.4], [0.0, 0.2, 0.8], [0.1, 0.1, 0.8]])
    assert value("Accuracy", [(SCORES, mixed)], num_classes=3) == 3 / 4


def test_confusion_has_the_truth_in_rows():
    matrix = value("Confusion", [(SCORES, [0, 2, 2, 1])], num_classes=3)
    assert matrix.tolist() == [[1, 0, 0], [1, 0, 0], [0, 1, 1]]


OUTPUT, TARGET = [[1.0], [2.0], [4.0]], [1.5, 2.0, 2.0]


@pytest.mark.parametrize(
    ("name", "expected"), [("MSE", 4.25 / 3), ("RMSE", (4.25 / 3) ** 0.5), ("MAE", 2.5 / 3), ("R2", 1 - 4.25 / (1 / 6))]
)
@pytest.mark.parametrize("column", [False, True])
def test_numbers_are_compared_one_to_one(name, expected, column):
    target = [[number] for number in TARGET] if column else TARGET
    batches = [(OUTPUT[:2], target[:2]), (OUTPUT[2:], target[2:])]
    assert value(name, batches).item() == pytest.approx(expected, rel=1e-5)


def test_vectors_are_compared_value_by_value():
    output, target = [[1.0, 2.0], [3.0, 4.0]], [[1.0, 1.0], [3.0, 2.0]]
    assert value("MSE", [(output, target)]).item() == pytest.approx(5 / 4)


def test_half_precision_outputs_are_counted_in_full():
    output = torch.tensor(SCORES).bfloat16()
    assert value("Accuracy", [(output, [0, 1, 2, 0])], num_classes=3) == 1

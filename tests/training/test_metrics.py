import os

import pytest
import torch
import torchmetrics

from netdsl.training import metrics, torchmetrics_classes


def make(name, **arguments):
    return getattr(metrics if hasattr(metrics, name) else torchmetrics_classes, name)(**arguments)


def value(name, batches, **arguments):
    metric = make(name, **arguments)
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
        of_scores, of_probabilities = (make(name, num_classes=2) for _ in range(2))
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


@pytest.mark.parametrize("split", [[7], [3, 4], [1] * 7])
def test_log_rmse_is_the_rmse_of_logarithms(split):
    target = torch.tensor([[10.0], [2.0], [3e5], [1.5], [80.0], [0.5], [7.0]])
    output = torch.tensor([[12.0], [-3.0], [2e5], [0.0], [80.0], [0.25], [9.0]])
    batches = list(zip(output.split(split), target.split(split), strict=True))
    expected = (output.clamp(1).double().log() - target.double().log()).square().mean().sqrt()
    torch.testing.assert_close(value("LogRMSE", batches), expected.float())
    expected = torchmetrics.MeanSquaredError(squared=False)(output.clamp(0.1).log(), target.log())
    torch.testing.assert_close(value("LogRMSE", batches, least=0.1), expected)
    assert not value("LogRMSE", [([1.0], [-2.0])]).isfinite()


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


PLAIN = {
    "Accuracy": "MulticlassAccuracy",
    "Top5": "MulticlassAccuracy",
    "Confusion": "MulticlassConfusionMatrix",
    "MSE": "MeanSquaredError",
    "RMSE": "MeanSquaredError",
    "MAE": "MeanAbsoluteError",
    "R2": "R2Score",
}
"""Ours, and torchmetrics' own."""

AVERAGES = [
    ("Accuracy", {"num_classes": 7, "average": average, "top_k": top_k}, {})
    for average in ("micro", "macro", "weighted")
    for top_k in (1, 2, 5)
]


def theirs(name, ours, extra):
    found = getattr(torchmetrics.classification if "Multiclass" in PLAIN[name] else torchmetrics, PLAIN[name])
    return found(**ours, **extra)


def split_unequally(*tensors):
    return list(zip(*(tensor.split([1, 50, 7, 32, 3, 107]) for tensor in tensors), strict=True))


@pytest.mark.parametrize("seen", [7, 4])  # with 4, some classes never occur
@pytest.mark.parametrize("extra_dims", [(), (3,)])
@pytest.mark.parametrize(
    ("name", "ours", "extra"), [*AVERAGES, ("Top5", {"num_classes": 7}, {"top_k": 5, "average": "micro"}),
                                ("Confusion", {"num_classes": 7}, {})]
)  # fmt: skip
def test_classes_are_counted_as_torchmetrics_counts_them(name, ours, extra, extra_dims, seen):
    generator = torch.Generator().manual_seed(1)
    output = torch.randn(200, 7, *extra_dims, generator=generator)
    output[:, 5:] -= 9  # so that some classes are never predicted
    target = torch.randint(seen, (200, *extra_dims), generator=generator)
    mine, plain = make(name, **ours), theirs(name, ours, extra)
    for one, other in split_unequally(output, target):
        mine.update(one, other)
        plain.update(one, other)
    assert torch.allclose(mine.compute().float(), plain.compute().float(), rtol=1e-6, atol=0)
    assert mine.higher_is_better == plain.higher_is_better


@pytest.mark.parametrize("values", [1, 5])
@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize(("name", "extra"), [("MSE", {}), ("RMSE", {"squared": False}), ("MAE", {}), ("R2", {})])
def test_numbers_are_compared_as_torchmetrics_compares_them(name, extra, values, constant):
    generator = torch.Generator().manual_seed(2)
    target = torch.ones(200, values) if constant else torch.randn(200, values, generator=generator) * 3 + 1
    output = target + torch.randn(200, values, generator=generator) / 2
    if values == 1:
        output, target = output[:, 0], target[:, 0]
    mine, plain = make(name), theirs(name, {}, extra)
    for one, other in split_unequally(output, target):
        mine.update(one, other)
        plain.update(one, other)
    assert torch.allclose(mine.compute(), plain.compute(), rtol=1e-5, atol=0)
    assert mine.higher_is_better == plain.higher_is_better


def test_a_perfect_prediction_of_a_constant_is_explained_and_a_single_sample_is_not():
    assert value("R2", [([1.0, 1.0], [1.0, 1.0])]) == 1
    assert value("R2", [([1.0], [2.0])]).isnan()


def test_a_metric_begins_anew():
    metric = make("MAE")
    metric.update(torch.ones(3), torch.zeros(3))
    metric.reset()
    metric.update(torch.ones(3) * 2, torch.zeros(3))
    assert metric.compute() == 2


IN_PROCESSES = [
    ("Accuracy", {"num_classes": 7, "average": "macro"}),
    ("Top5", {"num_classes": 7}),
    ("Confusion", {"num_classes": 7}),
    ("RMSE", {}),
    ("R2", {}),
]


def samples(name):
    generator = torch.Generator().manual_seed(3)
    if name in ("RMSE", "R2"):
        return torch.randn(40, 2, generator=generator), torch.randn(40, 2, generator=generator)
    return torch.randn(40, 7, generator=generator), torch.randint(7, (40,), generator=generator)


def count_a_share(rank, store, results):
    torch.distributed.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=3)
    found = []
    for name, arguments in IN_PROCESSES:
        metric = make(name, **arguments)
        share = [slice(0, 25), slice(25, 40), slice(0, 0)][rank]  # unequal shares, and one process without any
        output, target = (tensor[share] for tensor in samples(name))
        if len(output):
            metric.update(output, target)
        found.append(metric.compute())
    if rank == 2:
        torch.save(found, results)
    torch.distributed.destroy_process_group()


@pytest.mark.skipif(not torch.distributed.is_available() or os.name != "posix", reason="gloo and a file's store")
def test_processes_count_together(tmp_path):
    results = tmp_path / "results"
    torch.multiprocessing.start_processes(count_a_share, (tmp_path / "store", results), nprocs=3, start_method="fork")
    for (name, arguments), found in zip(IN_PROCESSES, torch.load(results), strict=True):
        assert torch.allclose(found.float(), value(name, [samples(name)], **arguments).float(), rtol=1e-6), name

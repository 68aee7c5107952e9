"""Losses and metrics of targets at each position, against torch on the positions one by one."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from netdsl.checker import check
from netdsl.components import Facts
from netdsl.core.diagnostics import errors
from netdsl.core.source import Source
from netdsl.training.loss import build_loss, count_samples
from netdsl.training.metric_setup import build_metrics
from netdsl.training.positions import classes_second
from tests.data.conftest import REGISTRY

NETS = [
    ("data fake 3x6x5 classes=4 per=position; conv 4 k1", (4, 6, 5), (6, 5)),
    ("data fake 7x3 classes=4 per=position; linear 4", (7, 4), (7,)),
    ("data fake 4x3 classes=4 per=position; linear 4", (4, 4), (4,)),
]


def checked(line):
    """A text that has no errors."""
    experiment, diagnostics = check(Source("net", line), REGISTRY)
    assert not errors(diagnostics), diagnostics
    return experiment


def example(out, positions):
    generator = torch.Generator().manual_seed(0)
    output = torch.randn(6, *out, generator=generator)
    return output, torch.randint(4, (6, *positions), generator=generator)


def rows(output, target):
    """The same as samples N×classes and N, by hand."""
    flat = output.permute(0, 2, 3, 1).reshape(-1, 4) if output.dim() == 4 else output.reshape(-1, 4)
    return flat, target.reshape(-1)


@pytest.mark.parametrize(("net", "out", "positions"), NETS)
@pytest.mark.parametrize("loss", ["cross_entropy", "cross_entropy ignore_index=2", "multi_margin"])
def test_a_loss_over_positions_is_torchs_over_all_of_them(net, out, positions, loss):
    experiment = checked(f"{net}; loss {loss}")
    output, target = example(out, positions)
    flat, wanted = rows(output, target)
    oracle = {
        "cross_entropy": nn.CrossEntropyLoss(),
        "cross_entropy ignore_index=2": nn.CrossEntropyLoss(ignore_index=2),
        "multi_margin": nn.MultiMarginLoss(),
    }[loss]
    module = build_loss(experiment.loss, experiment.data)
    assert torch.allclose(module(output, target), oracle(flat, wanted))
    ignored = 2 if "ignore" in loss else -1
    assert int(count_samples(module, target)) == int((target != ignored).sum())


@pytest.mark.parametrize(("net", "out", "positions"), NETS)
@pytest.mark.parametrize("ignore", ["", "; loss cross_entropy ignore_index=255"])
def test_metrics_over_positions_count_each_that_has_a_class(net, out, positions, ignore):
    metrics = "accuracy f1 auroc confusion top5"
    experiment = checked(f"{net}{ignore}; metrics {metrics} accuracy top_k=2")
    output, target = example(out, positions)
    target[0, 0], target[1, 1] = -100, 255 if ignore else 3
    flat, wanted = rows(output, target)
    kept = (wanted >= 0) & (wanted != 255)
    plain = checked(f"data fake 3 classes=4; linear 4; metrics {metrics} accuracy top_k=2")
    found = build_metrics(experiment, experiment.data.facts, torch.device("cpu"))
    oracle = build_metrics(plain, Facts((3,), 4), torch.device("cpu"))
    for name, metric in found.items():
        metric.update(output, target)
        oracle[name].update(flat[kept], wanted[kept])
        assert torch.allclose(metric.compute(), oracle[name].compute()), name


def test_positions_without_a_class_count_nowhere():
    experiment = checked(f"{NETS[0][0]}; loss cross_entropy ignore_index=255")
    module = build_loss(experiment.loss, experiment.data)
    output, target = example((4, 6, 5), (6, 5))
    target[:, 0] = -100
    target[:, 1] = 255
    oracle = nn.CrossEntropyLoss()(*rows(output[:, :, 2:], target[:, 2:]))
    assert torch.allclose(module(output, target), oracle)


@pytest.mark.parametrize("net", ["conv 1 k1", "conv 1 k1; reshape 6x5"])
def test_two_classes_may_have_one_score_a_position(net):
    experiment = checked(
        f"data fake 3x6x5 classes=2 per=position; {net}; loss bce_with_logits; metrics binary_accuracy accuracy"
    )
    output, target = torch.randn(4, *experiment.network.out), torch.randint(2, (4, 6, 5))
    target[0, 0] = -100
    kept = target.flatten() >= 0
    scores, wanted = output.flatten()[kept], target.flatten()[kept]
    module = build_loss(experiment.loss, experiment.data)
    assert torch.allclose(module(output, target), nn.BCEWithLogitsLoss()(scores, wanted.float()))
    for metric in build_metrics(experiment, experiment.data.facts, torch.device("cpu")).values():
        metric.update(output, target)
        assert torch.allclose(metric.compute(), ((scores > 0) == wanted.bool()).float().mean())


def test_where_both_axes_fit_a_sequence_has_its_classes_last_and_an_image_first():
    assert torch.equal(classes_second(torch.eye(3).reshape(1, 3, 3) * 2, (3,)), torch.eye(3).reshape(1, 3, 3) * 2)
    cube = torch.arange(27.0).reshape(1, 3, 3, 3)
    assert torch.equal(classes_second(cube, (3, 3)), cube)
    square = torch.arange(9.0).reshape(1, 3, 3)
    assert torch.equal(classes_second(square, (3,)), square.mT)


def test_mean_iou_is_the_overlap_of_the_classes_that_occur():
    experiment = checked("data fake 3x6x5 classes=4 per=position; conv 4 k1; metrics mean_iou pixel_accuracy")
    output, target = example((4, 6, 5), (6, 5))
    target[target == 3] = -100
    output[:, 3] = -9
    found = build_metrics(experiment, experiment.data.facts, torch.device("cpu"))
    for metric in found.values():
        for rows_ in (slice(0, 2), slice(2, 6)):
            metric.update(output[rows_], target[rows_])
    guesses, known = output.argmax(1), target >= 0
    shares = [
        ((guesses == one) & (target == one)).sum() / (((guesses == one) & known) | (target == one)).sum()
        for one in range(3)
    ]
    assert torch.allclose(found["mean_iou"].compute(), torch.stack(shares).mean())
    assert torch.allclose(found["pixel_accuracy"].compute(), (guesses == target)[known].float().mean())


def test_perplexity_is_e_to_the_power_of_the_mean_loss_whatever_the_batches_are():
    line = "data text python_docs vocab=64 length=7; embedding 64->4; linear 64; metrics perplexity"
    experiment = checked(line)
    (metric,) = build_metrics(experiment, experiment.data.facts, torch.device("cpu")).values()
    output, target = torch.randn(6, 7, 64), torch.randint(64, (6, 7))
    metric.reset()
    metric.update(output[:4], target[:4])
    metric.update(output[4:], target[4:])
    mean = nn.functional.cross_entropy(output.flatten(0, 1), target.flatten())
    torch.testing.assert_close(metric.compute(), mean.exp())
    torch.testing.assert_close(build_loss(experiment.loss, experiment.data)(output, target), mean)

from itertools import pairwise

import pytest
import torch
from torch.optim import SGD, Adagrad, Adam, lr_scheduler

from netdsl.training import schedules
from netdsl.training.schedules import Steps

PER_EPOCH, EPOCHS = 5, 12
STEPS = Steps(PER_EPOCH * EPOCHS, PER_EPOCH)


def optimizer(kind=SGD, rate=0.8, **options):
    return kind([torch.nn.Parameter(torch.zeros(1))], lr=rate, **options)


def rates(schedule, of, steps=PER_EPOCH * EPOCHS):
    found = []
    for _ in range(steps):
        found.append(of.param_groups[0]["lr"])
        of.step()
        schedule.step()
    return found


def by_epoch(made, **arguments):
    """What torch's own scheduler gives when it is stepped once an epoch."""
    of = optimizer()
    schedule = made(of, **arguments)
    found = []
    for _ in range(EPOCHS):
        found += [of.param_groups[0]["lr"]] * PER_EPOCH
        of.step()
        schedule.step()
    return found


def ours(name, warmup=0.0, **arguments):
    of = optimizer()
    given = arguments | ({"warmup": warmup} if name != "onecycle" else {})
    return rates(getattr(schedules, name)(of, STEPS, **given), of)


@pytest.mark.parametrize(
    ("name", "arguments", "made", "theirs"),
    [
        ("step", {"step_size": 3}, lr_scheduler.StepLR, {"step_size": 3}),
        ("step", {"step_size": 4, "gamma": 0.5}, lr_scheduler.StepLR, {"step_size": 4, "gamma": 0.5}),
        ("multistep", {"milestones": (2, 7)}, lr_scheduler.MultiStepLR, {"milestones": [2, 7]}),
        ("constant", {}, lr_scheduler.ConstantLR, {"factor": 1.0}),
    ],
)
def test_steps_are_torchs_stepped_once_an_epoch(name, arguments, made, theirs):
    assert ours(name, **arguments) == pytest.approx(by_epoch(made, **theirs))


def test_an_exponential_is_torchs_at_the_beginning_of_each_epoch():
    found = ours("exponential", gamma=0.9)
    assert found[::PER_EPOCH] == pytest.approx(by_epoch(lr_scheduler.ExponentialLR, gamma=0.9)[::PER_EPOCH])
    assert all(after < before for before, after in pairwise(found))


@pytest.mark.parametrize(
    ("name", "arguments", "made"),
    [
        ("cosine", {}, lambda of: lr_scheduler.CosineAnnealingLR(of, int(STEPS))),
        ("cosine", {"eta_min": 0.1}, lambda of: lr_scheduler.CosineAnnealingLR(of, int(STEPS), eta_min=0.1)),
        ("linear", {"end_factor": 0.2}, lambda of: lr_scheduler.LinearLR(of, 1.0, 0.2, int(STEPS))),
        ("polynomial", {"power": 2.0}, lambda of: lr_scheduler.PolynomialLR(of, int(STEPS), 2.0)),
        ("onecycle", {"max_lr": 0.5}, lambda of: lr_scheduler.OneCycleLR(of, 0.5, int(STEPS))),
        ("onecycle", {}, lambda of: lr_scheduler.OneCycleLR(of, 0.8, int(STEPS))),
    ],
)
def test_curves_are_torchs_stepped_every_batch(name, arguments, made):
    theirs = optimizer()
    assert ours(name, **arguments) == pytest.approx(rates(made(theirs), theirs), abs=1e-9)


def test_a_cosine_may_end_before_the_training():
    found = ours("cosine", t_max=6.0, eta_min=0.1)
    assert found[30:] == pytest.approx([0.1] * 30)


@pytest.mark.parametrize(("warmup", "rising"), [(2.0, 10), (0.6, 3), (0.0, 0)])
def test_a_warm_up_rises_in_equal_steps_to_the_rate(warmup, rising):
    found = ours("cosine", warmup=warmup)
    expected = [0.8 * (n + 1) / (rising + 1) for n in range(rising + 1)]
    assert found[: rising + 1] == pytest.approx(expected)
    theirs = optimizer()
    rest = rates(lr_scheduler.CosineAnnealingLR(theirs, 60 - rising), theirs, 60 - rising)
    assert found[rising:] == pytest.approx(rest, abs=1e-9)


def test_milestones_count_from_the_first_step_of_all():
    assert ours("step", warmup=1.0, step_size=3)[15:30] == pytest.approx([0.08] * 15)


@pytest.mark.parametrize("name", ["constant", "cosine", "linear", "polynomial", "step", "onecycle"])
def test_a_schedule_resumes_anywhere(name):
    arguments = {"step_size": 2.5} if name == "step" else {}
    whole = ours(name, **arguments)
    of = optimizer()
    schedule = getattr(schedules, name)(of, STEPS, **arguments)
    rates(schedule, of, 23)
    state = torch.utils._pytree.tree_map(lambda value: value, (of.state_dict(), schedule.state_dict()))
    again = optimizer()
    resumed = getattr(schedules, name)(again, STEPS, **arguments)
    again.load_state_dict(state[0])
    resumed.load_state_dict(state[1])
    assert rates(resumed, again, 37) == whole[23:]


def test_onecycle_moves_the_momentum_where_there_is_one():
    moved, still = optimizer(Adam), optimizer(Adagrad)
    rates(schedules.onecycle(moved, STEPS), moved, 20)
    rates(schedules.onecycle(still, STEPS), still, 20)
    assert moved.param_groups[0]["betas"][0] == pytest.approx(0.85, abs=0.01)
    assert not {"momentum", "betas"} & still.param_groups[0].keys()


def test_groups_keep_their_proportions():
    weights = [torch.nn.Parameter(torch.zeros(1)) for _ in range(2)]
    of = SGD([{"params": weights[:1], "lr": 1.0}, {"params": weights[1:], "lr": 0.1}])
    schedule = schedules.cosine(of, STEPS)
    rates(schedule, of, 30)
    first, second = (group["lr"] for group in of.param_groups)
    assert first == pytest.approx(10 * second) == pytest.approx(0.5)


def test_of_plain_steps_each_is_an_epoch():
    of = optimizer()
    assert rates(schedules.step(of, 4, step_size=2.0, gamma=0.5), of, 4) == pytest.approx([0.8, 0.8, 0.4, 0.4])

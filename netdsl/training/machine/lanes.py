"""A batch in lanes: parts of it that go through the net side by side, forward and back, each in a thread of its own.

torch shares the work of each layer among the threads, which wait for each other after every one of them. In lanes they
wait twice a step. On an idle computer that is as fast; on a busy one, where one thread keeps others waiting, several
times as fast. Gradients are those of the whole batch but for their last bits, and the same from run to run, for parts
are cut and summed in one order.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import reduce
from threading import Barrier
from typing import Any

import torch
from torch import Tensor, nn

from netdsl.core.errors import TrainingError
from netdsl.core.text import Text, text
from netdsl.data import Data
from netdsl.data.inputs import Samples
from netdsl.program import Experiment


class Lanes:
    """Calls a net as the loop does, in lanes while gradients are wanted.

    Args:
        module: a net that treats each sample by itself, as `require_separable` asks for.
        count: the number of lanes.
    """

    def __init__(self, module: nn.Module, count: int) -> None:
        self.module = module
        self.count = count
        self.parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
        self._threads = _one_thread_each(count)

    def __call__(self, x: Samples) -> Tensor:
        """The net's output for a batch, N×…; the whole batch at once where no gradients are wanted."""
        call: Callable[[Samples], Tensor] = self._split if torch.is_grad_enabled() else self.module
        return call(x)

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """A context in which the calling thread's kernels start no others: these would go on looking for work."""
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(before)

    def _split(self, x: Samples) -> Tensor:
        # The parameters are handed over for the graph of the loss, which leads to them through this one operation.
        output: Tensor = _Split.apply(self, x, *self.parameters)
        return output

    def forward(self, x: Samples) -> list[Tensor]:
        """The output of each lane, with the graph that leads to it."""
        return list(self._threads.map(self._forward_one, x.chunk(self.count)))

    def gradients(self, outputs: Sequence[Tensor], grad: Tensor) -> Iterable[Tensor | None]:
        """The gradient of each parameter for the gradient of the whole output; None for one that takes no part."""
        parts = grad.split([len(output) for output in outputs])  # type: ignore[no-untyped-call]  # torch's own
        return map(_total, *self._threads.map(self._backward_one, outputs, parts))

    def _forward_one(self, part: Samples) -> Tensor:
        output: Tensor = self.module(part)
        return output

    def _backward_one(self, output: Tensor, grad: Tensor) -> tuple[Tensor | None, ...]:
        return torch.autograd.grad(output, self.parameters, grad, allow_unused=True)


class _Split(torch.autograd.Function):
    """The step from a whole batch to its lanes and back, as one operation in the graph of the loss."""

    @staticmethod
    def forward(ctx: Any, lanes: Lanes, x: Samples, *_: Tensor) -> Tensor:
        ctx.lanes, ctx.outputs = lanes, lanes.forward(x)
        return torch.cat([output.detach() for output in ctx.outputs])

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        # Taken from the context, so that the memory of the lanes' graphs is free before the optimizer's step.
        outputs, ctx.outputs = ctx.outputs, ()
        return None, None, *ctx.lanes.gradients(outputs, *grads)


def _total(*parts: Tensor | None) -> Tensor | None:
    """The sum of the lanes' gradients of a parameter, in their order; it takes part in each lane or in none."""
    # Not in place: two parameters that are added to the same numbers may be handed one tensor as the gradient of both.
    known = [part for part in parts if part is not None]
    return reduce(torch.add, known) if known else None


def _one_thread_each(count: int) -> ThreadPoolExecutor:
    """Threads in which torch's kernels start no others."""
    all_here = Barrier(count)

    def begin() -> None:
        torch.set_num_threads(1)
        all_here.wait()

    threads, before = ThreadPoolExecutor(count, thread_name_prefix="lane"), torch.get_num_threads()
    for begun in [threads.submit(begin) for _ in range(count)]:
        begun.result()
    torch.set_num_threads(before)  # torch hands the last number that was set to threads that start later
    return threads


def require_separable(experiment: Experiment, data: Data, device: torch.device, module: nn.Module) -> None:
    """Raises `TrainingError` for a fresh net that cannot be trained in lanes."""
    if obstacle := _find_obstacle(experiment, data, device, module):
        raise TrainingError(
            text("this run cannot use `lanes`: {obstacle}", obstacle=obstacle),
            "leave `lanes` out of the `train` line",
        )


def _find_obstacle(experiment: Experiment, data: Data, device: torch.device, module: nn.Module) -> Text | None:
    settings = experiment.train
    if device.type != "cpu" or "WORLD_SIZE" in os.environ:
        return text("it needs a CPU, and one process alone")
    if settings.precision != "fp32" or settings.compile != "off":
        return text("it needs `precision=fp32` and `compile=off`")
    if data.carry:
        return text("`stateful` carries a state from batch to batch")
    x = next(iter(data.train.epoch(0))).x
    if not _is_separable(module.train(), x):
        return text("a layer looks at several samples at once, or draws random numbers")
    return None


def _is_separable(module: nn.Module, x: Samples) -> bool:
    """Whether a net treats each sample of a batch by itself, and draws no random numbers.

    The net is asked: normalisation over the batch shows in its buffers and its output, dropout in torch's state.
    """
    random, state = torch.get_rng_state(), {name: value.clone() for name, value in module.state_dict().items()}
    with torch.no_grad():
        whole = module(x)
        parts = [module(part) for part in x.chunk(2)]
    return (
        torch.equal(random, torch.get_rng_state())
        and all(torch.equal(value, state[name]) for name, value in module.state_dict().items())
        and isinstance(whole, Tensor)
        and torch.allclose(whole, torch.cat(parts), rtol=1e-3, atol=1e-5)
    )

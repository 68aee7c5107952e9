"""`train compile=`: the net compiled by torch, where this machine has what that needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from netdsl.core.errors import CompileError
from netdsl.core.text import text
from netdsl.data.inputs import Samples

COMPILERS = ("torch._dynamo", "torch._inductor")
"""The modules of torch with the errors of its compilers, which have no public base class."""


def compile_module(module: nn.Module, mode: str) -> Callable[[Samples], Tensor]:
    """What the loop calls. torch compiles the net when the first batch comes, and again for a batch of another size."""
    if mode == "off":
        return module
    program: Callable[[Samples], Tensor] = torch.compile(module, mode=mode.replace("_", "-"))
    return program


@contextmanager
def explain_compile_errors() -> Iterator[None]:
    """Turns an error of torch's compilers into one that says how to train without them.

    Raises:
        CompileError: in its place.
    """
    try:
        yield
    except Exception as error:
        if not type(error).__module__.startswith(COMPILERS):
            raise
        reason = str(error).strip().partition("\n")[0]
        raise CompileError(
            text("the net cannot be compiled: {reason}", reason=reason),
            "torch needs a C++ compiler on the CPU, Triton on a GPU; without `compile` the net trains as it is",
        ) from error

"""`compile=`: the net as one program, where this machine has what it takes to make it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from netdsl.core.errors import CompileError

COMPILERS = ("torch._dynamo", "torch._inductor")
"""Where torch keeps the errors of its compilers; they have no public base."""


def compile_module(module: nn.Module, mode: str) -> Callable[[Tensor], Tensor]:
    """The net as it is called; it is compiled when it first meets a batch, and anew for a batch of another size."""
    if mode == "off":
        return module
    program: Callable[[Tensor], Tensor] = torch.compile(module, mode=mode.replace("_", "-"))
    return program


@contextmanager
def explain_compile_errors() -> Iterator[None]:
    """Says that it is the compiler which failed, and not the net.

    Raises:
        CompileError: in the place of an error of torch's compilers.
    """
    try:
        yield
    except Exception as error:
        if not type(error).__module__.startswith(COMPILERS):
            raise
        reason = str(error).strip().partition("\n")[0]
        advice = "a C++ compiler is needed on the CPU, Triton on a GPU; without `compile` the net trains as it is"
        raise CompileError(f"the net cannot be compiled: {reason}", advice) from error

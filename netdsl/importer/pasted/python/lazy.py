"""Lazy modules of torch, whose sizes come from their first batch."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn.modules.lazy import LazyModuleMixin

from netdsl.core.errors import UnsupportedModule
from netdsl.core.text import text


def materialize(module: nn.Module, file: str, input: Sequence[int | str]) -> nn.Module:
    """The module with the sizes that a sample of the shape `input` gives to its lazy parts.

    Raises:
        UnsupportedModule: it has lazy parts, and no shape is given or the net cannot take it.
    """
    lazy = [one for one in module.modules() if isinstance(one, LazyModuleMixin)]
    if not lazy:
        return module
    if not input or not all(isinstance(size, int) for size in input):
        raise UnsupportedModule(
            text(
                "`{file}`: `{layer}` takes its sizes from what comes in",
                file=file,
                layer=f"nn.{type(lazy[0]).__name__}",
            ),
            "write the shape of one sample: `--input 1x28x28`",
        )
    try:
        with torch.no_grad(), torch.device("meta"):
            # Two samples, for a normalisation of one would be refused.
            module(torch.zeros(2, *map(int, input)))
    except Exception as error:  # torch refuses in any way
        reason = " ".join(str(error).split())
        raise UnsupportedModule(text("`{file}`: the net cannot take {shape}: {reason}", file=file,
                                     shape="x".join(map(str, input)), reason=reason)) from error  # fmt: skip
    return module

"""The program of `torch.export`: `torch.export.load(path).module()` runs it without netdsl."""

from __future__ import annotations

import io
import warnings

import torch
from torch._dynamo.exc import UserError
from torch.export import Dim, ExportedProgram
from torch.fx.experimental import _config

from netdsl.core.errors import ExportError, in_a_line
from netdsl.core.text import text
from netdsl.model_export.built_net import BuiltNet, Exported


def export(net: BuiltNet) -> Exported:
    """The traced program with its weights; the batch, and sizes that are symbols, stay open."""
    # Torch guards a program against sizes of 1 where they might have led another way. Which of its two ways to trace
    # leaves all sizes open depends on the layers.
    try:
        return _export(net, oblivious=False)
    except GuardFailed:
        pass
    try:
        return _export(net, oblivious=True)
    except GuardFailed as error:
        message = "torch's program would refuse a size that may vary: {error}"
        raise ExportError(text(message, error=in_a_line(error))) from error


class GuardFailed(Exception):
    """A program refuses an input that the net takes."""


def _export(net: BuiltNet, *, oblivious: bool) -> Exported:
    stream = io.BytesIO()
    torch.export.save(trace(net, oblivious=oblivious), stream, extra_files=dict(net.metadata))
    stream.seek(0)
    loaded = torch.export.load(stream).module()
    try:
        return Exported(stream.getvalue(), net.compare(torch.inference_mode()(loaded)))
    except AssertionError as error:
        raise GuardFailed(str(error)) from error


def trace(net: BuiltNet, *, oblivious: bool = False) -> ExportedProgram:
    """The net as torch's graph; with `oblivious`, torch does not ask whether a size is 0 or 1.

    Raises:
        ExportError: torch cannot trace it, or would fix a size that may vary.
    """
    example = net.samples(2, net.shapes[0])
    # `DYNAMIC`, unlike `AUTO`, is an error where the net would fix the size.
    sizes = tuple(dict.fromkeys(places, Dim.DYNAMIC) for places in net.open_dimensions)
    # A net with named inputs takes any number of tensors, which torch counts as one argument.
    arguments = (sizes,) if net.network.inputs else sizes
    try:
        with warnings.catch_warnings(), _config.patch(backed_size_oblivious=oblivious):  # type: ignore[attr-defined]
            warnings.simplefilter("ignore")  # torch's own, about its own code
            return torch.export.export(net.module, example, dynamic_shapes=arguments)
    except UserError as error:
        # Of a recurrent layer torch writes out every step.
        raise ExportError(
            text("torch would fix a size that may vary"), help="state the sizes of the input, or write `--to script`"
        ) from error
    except Exception as error:  # what a layer does may fail in any way
        raise ExportError(text("torch cannot trace this net: {error}", error=in_a_line(error))) from error

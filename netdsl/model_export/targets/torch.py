"""The program of `torch.export`: `torch.export.load(path).module()` runs it without netdsl."""

from __future__ import annotations

import io
import warnings

import torch
from torch.export import Dim, ExportedProgram

from netdsl.core.errors import ExportError, in_a_line
from netdsl.core.text import text
from netdsl.model_export.built_net import BuiltNet, Exported


def export(net: BuiltNet) -> Exported:
    """The traced program with its weights; the batch, and sizes that are symbols, stay open."""
    stream = io.BytesIO()
    torch.export.save(trace(net), stream, extra_files=dict(net.metadata))
    stream.seek(0)
    loaded = torch.export.load(stream).module()
    return Exported(stream.getvalue(), net.compare(torch.inference_mode()(loaded)))


def trace(net: BuiltNet) -> ExportedProgram:
    """The net as torch's graph.

    Raises:
        ExportError: torch cannot trace it, or would fix a size that may vary.
    """
    example = net.samples(2, net.shapes[0])
    # `DYNAMIC`, unlike `AUTO`, is an error where the net would fix the size.
    sizes = dict.fromkeys(net.open_dimensions, Dim.DYNAMIC)
    try:
        with warnings.catch_warnings(), torch.fx.experimental._config.patch(backed_size_oblivious=True):
            warnings.simplefilter("ignore")  # torch's own, about its own code
            return torch.export.export(net.module, (example,), dynamic_shapes=(sizes,))
    except Exception as error:  # what a layer does may fail in any way
        raise ExportError(text("torch cannot trace this net: {error}", error=in_a_line(error))) from error

"""TorchScript, for programs in C++ and for phones: `torch.jit.load(path)` runs it without netdsl."""

from __future__ import annotations

import io
import warnings

import torch

from netdsl.core.errors import ExportError, in_a_line
from netdsl.core.text import text
from netdsl.model_export.built_net import BuiltNet, Exported


def export(net: BuiltNet) -> Exported:
    """The traced net with its weights. Other sizes than the traced ones are tried, for TorchScript does not tell."""
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch advises `torch.export` instead, which is a target too
        try:
            # The check of `trace` traces again; `compare` does more, with other batches and sizes.
            traced = torch.jit.trace(net.module, net.samples(2, net.shapes[0]), check_trace=False)  # type: ignore[no-untyped-call]
            torch.jit.save(traced, stream, _extra_files=dict(net.metadata))
        except Exception as error:  # what a layer does may fail in any way
            raise ExportError(text("torch cannot trace this net: {error}", error=in_a_line(error))) from error
        stream.seek(0)
        loaded = torch.jit.load(stream)  # type: ignore[no-untyped-call]
        try:
            difference = net.compare(torch.inference_mode()(loaded))
        except (RuntimeError, ExportError) as error:
            message = text("TorchScript would fix a size that may vary: {error}", error=in_a_line(error))
            raise ExportError(message, help="state the sizes of the input, or write `--to torch`") from error
    return Exported(stream.getvalue(), difference)

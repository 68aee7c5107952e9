"""ONNX, which other frameworks, browsers and devices run; compared with torch in onnxruntime before it is written."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from netdsl.core.errors import ExportError, in_a_line
from netdsl.core.text import text
from netdsl.model_export.built_net import BuiltNet, Exported
from netdsl.model_export.weighted.torch import trace

if TYPE_CHECKING:
    from onnx import ModelProto

INPUT = "input"
OUTPUT = "output"
"""What the tensors of a net are called that names none."""


def export(net: BuiltNet) -> Exported:
    """The graph with its weights; the batch, and sizes that are symbols, stay open.

    Raises:
        ExportError: a package is missing, or a layer has no counterpart.
    """
    try:
        import onnxruntime
        import onnxscript  # noqa: F401  # torch writes with it
    except ImportError as error:
        raise ExportError(
            text("ONNX needs {package}, which cannot be imported", package=error.name or "onnxscript"),
            help='`pip install "netdsl[onnx]"`',
        ) from error
    program, names = trace(net), [one.name or INPUT for one in net.network.all_inputs]
    with _quiet():
        try:
            written = torch.onnx.export(
                program,
                (),
                dynamo=True,
                input_names=names,
                # Of several outputs a net that does not learn gives the main one.
                output_names=[net.network.all_outputs[-1].name or OUTPUT],
            )
        except Exception as error:  # what a layer does may fail in any way
            raise ExportError(text("torch cannot write this net as ONNX: {error}", error=in_a_line(error))) from error
    assert written is not None  # the old exporter alone returns nothing
    model: ModelProto = written.model_proto
    _require_open(model, net)
    for name, value in net.metadata.items():
        model.metadata_props.add(key=name, value=value)
    content: bytes = model.SerializeToString()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])

    def run(*x: Tensor) -> Tensor:
        given = {name: part.numpy() for name, part in zip(names, x, strict=True)}
        return torch.from_numpy(session.run(None, given)[0])

    return Exported(content, net.compare(run))


def _require_open(model: ModelProto, net: BuiltNet) -> None:
    """Refuses a graph that has a number where the net has a size that may vary."""
    for given, places in zip(model.graph.input, net.open_dimensions, strict=True):
        dimensions = given.type.tensor_type.shape.dim
        fixed = [place for place in places if not dimensions[place].dim_param]
        if not fixed:
            continue
        size = dimensions[fixed[0]].dim_value
        raise ExportError(
            text("dimension {place} of the input is {size} in ONNX, though it may vary", place=fixed[0], size=size)
        )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without what torch tells of its progress."""
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)

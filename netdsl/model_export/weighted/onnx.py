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
FATAL = 4


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
    program = trace(net)
    inputs = [one.name or INPUT for one in net.network.all_inputs]
    # A run's net gives the last of several outputs alone.
    given = net.network.all_outputs[-len(program.graph_signature.user_outputs) :]
    outputs = [one.name or OUTPUT for one in given]
    with _quiet():
        try:
            written = torch.onnx.export(program, (), dynamo=True, input_names=inputs, output_names=outputs)
        except Exception as error:  # what a layer does may fail in any way
            raise ExportError(text("torch cannot write this net as ONNX: {error}", error=in_a_line(error))) from error
    assert written is not None  # the old exporter alone returns nothing
    model: ModelProto = written.model_proto
    _require_open(model, net)
    for name, value in net.metadata.items():
        model.metadata_props.add(key=name, value=value)
    content: bytes = model.SerializeToString()
    try:
        settings = onnxruntime.SessionOptions()
        settings.log_severity_level = FATAL  # what fails is told below
        session = onnxruntime.InferenceSession(content, settings, providers=["CPUExecutionProvider"])

        def run(*given: Tensor) -> list[Tensor]:
            # One that nothing receives is no input of the graph.
            known = {one.name for one in session.get_inputs()}
            fed = {name: x.numpy() for name, x in zip(inputs, given, strict=True) if name in known}
            return [torch.from_numpy(one) for one in session.run(None, fed)]

        return Exported(content, net.compare(run))
    except ExportError:
        raise
    except Exception as error:  # its exceptions have no class that it names
        raise ExportError(text("onnxruntime cannot run this net: {error}", error=in_a_line(error))) from error


def _require_open(model: ModelProto, net: BuiltNet) -> None:
    """Refuses a graph that has a number where the net has a size that may vary."""
    for given, places in zip(model.graph.input, net.open_dimensions, strict=True):
        dimensions = given.type.tensor_type.shape.dim
        fixed = [place for place in places if not dimensions[place].dim_param]
        if fixed:
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

"""The weights as safetensors, which hold no code, with the net's text in the header: `predict` takes the file alone."""

from __future__ import annotations

from netdsl.model_export.built_net import BuiltNet, Exported
from netdsl.runs.files import safetensors_bytes


def export(net: BuiltNet) -> Exported:
    """The `state_dict`, under the keys of the `nn.Sequential` that one would have written by hand."""
    return Exported(safetensors_bytes(net.module.state_dict(), {"format": "pt", **net.metadata, **net.carried}))

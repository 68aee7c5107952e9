"""The weights as PyTorch's own file: `torch.load(path, weights_only=True)` reads it."""

from __future__ import annotations

import io

import torch

from netdsl.model_export.built_net import BuiltNet, Exported


def export(net: BuiltNet) -> Exported:
    """The `state_dict`, under the keys of the `nn.Sequential` that one would have written by hand."""
    stream = io.BytesIO()
    torch.save(net.module.state_dict(), stream)
    return Exported(stream.getvalue())

"""The few modules that torch lacks. Dimensions are counted as torch counts them, the batch first."""

from netdsl.modules.composites import Add, Composite, Concat, Mul, MultiInput, Residual, Scale, Skipping, Split
from netdsl.modules.padding import (
    SameAvgPool1d,
    SameAvgPool2d,
    SameAvgPool3d,
    SameConv1d,
    SameConv2d,
    SameConv3d,
    SameMaxPool1d,
    SameMaxPool2d,
    SameMaxPool3d,
)
from netdsl.modules.scaling import LayerScale
from netdsl.modules.sequences import (
    GRU,
    LSTM,
    RNN,
    CausalTransformerEncoderLayer,
    ClassToken,
    Last,
    Mean,
    PositionalEmbedding,
    SelfAttention,
)
from netdsl.modules.shaping import Crop, DropPath, Permute, Reshape, Select, Transpose

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "Add",
    "CausalTransformerEncoderLayer",
    "ClassToken",
    "Composite",
    "Concat",
    "Crop",
    "DropPath",
    "Last",
    "LayerScale",
    "Mean",
    "Mul",
    "MultiInput",
    "Permute",
    "PositionalEmbedding",
    "Reshape",
    "Residual",
    "SameAvgPool1d",
    "SameAvgPool2d",
    "SameAvgPool3d",
    "SameConv1d",
    "SameConv2d",
    "SameConv3d",
    "SameMaxPool1d",
    "SameMaxPool2d",
    "SameMaxPool3d",
    "Scale",
    "Select",
    "SelfAttention",
    "Skipping",
    "Split",
    "Transpose",
]

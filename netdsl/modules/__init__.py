"""The few modules that torch lacks. Dimensions are counted as torch counts them, the batch first."""

from netdsl.modules.composites import Add, Composite, Concat, Residual, Scale, Skipping, Split
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
    "Mean",
    "Permute",
    "PositionalEmbedding",
    "Reshape",
    "Residual",
    "Scale",
    "Select",
    "SelfAttention",
    "Skipping",
    "Split",
    "Transpose",
]

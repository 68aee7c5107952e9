"""Data for training: read once, kept on the device where they fit, served in batches that a seed decides."""

from netdsl.data.errors import DataError
from netdsl.data.opening import Data, open_data
from netdsl.data.pipeline import Batch, Pipeline
from netdsl.data.samples import Items, Splits, Tensors

__all__ = ["Batch", "Data", "DataError", "Items", "Pipeline", "Splits", "Tensors", "open_data"]

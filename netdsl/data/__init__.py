"""Data for training: read once, kept on the device where they fit, served in batches that a seed decides."""

from netdsl.core.errors import DataError
from netdsl.data.open import Data, open_data
from netdsl.data.pipelines import Batch, Pipeline
from netdsl.data.samples import Items, Splits, Tensors

__all__ = ["Batch", "Data", "DataError", "Items", "Pipeline", "Splits", "Tensors", "open_data"]

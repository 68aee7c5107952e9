"""The torch side of data sets: loading, pipelines, transforms of whole batches."""

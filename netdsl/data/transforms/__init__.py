"""The transforms on whole batches: each draws numbers for every sample, then acts on all samples at once."""

"""The transforms on whole batches: what each draws for a sample, and what it then does to all of them at once."""

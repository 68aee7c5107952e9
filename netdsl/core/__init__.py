"""Words that everyone shares: sources, diagnostics, fixes, sizes, limits, files."""

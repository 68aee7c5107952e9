"""Pure functions from data to text: diagnostics, tables, JSON."""

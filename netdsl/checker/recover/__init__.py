"""Repairs of what was written, before anything else looks at it."""

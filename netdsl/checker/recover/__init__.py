"""Repairs of statements before anything else reads them."""

"""The page of every code that a diagnostic may carry."""

from netdsl.codes.page import Page

CODES: dict[str, Page] = {}

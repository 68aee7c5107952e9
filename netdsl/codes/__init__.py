"""A page for every code that a diagnostic may carry."""

from __future__ import annotations

from collections.abc import Mapping

from netdsl.codes import experiment, limits, lints, names, sizes, text
from netdsl.codes.page import Page

CODES: Mapping[str, Page] = {
    page.code: page
    for family in (text, names, sizes, experiment, limits, lints)
    for page in sorted(family.PAGES, key=lambda page: page.code)
}

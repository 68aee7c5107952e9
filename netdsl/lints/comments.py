"""`# netdsl: allow NET901 NET904`: comments that silence warnings on their line."""

from __future__ import annotations

import re

from netdsl.core.diagnostics import Diagnostic

_ALLOW = re.compile(r"#\s*netdsl:\s*allow((?:[\s,]+[A-Z]{3}9\d\d\b)+)")


def is_allowed(found: Diagnostic) -> bool:
    """Whether a comment on the line where it begins names its code."""
    source, start = found.span.source, found.span.start
    comment = _ALLOW.search(source.line(source.position(start).line))
    return comment is not None and found.code in comment[1].replace(",", " ").split()

"""`# netdsl: allow NET901 NET904`: comments that silence warnings on their line."""

from __future__ import annotations

import re

from netdsl.core.source import Span

_ALLOW = re.compile(r"#\s*netdsl:\s*allow((?:[\s,]+[A-Z]{3}9\d\d\b)+)")


def is_allowed(code: str, span: Span) -> bool:
    """Whether a comment on the line where a span begins names the code."""
    source, start = span.source, span.start
    comment = _ALLOW.search(source.line(source.position(start).line))
    return comment is not None and code in comment[1].replace(",", " ").split()

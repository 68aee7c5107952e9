"""NET0xx: text that cannot be read."""

from __future__ import annotations

from netdsl.codes.page import Page

PAGES = (
    Page(
        "NET001",
        "a character that means nothing here",
        "The language is written in ASCII: names, numbers, sizes such as 3x32x32, `->`, `=`, `<=`, braces and "
        "parentheses. Texts stand in straight double quotes. Anything may stand in a comment.",
        "conv 3->32 k5 @p2",
        "conv 3->32 k5 p2",
    ),
    Page(
        "NET002",
        "something else was expected",
        "A statement is a name followed by items: a flow (3->32), shorts (k5), settings (bias=false), values and "
        "bodies in braces, separated by spaces. A new line or `;` ends it.",
        "conv 3->32 k5 bias=",
        "conv 3->32 k5 bias=false",
    ),
    Page(
        "NET003",
        "a brace without its partner",
        "Every `{` needs a `}`. The `{` stands on the line of the statement that it belongs to.",
        "input 8\nresidual { linear 8",
        "input 8\nresidual { linear 8 }",
    ),
)

"""NET9xx: what is allowed and probably not meant. `# netdsl: allow NET901` silences one on its line."""

from __future__ import annotations

from netdsl.codes.page import Page

PAGES = (
    Page(
        "NET990",
        "a check that imports torch",
        "The layer goes by a name of torch.nn that the checker has no rule for. It is checked by running it in torch "
        "without data, whose import takes a few seconds.",
        "input 8\nnn.Hardshrink lambd=0.3",
        "input 8\nhardshrink lambd=0.3",
    ),
)

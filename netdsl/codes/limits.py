"""NET4xx: limits and budgets."""

from __future__ import annotations

from netdsl.codes.page import Page

PAGES = (
    Page(
        "NET401",
        "a file or a line that is too long",
        "A file may have 4 MiB, a line 65,536 characters. No net that a person reads is longer.",
    ),
    Page(
        "NET402",
        "nested too deep",
        "Braces, parentheses and uses of blocks may be nested 64 deep.",
    ),
    Page(
        "NET403",
        "a number that is too large",
        "Integers stay below 2^31, fractions below 3.4e38, tensors and weights below 2^53 numbers, and a net below "
        "100,000 layers.",
        "conv 3->3G k3",
        "conv 3->300 k3",
    ),
    Page(
        "NET404",
        "too many mistakes to go on",
        "After 1,000 statements that cannot be read the text is hardly a net, and the rest of it is not read.",
    ),
    Page(
        "NET405",
        "a definition that uses itself",
        "A block that uses itself, or a file that uses itself, would never end. `repeat N { … }` repeats.",
        "block deep { deep }\ninput 8\ndeep",
        "block deep { relu }\ninput 8\nrepeat 3 { deep }",
    ),
    Page(
        "NET406",
        "a file outside the folder",
        "`use` reads only files below the folder of the file that is run, so that a net from a stranger cannot look "
        "around.",
        'use "../blocks.net"\ninput 3x8x8\nbasic 8',
        "use resnet\ninput 3x8x8\nbasic 8",
    ),
    Page(
        "NET407",
        "a used file that cannot be read",
        "The file that `use` names is not there, or is not a UTF-8 text.",
        'use "absent.net"\ninput 3x8x8\nbasic 8',
        "use resnet\ninput 3x8x8\nbasic 8",
    ),
    Page(
        "NET410",
        "the budget is exceeded",
        "A `budget` line is a promise about the net: params, macs and memory (in bytes, for one batch) at most, "
        "receptive (pixels that an output sees) at least, depth (layers with weights in a row) at most.",
        "budget params<=1k\ninput 64\nlinear 64",
        "budget params<=5k\ninput 64\nlinear 64",
    ),
)

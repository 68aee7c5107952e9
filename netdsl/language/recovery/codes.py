"""The codes of texts that cannot be read."""

from __future__ import annotations

from netdsl.core.diagnostics import Code

UNREADABLE_CHARACTER = Code(
    "NET001",
    title="a character that means nothing here",
    meaning=(
        "The language is written in ASCII: names, numbers, sizes such as 3x32x32, `->`, `=`, `<=`, braces and "
        "parentheses. Texts stand in straight double quotes. Anything may stand in a comment."
    ),
    example="conv 3->32 k5 @p2",
    instead="conv 3->32 k5 p2",
)

UNEXPECTED_WORD = Code(
    "NET002",
    title="something else was expected",
    meaning=(
        "A statement is a name followed by items: a flow (3->32), shorts (k5), settings (bias=false), values and "
        "bodies in braces, separated by spaces. A new line or `;` ends it."
    ),
    example="conv 3->32 k5 bias=",
    instead="conv 3->32 k5 bias=false",
)

UNMATCHED_BRACE = Code(
    "NET003",
    title="a brace without its partner",
    meaning="Every `{` needs a `}`. The `{` stands on the line of the statement that it belongs to.",
    example="input 8\nresidual { linear 8",
    instead="input 8\nresidual { linear 8 }",
)

PASTED_CODE = Code(
    "NET004",
    title="code for another tool",
    meaning=(
        "The text is Python code for PyTorch or Keras, a `.cfg` of darknet, or a table of layers. "
        "`netdsl import --text FILE` reads the net out of code, and runs nothing of it."
    ),
    example="from torch import nn\n\nnet = nn.Sequential(nn.Conv2d(3, 32, 5), nn.ReLU())",
    instead="conv 3->32 k5\nrelu",
)

TOO_LONG = Code(
    "NET401",
    title="a file or a line that is too long",
    meaning=(
        "A file may have 4 MiB, 30,000 statements and 200,000 names, numbers and signs, a line 65,536 characters. No "
        "net that a person reads is longer."
    ),
)

NESTED_TOO_DEEP = Code(
    "NET402",
    title="nested too deep",
    meaning="Braces, parentheses and uses of blocks may be nested 64 deep.",
)

TOO_MANY_MISTAKES = Code(
    "NET404",
    title="too many mistakes to go on",
    meaning=(
        "After 1,000 statements that cannot be read the text is hardly a net, and the rest of it is not read. After "
        "1,000 mistakes of other kinds the rest is not checked."
    ),
)

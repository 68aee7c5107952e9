"""The codes about names and definitions that several modules report."""

from __future__ import annotations

from netdsl.core.diagnostics import Code

UNKNOWN_LAYER = Code(
    "NET101",
    title="an unknown layer",
    meaning=(
        "The name is neither a layer, nor a block of this file, nor a statement of the language. `netdsl layers` "
        "lists the layers. Any class of torch.nn can be used by its own name, as in `nn.Hardshrink`."
    ),
    example="input 8\nlinaer 4",
    instead="input 8\nlinear 4",
)

WRONG_LABEL = Code(
    "NET110",
    title="a label that cannot be used",
    meaning="A label becomes the module's name in the state_dict. It is one word, and unique in its scope.",
    example="input 8\nlinear 8 as head; relu\nlinear 4 as head",
    instead="input 8\nlinear 8 as neck; relu\nlinear 4 as head",
)

MALFORMED_DEFINITION = Code(
    "NET113",
    title="a definition of the wrong form",
    meaning=(
        "`let`, `variant`, `block`, `use` and `budget` have a form of their own: `let width=64`, `variant wide "
        'width=128`, `block basic out stride=1 { … }`, `use "blocks.net"`, `budget params<=25M`.'
    ),
    example="let width 64\nconv 3->width k3",
    instead="let width=64\nconv 3->width k3",
)

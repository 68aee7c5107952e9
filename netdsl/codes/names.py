"""NET1xx: names, parameters and definitions."""

from __future__ import annotations

from netdsl.codes.page import Page

PAGES = (
    Page(
        "NET101",
        "an unknown layer",
        "The name is neither a layer, nor a block of this file, nor a statement of the language. `netdsl layers` lists "
        "the layers; any class of torch.nn goes by its own name, as in `nn.Hardshrink`.",
        "input 8\nlinaer 4",
        "input 8\nlinear 4",
    ),
    Page(
        "NET102",
        "an unknown parameter",
        "The layer has no parameter of this name, and no short of this letter. `netdsl layers NAME` shows what it has.",
        "conv 3->32 kernal=3",
        "conv 3->32 kernel=3",
    ),
    Page(
        "NET103",
        "a value of the wrong kind",
        "The parameter takes another kind of value: a number where a word stands, a size where a truth stands, one of "
        "a few words where another stands.",
        "conv 3->32 k3 padding_mode=mirror",
        "conv 3->32 k3 padding_mode=reflect",
    ),
    Page(
        "NET104",
        "a missing argument",
        "The parameter has no default, and nothing on the line gives it.",
        "conv 3->32",
        "conv 3->32 k3",
    ),
    Page(
        "NET105",
        "something given twice",
        "A parameter, a variable or a statement that may stand once stands twice. Neither is taken silently.",
        "conv 3->32 k3 kernel=5",
        "conv 3->32 k5",
    ),
    Page(
        "NET106",
        "an unknown name",
        "A bare name is a variable, if `let`, a block's parameter or a symbol of the input brings one, else one of the "
        "words that the parameter knows. This is neither.",
        "let width=64\nconv 3->(widht*2) k3",
        "let width=64\nconv 3->(width*2) k3",
    ),
    Page(
        "NET107",
        "an argument too many",
        "Values without a name fill the parameters in the order of the signature. There is none left for this one.",
        "input 3x8x8\nflatten 0 -1 2",
        "input 3x8x8\nflatten 0 -1",
    ),
    Page(
        "NET108",
        "a body too many, or one that is missing",
        "Composites such as `residual` and `concat` hold layers in braces; plain layers do not.",
        "input 8\nlinear 8 { relu }",
        "input 8\nlinear 8\nrelu",
    ),
    Page(
        "NET109",
        "a flow where none is taken",
        "`3->32` states what comes in and what goes out. Only layers that change a size, such as `conv` and `linear`, "
        "take it.",
        "input 8\nrelu 8->8",
        "input 8\nrelu",
    ),
    Page(
        "NET110",
        "a label that cannot be used",
        "A label becomes the module's name in the state_dict: one word, once in its scope.",
        "input 8\nlinear 8 as head; relu\nlinear 4 as head",
        "input 8\nlinear 8 as neck; relu\nlinear 4 as head",
    ),
    Page(
        "NET111",
        "an unknown label",
        "`concat` and `add` join the outputs of layers that stand above and have a label, in the same body or one "
        "around it.",
        "input 8\nlinear 8 as low\nrelu\nadd lwo",
        "input 8\nlinear 8 as low\nrelu\nadd low",
    ),
    Page(
        "NET112",
        "arithmetic that comes to nothing",
        "Arithmetic is over integers and the names of integers: `+ - * / // %`, in parentheses.",
        "let width=64\nconv 3->(width//0) k3",
        "let width=64\nconv 3->(width//2) k3",
    ),
    Page(
        "NET113",
        "a definition that is not well formed",
        "`let`, `variant`, `block`, `use` and `budget` have a form of their own: `let width=64`, `variant wide "
        'width=128`, `block basic out stride=1 { … }`, `use "blocks.net"`, `budget params<=25M`.',
        "let width 64\nconv 3->width k3",
        "let width=64\nconv 3->width k3",
    ),
    Page(
        "NET114",
        "an unknown variable or variant on the command line",
        "`--set NAME=VALUE` overrides a variable of a `let`, or an argument of a statement, as in "
        "`--set optimizer.lr=0.1`. `--variant NAME` applies a `variant` of the file, which overrides the same.",
        "let width=64\nvariant wide widht=128\nconv 3->width k3",
        "let width=64\nvariant wide width=128\nconv 3->width k3",
    ),
    Page(
        "NET115",
        "a hole to be filled",
        "`?` asks the checker for a value that makes the rest fit. `netdsl fix FILE` writes the value it found into "
        "the file; where none fits, the layers around the hole have to change.",
        "input 3x32x32\nresidual { conv 3 k5 p?; relu }",
        "input 3x32x32\nresidual { conv 3 k5 p2; relu }",
    ),
    Page(
        "NET116",
        "no net",
        "A file describes a net: at least one layer is needed.",
        "let width=64",
        "let width=64\nconv 3->width k3",
    ),
)

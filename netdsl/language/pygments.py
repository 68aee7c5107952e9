"""A lexer for Pygments: it colours `.net` texts in Sphinx, MkDocs, Jupyter and rich.

It knows no layer by name and accepts every text, as colours must; `netdsl.language.parser` says what is wrong with one.
"""

from __future__ import annotations

from typing import ClassVar

from pygments.lexer import RegexLexer, bygroups, words
from pygments.token import (
    Comment,
    Error,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Whitespace,
)

from netdsl.language.statements import BLOCK, STATEMENTS, USE

NAME = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"
END = r"(?![\w.])"
BLANKS = r"[ \t\r\ufeff]+"

COMPONENTS = [name for name, kind in STATEMENTS.items() if kind.component]
"""The statements whose second word names a component."""


class NetLexer(RegexLexer):
    """Tokens of a `.net` text, such as `conv 3->32 k5 p2; maxpool 2`."""

    name = "netdsl"
    aliases: ClassVar[list[str]] = ["netdsl", "net"]
    filenames: ClassVar[list[str]] = ["*.net"]
    mimetypes: ClassVar[list[str]] = ["text/x-netdsl"]

    # `root` is where a statement may begin, `items` is what follows its first word. A body begins statements again, and
    # its end goes on with the items of the statement that it belongs to: `} shortcut {`, `} as skip`.
    tokens: ClassVar[dict[str, list[object]]] = {
        "root": [
            (rf"{BLANKS}|\n", Whitespace),
            (r"#[^\n]*", Comment.Single),
            (r"[;{]", Punctuation),
            (r"}", Punctuation, "items"),
            (
                rf"({BLOCK.name})({BLANKS})({NAME})",
                bygroups(Keyword.Declaration, Whitespace, Name.Function),
                "items",
            ),
            (rf"({USE.name})({BLANKS})({NAME})", bygroups(Keyword, Whitespace, Name.Namespace), "items"),
            (
                rf"({'|'.join(COMPONENTS)})({BLANKS})({NAME})(?!\s*=)",
                bygroups(Keyword, Whitespace, Name.Class),
                "items",
            ),
            (words(tuple(STATEMENTS), suffix=END), Keyword, "items"),
            (NAME, Name.Function, "items"),
            (r".", Error, "items"),
        ],
        "items": [
            (r"\n", Whitespace, "#pop"),
            (BLANKS, Whitespace),
            (r"#[^\n]*", Comment.Single),
            (r"[;{]", Punctuation, "#pop"),
            (r"}", Punctuation),
            (rf"(as)({BLANKS})({NAME})", bygroups(Keyword, Whitespace, Name.Label)),
            (r"[A-Za-z]\w*(?::[A-Za-z]\w*)+(?![\w.:/-])|(?:~|\.\.?)/[\w.~/-]+", String),
            (rf"({NAME})([ \t]*)(=)(?!=)", bygroups(Name.Attribute, Whitespace, Operator)),
            (rf"({NAME})([ \t]*)(<=|>=)", bygroups(Name.Attribute, Whitespace, Operator)),
            (rf"(?:-?[0-9]+|[A-Z])(?:x(?:-?[0-9]+|[A-Z]))+{END}", Number.Integer),
            (rf"([A-Za-z])([0-9]+(?:x[0-9]+)*){END}", bygroups(Name.Attribute, Number.Integer)),
            (r"([A-Za-z])(\?)", bygroups(Name.Attribute, Keyword.Pseudo)),
            (r"\?", Keyword.Pseudo),
            # After a word or a parenthesis the sign is an operator: `(width-1)`.
            (rf"(?:(?<![\w)])-)?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[kMG]?{END}", Number),
            (words(("true", "false"), suffix=END), Keyword.Constant),
            (NAME, Name),
            (r'"[^"\n]*"', String.Double),
            (r"->|//|[-+*/%]|[<>]=?|[=!]=", Operator),
            (r"[(),]", Punctuation),
            (r".", Error),
        ],
    }

"""What an editor asks about a text, answered without an editor, for the language server and the page in the browser.

    document = Document(registry, "tudui.net")    # one a text; it remembers what serves the next version
    reading = document.read(text)                # one a version: at every key press
    reading.diagnostics                         # all mistakes, as `netdsl check` has them
    hints(reading)                              # the shape behind every statement, and the sizes it takes
    hover(reading, offset)                      # this line's numbers, and the page of the word
    completions(reading, offset)                # what may stand here, the likeliest first
    actions(reading, start, end)                # fixes, and the same net in other words
    fix_all(reading)                            # every safe fix, as `netdsl fix` has them
    signature(reading, offset)                  # how the layer is written, and which parameter comes next
    definition(reading, offset)                 # where a word is defined
    references([reading, …], nameable(reading, offset)); rename([reading, …], nameable(reading, offset), name)
    outline(reading); folds(reading)            # the parts of the text
    tokens(reading)                             # colours
    format_text(source, mistakes); format_part(source, start, end, mistakes); indent_line(source, offset)
    lenses(reading)                             # what stands above the lines

All places are 0-based offsets in characters of the text. No answer needs torch, click or an editor's library.
"""

from netdsl.editor.actions import Action, actions, fix_all
from netdsl.editor.completions import Completion, completions, documentation
from netdsl.editor.formatting import format_part, format_text, indent_line
from netdsl.editor.hints import Hint, hints
from netdsl.editor.hover import Hover, hover
from netdsl.editor.lenses import Lens, lenses
from netdsl.editor.names import Target, definition, nameable, references, rename
from netdsl.editor.outline import Fold, Part, folds, outline
from netdsl.editor.reading import Document, Reading
from netdsl.editor.signatures import Signature, signature
from netdsl.editor.tokens import Token, tokens

__all__ = [
    "Action",
    "Completion",
    "Document",
    "Fold",
    "Hint",
    "Hover",
    "Lens",
    "Part",
    "Reading",
    "Signature",
    "Target",
    "Token",
    "actions",
    "completions",
    "definition",
    "documentation",
    "fix_all",
    "folds",
    "format_part",
    "format_text",
    "hints",
    "hover",
    "indent_line",
    "lenses",
    "nameable",
    "outline",
    "references",
    "rename",
    "signature",
    "tokens",
]

"""What an editor asks about a text, answered without an editor, for the language server and the page in the browser.

    document = Document(registry, "tudui.net")    # one a text; it remembers what serves the next version
    reading = document.read(text)                # one a version: at every key press
    reading.diagnostics                         # all mistakes, as `netdsl check` has them
    hints(reading)                              # the shape behind every statement, and the sizes it takes
    hover(reading, offset)                      # this line's numbers, and the page of the word
    completions(reading, offset)                # what may stand here, the likeliest first
    actions(reading, start, end)                # fixes, and the same net in other words
    fix_all(reading)                            # every safe fix, as `netdsl fix` has them

All places are 0-based offsets in characters of the text. No answer needs torch, click or an editor's library.
"""

from netdsl.editor.actions import Action, actions, fix_all
from netdsl.editor.completions import Completion, completions, documentation
from netdsl.editor.hints import Hint, hints
from netdsl.editor.hover import Hover, hover
from netdsl.editor.reading import Document, Reading

__all__ = [
    "Action",
    "Completion",
    "Document",
    "Hint",
    "Hover",
    "Reading",
    "actions",
    "completions",
    "documentation",
    "fix_all",
    "hints",
    "hover",
]

"""The language server: `netdsl.editor` in the words of the Language Server Protocol, for any editor that speaks it.

It needs pygls, which comes with `netdsl[lsp]`. What is asked and answered stands in `server.py`; nothing here knows
the language.
"""

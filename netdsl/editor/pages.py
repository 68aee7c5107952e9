"""The pages of the language's words, as Markdown."""

from __future__ import annotations

from netdsl.checker.names.scope import Block
from netdsl.components import Component, Parameter
from netdsl.components.registry import OWN
from netdsl.core.text import text
from netdsl.editor.reading import Reading
from netdsl.language.statements import StatementKind
from netdsl.render.entry import describe_parameter, entry, statement_entry, written
from netdsl.render.vocabulary import named

COLUMNS = 88
"""The width of a page; editors show it in letters of one width."""


def page(reading: Reading, found: Component | StatementKind) -> str:
    """The page of a word of the language, or the text of a block."""
    if isinstance(found, StatementKind):
        return fenced(statement_entry(found, columns=COLUMNS))
    if isinstance(found, Block):
        head = found.body.span.source.text[found.defined.span.start : found.body.span.end]
        return fenced(f"block {head}", "netdsl")
    return fenced(entry(found, reading.registry.origins.get((type(found), found.name), OWN), columns=COLUMNS))


def parameter_page(component: Component, parameter: Parameter) -> str:
    """What there is to say of a parameter."""
    if isinstance(component, Block):
        return text("`{parameter}` of the block `{block}`: {default}", parameter=parameter.name,
                    block=component.name, default=default_of(parameter))  # fmt: skip
    return fenced(describe_parameter(component, parameter))


def default_of(parameter: Parameter) -> str:
    """`required`, `default 1`; nothing where there is nothing to say."""
    if parameter.required:
        return text("required")
    value = written(parameter.default)
    return text("default {value}", value=value) if value and parameter.default is not None else ""


def named_here(reading: Reading, name: str) -> list[Component | StatementKind]:
    """What goes by a name of the language; torch's own classes are left out, whose import takes seconds."""
    return [] if name.startswith(("nn.", "v2.")) else named(reading.registry, name)


def fenced(written: str, language: str = "text") -> str:
    """A text in letters of one width."""
    return f"```{language}\n{written.rstrip()}\n```"

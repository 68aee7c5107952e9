"""The first words of statements, which tell definitions and directives from the net. Misspelt ones are repaired."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from typing import NamedTuple

from netdsl.checker.arguments.codes import WRONG_FLOW
from netdsl.checker.context import Context
from netdsl.checker.names.codes import UNKNOWN_LAYER, WRONG_LABEL
from netdsl.checker.names.scope import as_name
from netdsl.core.suggestions import SURE, nearest
from netdsl.core.text import text
from netdsl.language.statements import AT_THE_TOP, BLOCK, INPUT, LET, STATEMENTS, USE
from netdsl.language.syntax import Name, Setting, Statement

SHORT_WORD = 4
"""Words with at most so many letters are similar to many others, so a block may be meant."""


class Parts(NamedTuple):
    """The statements of a file: definitions and directives by first word, and the net."""

    lines: Mapping[str, Sequence[Statement]]
    layers: Sequence[Statement]


def part(statements: Iterable[Statement], context: Context) -> Parts:
    """Divides a file into its parts. A misspelt first word is reported, and read as the word that it surely means."""
    statements = tuple(statements)
    known = {*context.registry.layers, *defined_names(statements), *STATEMENTS}
    # The blocks of a used file are not known yet: `unit` may be one, although it is similar to `init`.
    if any(statement.name.text == USE.name for statement in statements):
        known |= {name for name in (one.name.text for one in statements) if len(name) <= SHORT_WORD}
    lines: dict[str, list[Statement]] = {}
    layers: list[Statement] = []
    for statement in statements:
        name = _meant(statement.name, known, context)
        if name in AT_THE_TOP:
            meant = replace(statement, name=replace(statement.name, text=name))
            lines.setdefault(name, []).append(_without_label_and_flow(meant, context))
        else:
            layers.append(statement)
    return Parts(lines, layers)


def defined_names(statements: Iterable[Statement]) -> Iterator[str]:
    """The variables and blocks that the statements of a file define."""
    for statement in statements:
        if statement.name.text == LET.name:
            yield from (item.name.text for item in statement.items if isinstance(item, Setting))
        elif statement.name.text == BLOCK.name and statement.items and (name := as_name(statement.items[0])):
            yield name.text


def _meant(name: Name, known: Set[str], context: Context) -> str:
    """The first word of a statement; if it is misspelt and not a layer, the word that it surely means."""
    if name.text in known or name.text.startswith("nn."):
        return name.text
    near = nearest(name.text, known, SURE)
    # Layers are looked up later, when the variables and blocks of bodies are known.
    if near in AT_THE_TOP:
        context.report.unknown(
            UNKNOWN_LAYER, text("unknown statement `{name}`", name=name.text), name.text, name.span, [near]
        )
        return near
    return name.text


def _without_label_and_flow(statement: Statement, context: Context) -> Statement:
    """A directive or a definition without a label and a flow. If it has them, they are reported."""
    name, label, flow = statement.name.text, statement.label, statement.flow
    if name == INPUT.name:  # `input` has messages of its own
        return statement
    if label:
        context.report(
            WRONG_LABEL, text("`{name}` takes no label", name=name), label.span, help="only layers have labels"
        )
    if flow:
        context.report(
            WRONG_FLOW, text("`{name}` takes no `->`", name=name), flow.span, help="only layers do: `conv 3->32 k5`"
        )
    return replace(statement, label=None, flow=None)

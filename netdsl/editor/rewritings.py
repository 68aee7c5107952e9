"""The same net in other words: sizes written out, lines as a block, a block as its lines, repeated lines as a `repeat`.

Each is tried before it is offered: the text is checked again, and must have no new mistake and the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Literal, NamedTuple

from netdsl.checker import check_traced
from netdsl.checker.memory import Memory
from netdsl.checker.names.scope import Block, as_name
from netdsl.core.diagnostics import Edit, errors
from netdsl.core.source import Span
from netdsl.core.text import text
from netdsl.editor.arguments import bound
from netdsl.editor.occurrences import find_occurrences
from netdsl.editor.reading import Reading
from netdsl.language.formatter import INDENT
from netdsl.language.statements import AT_THE_TOP, BLOCK, LET, REPEAT
from netdsl.language.syntax import Body, Flow, Item, Name, Setting, Statement, Tree

Kind = Literal["rewrite", "extract", "inline"]

LONGEST_PERIOD = 32
"""So many lines may be one round of what is repeated."""


class Rewriting(NamedTuple):
    """Other words for the same net, and the edits that write them."""

    title: str
    kind: Kind
    edits: tuple[Edit, ...]


Siblings = Sequence[Statement]
"""Statements that stand in one body, or at the top of the file, with nothing else between them."""


def rewritings(reading: Reading, start: int, end: int) -> Iterator[Rewriting]:
    """The other words for what stands between two offsets, or around one."""
    if errors(reading.checked.found):  # only of a net that checks it is known what it is
        return
    found = [*_sizes(reading, start, end), *_inlined(reading, start)]
    for siblings in _bodies(reading):
        found += _repeated(siblings, start, end)
        if start < end:
            found += _extracted(reading, siblings, start, end)
    yield from (one for one in found if _is_same(reading, one))


def write_sizes(reading: Reading) -> Rewriting | None:
    """All sizes that are inferred, written before `->`; None where none is left out."""
    return next((one for one in _sizes(reading, 0, 0) if one.title == EVERY_SIZE and _is_same(reading, one)), None)


EVERY_SIZE = text("write all inferred sizes")


def _sizes(reading: Reading, start: int, end: int) -> Iterator[Rewriting]:
    edits: list[Edit] = []
    here: list[Edit] = []
    for output in reading.outputs:
        if output.taken is None or output.taken.kept or not output.taken.insert:
            continue
        at = output.start + output.taken.behind
        edit = Edit(reading.source.span(at, at), output.taken.insert)
        edits.append(edit)
        if output.start <= end and start <= output.end:
            here.append(edit)
    if here and len(here) < len(edits):
        yield Rewriting(text("write the inferred sizes"), "rewrite", tuple(here))
    if edits:
        yield Rewriting(EVERY_SIZE, "rewrite", tuple(edits))


def _bodies(reading: Reading) -> Iterator[Siblings]:
    # What stands between two parts of the net is no part of either.
    for outside, group in groupby(reading.file.statements, key=lambda one: one.name.text in AT_THE_TOP):
        if not outside:
            yield list(group)
    for statement in reading.statements:
        if statement.name.text in AT_THE_TOP and statement.name.text != BLOCK.name:
            continue
        for item in statement.items:
            if isinstance(item, Body):
                yield item.statements


# Repeated lines.


def _repeated(statements: Siblings, start: int, end: int) -> Iterator[Rewriting]:
    """The stretch of equal lines that the place touches, as a `repeat`."""
    for first, period, times in _runs(statements):
        stretch = statements[first : first + period * times]
        span = stretch[0].span.to(stretch[-1].span)
        if span.start <= end and start <= span.end and not _has_comment(span):
            body = _joined_text(statements[first : first + period], span)
            title = text("write these lines as `repeat {times}`", times=times)
            yield Rewriting(title, "rewrite", (Edit(span, f"{REPEAT.name} {times} {body}"),))
            return


def _runs(statements: Sequence[Statement]) -> Iterator[tuple[int, int, int]]:
    """Where statements repeat, how many make a round, and how many rounds there are; the longest stretches first."""
    found: list[tuple[int, int, int]] = []
    # Equal statements get equal numbers, since to compare trees costs more.
    numbers: dict[Tree, int] = {}
    keys = [numbers.setdefault(one, len(numbers)) for one in statements]
    at = 0
    while at < len(keys):
        best = max((_count(keys, at, period) for period in range(1, min(LONGEST_PERIOD, (len(keys) - at) // 2) + 1)),
                   key=lambda run: run[0] * run[1], default=(0, 1))  # fmt: skip
        period, times = best
        if times > 1 and not any(one.label for one in statements[at : at + period]):
            found.append((at, period, times))
            at += period * times
        else:
            at += 1
    yield from sorted(found, key=lambda run: -run[1] * run[2])


def _count(keys: Sequence[int], at: int, period: int) -> tuple[int, int]:
    """The period, and how often it stands from a place on; (0, 1) where it stands once."""
    times = 1
    while keys[at : at + period] == keys[at + times * period : at + (times + 1) * period]:
        times += 1
    return (period, times) if times > 1 else (0, 1)


def _has_comment(span: Span) -> bool:
    return "#" in span.text  # nobody's words are thrown away


def _joined_text(statements: Sequence[Statement], around: Span) -> str:
    """A body of statements: on a line where the text around it is, else a line each."""
    inside = statements[0].span.to(statements[-1].span)
    if "\n" not in inside.text and len(statements) <= 4:
        return f"{{ {inside.text} }}"
    indent = _indent(around)
    lines = inside.text.replace("\n", f"\n{INDENT}")
    return f"{{\n{indent}{INDENT}{lines}\n{indent}}}"


def _indent(span: Span) -> str:
    """The blanks that the line of a span begins with."""
    text, start = span.source.text, span.source.text.rfind("\n", 0, span.start) + 1
    return text[start : start + len(text[start:]) - len(text[start:].lstrip(" \t"))]


# Lines as a block.


def _extracted(reading: Reading, siblings: Siblings, start: int, end: int) -> Iterator[Rewriting]:
    """The statements of a selection as a block above the statement of the file that they stand in."""
    chosen = [one for one in siblings if start <= one.span.start and one.span.end <= end]
    cut = [one for one in siblings if one not in chosen and one.span.start < end and start < one.span.end]
    if not chosen or cut or any(one.name.text in AT_THE_TOP for one in chosen):
        return
    span = chosen[0].span.to(chosen[-1].span)
    top = next(one for one in reading.file.statements if one.span.start <= span.start <= one.span.end)
    parameters = _parameters(reading, span)
    if parameters is None:
        return
    name = _unused_name(reading)
    head = " ".join([BLOCK.name, name, *parameters])
    lines = span.text.replace(f"\n{_indent(span)}", f"\n{INDENT}")
    block = f"{head} {{\n{INDENT}{lines}\n}}\n{_indent(top.span)}"
    above = reading.source.text.rfind("\n", 0, top.span.start) + 1
    where = above if not reading.text[above : top.span.start].strip() else top.span.start
    use = " ".join([name, *parameters])
    edits = (Edit(reading.source.span(where, where), block), Edit(span, use))
    yield Rewriting(text("extract these lines as a block"), "extract", edits)


def _parameters(reading: Reading, span: Span) -> list[str] | None:
    """What a block of some lines has to be told; None where it would have to reach a label outside, or lend one."""
    needed: list[str] = []
    for one in find_occurrences(reading):
        inside = span.start <= one.span.start and one.span.end <= span.end
        if one.home is None or one.home.source is not reading.source:
            continue
        home_inside = span.start <= one.home.start and one.home.end <= span.end
        if inside == home_inside:
            continue
        if one.kind == "label" or not inside:
            return None
        is_of_file = one.kind == "block" or one.home in reading.scope.places.values()
        if not is_of_file and one.span.text not in needed:
            needed.append(one.span.text)
    return needed


def _unused_name(reading: Reading) -> str:
    taken = {*reading.scope.names(), *reading.registry.layers}
    number = 1
    while f"part{number}" in taken:
        number += 1
    return f"part{number}"


# A block as its lines.


def _inlined(reading: Reading, offset: int) -> Iterator[Rewriting]:
    """The lines of a block in the place of its use."""
    statement = reading.statement_at(offset)
    passage = None if statement is None else reading.passage_at(statement)
    if statement is None or passage is None or passage.node is None or passage.node.block is None:
        return
    block = passage.scope.block(passage.node.block.name)
    given = bound(reading, passage)
    if block is None or given is None or not block.body.statements or block.name in _names_in(statement):
        return
    values = {name: span.text for name, span in given.spans.items()}
    for name, parameter in block.parameters.items():
        if name not in values and isinstance(parameter.default, Tree):
            values[name] = parameter.default.span.text  # type: ignore[attr-defined]  # a value of the tree
    lines = _substituted(block, values, passage.before.shape)
    if lines is None or (statement.label and _ends_without_place(block)):
        return
    label = f" as {statement.label.text}" if statement.label else ""
    body = lines.replace("\n", f"\n{_indent(statement.span)}") + label
    yield Rewriting(text("inline the block `{block}`", block=block.name), "inline", (Edit(statement.span, body),))


def _names_in(statement: Statement) -> set[str]:
    return {item.text for item in statement.items if isinstance(item, Name)}


def _ends_without_place(block: Block) -> bool:
    last = block.body.statements[-1]
    return last.label is not None or last.name.text == REPEAT.name


def _substituted(block: Block, values: dict[str, str], shape: object) -> str | None:
    """The text of a block's body with arguments in the place of its parameters; None where that cannot be."""
    statements = block.body.statements
    source = block.body.span.source
    # A `let` would become the body's around, and its names may be taken there.
    if any(one.name.text == LET.name for one in statements) or "#" in block.body.span.text:
        return None
    sizes = {"in": shape[0], "features": shape[-1]} if isinstance(shape, tuple) and shape else {}
    edits: list[Edit] = []
    for name, in_arithmetic, nested in _names(statements):
        if name.text in sizes and not nested:
            # In the body around, the name means another size.
            if not isinstance(sizes[name.text], int):
                return None
            edits.append(Edit(name.span, str(sizes[name.text])))
        elif name.text in block.parameters:
            value = values.get(name.text)
            if value is None:
                return None
            is_plain = value.isalnum() or (value.startswith("(") and value.endswith(")"))
            if in_arithmetic and not is_plain:
                return None
            edits.append(Edit(name.span, value))
    first = statements[0].span.start
    lines = source.text[first : statements[-1].span.end]
    for edit in sorted(edits, key=lambda edit: -edit.span.start):
        lines = lines[: edit.span.start - first] + edit.text + lines[edit.span.end - first :]
    indent = _indent(statements[0].span)
    return lines.replace(f"\n{indent}", "\n")


def _names(statements: Sequence[Statement], nested: bool = False) -> Iterator[tuple[Name, bool, bool]]:
    """The names in statements, whether each stands in arithmetic, and whether in a body of them."""
    for statement in statements:
        yield statement.name, False, nested
        for part in (statement.flow, *statement.items):
            if isinstance(part, Body):
                yield from _names(part.statements, nested=True)
            elif part is not None:
                yield from ((name, deep, nested) for name, deep in _names_of(part))


def _names_of(part: Item | Flow) -> Iterator[tuple[Name, bool]]:
    """The names of an item that stand for values."""
    stack: list[tuple[object, bool]] = [(part, False)]
    while stack:
        node, deep = stack.pop()
        name = as_name(node)
        if name is not None:
            yield name, deep
        elif isinstance(node, Flow):
            stack += [(node.left, deep), (node.right, deep)]
        elif isinstance(node, Setting):
            stack.append((node.value, deep))
        elif isinstance(node, Tree):
            inner = (getattr(node, field) for field in node.__match_args__)
            for value in inner:
                stack += [(one, True) for one in (value if isinstance(value, tuple) else (value,))
                          if isinstance(one, Tree)]  # fmt: skip


def _is_same(reading: Reading, rewriting: Rewriting) -> bool:
    """Whether the text after a rewriting is without new mistakes, and its net has the same shapes and numbers."""
    before = reading.experiment
    written = reading.text
    for edit in sorted(rewriting.edits, key=lambda edit: (-edit.span.start, -edit.span.end)):
        written = written[: edit.span.start] + edit.text + written[edit.span.end :]
    source = replace(reading.source, text=written)
    after = check_traced(source, reading.registry, reading.folder, Memory())
    if before is None or after.experiment is None or errors(after.found):
        return before is None and after.experiment is None and not errors(after.found)
    old, new = before.network, after.experiment.network
    return (old.input, old.out, old.params, old.macs) == (new.input, new.out, new.params, new.macs)

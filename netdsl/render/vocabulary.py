"""The words of the language, listed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from netdsl.components import Component, Layer
from netdsl.components.registry import Registry
from netdsl.core.translation import translate
from netdsl.language.statements import STATEMENTS, StatementKind
from netdsl.render.cells import Paint, crop, left, painter, width, wrap

FAMILIES = (
    "convolution",
    "pooling",
    "linear",
    "activation",
    "normalisation",
    "regularisation",
    "shape",
    "sequence",
    "composite",
)
"""The order in which a net is usually thought of; other families follow."""

RANKS = ("1d", "2d", "3d")
WIDEST_NAMES = 16


CLOSING = (
    "A name with * chooses its form by the input's rank; NAME1d, NAME2d and NAME3d force it. "
    "`netdsl layers NAME` explains one."
)


@dataclass(frozen=True, slots=True)
class VocabularyLine:
    """Names that one function describes: `conv*` for conv, conv1d, conv2d and conv3d."""

    heading: str
    names: str
    summary: str


def vocabulary(registry: Registry, *, color: bool = False, columns: int = 80) -> str:
    """Every name with its summary: statements, layers by family, then the other components by kind."""
    return _sections(_groups(registry), color, columns) + "\n".join(wrap(translate(CLOSING), columns)) + "\n"


def section(registry: Registry, name: str, *, color: bool = False, columns: int = 80) -> str | None:
    """The names under one heading, `convolution` or `optimizers`, with their summaries; None where there is none."""
    found = [line for line in _groups(registry) if name in (line.heading, line.heading.replace(" ", ""))]
    return _sections(found, color, columns).rstrip("\n") + "\n" if found else None


def headings(registry: Registry) -> list[str]:
    """The headings of the list of names."""
    return list(dict.fromkeys(line.heading for line in _groups(registry)))


def _sections(listed: Iterable[VocabularyLine], color: bool, columns: int) -> str:
    """Each heading with its lines, and an empty line behind them."""
    paint = painter(color)
    groups = list(listed)
    wide = min(WIDEST_NAMES, max((len(group.names) for group in groups), default=0))
    lines: list[str] = []
    for heading, members in groupby(groups, key=lambda group: group.heading):
        lines.append(paint(translate(heading), bold=True))
        lines += [line for group in members for line in _listed(group, wide, columns, paint)]
        lines.append("")
    return "".join(f"{line}\n" for line in lines)


def names(registry: Registry) -> list[str]:
    """Every name there is."""
    return sorted({*(name for _, name in registry.origins), *STATEMENTS})


def named(registry: Registry, name: str) -> list[Component | StatementKind]:
    """What goes by a name: `l1` is a loss and may be a metric too; `nn.GELU`, a class of torch, is imported for it."""
    statements = [STATEMENTS[name]] if name in STATEMENTS else []
    found: list[Component | StatementKind] = [
        *statements,
        *(kind[name] for kind in registry.components.values() if name in kind),
    ]
    # Only for a name with a dot that nothing else has: torch's import takes seconds.
    if not found and "." in name and registry.torch is not None:
        return [one for one in (registry.torch.layer(name), registry.torch.transform(name)) if one is not None]
    return found


def _groups(registry: Registry) -> Iterator[VocabularyLine]:
    yield from (VocabularyLine("statements", kind.name, kind.summary) for kind in STATEMENTS.values())
    families = {layer.family for layer in registry.layers.values()}
    for family in (*FAMILIES, *sorted(families.difference(FAMILIES))):
        yield from _grouped(family, [layer for layer in registry.layers.values() if layer.family == family])
    for kind, components in registry.components.items():
        if kind is not Layer:
            yield from _grouped(kind.plural, components.values())


def _grouped(heading: str, components: Iterable[Component]) -> Iterator[VocabularyLine]:
    """Components that share a function stand in one line."""
    together: dict[object, list[Component]] = {}
    for component in components:
        together.setdefault(component.function, []).append(component)
    for members in together.values():
        yield VocabularyLine(heading, _together([member.name for member in members]), members[0].summary)


def _together(names: Sequence[str]) -> str:
    first, *others = names
    ranks = others and set(others) <= {f"{first}{rank}" for rank in RANKS}
    return f"{first}*" if ranks else ", ".join(names)


def _listed(group: VocabularyLine, wide: int, columns: int, paint: Paint) -> Iterator[str]:
    name, summary = paint(left(group.names, wide), fg="cyan"), _shortened(group.summary, columns - wide - 4)
    if width(group.names) <= wide:
        yield f"  {name}  {summary}".rstrip()
        return
    yield f"  {name}"
    yield f"  {' ' * wide}  {summary}".rstrip()


def _shortened(summary: str, cells: int) -> str:
    """The summary, without what follows a colon where it would not fit."""
    return summary if width(summary) <= cells else crop(summary.partition(": ")[0], cells)

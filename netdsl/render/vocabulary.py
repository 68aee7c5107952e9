"""The words of the language: the list of them, and the page of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from textwrap import wrap
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from netdsl.components import Component, Layer, Parameter
from netdsl.plugins import Registry
from netdsl.render.cells import Paint, crop, left, painter, width

KINDS = {
    "data set": "data sets",
    "transform": "transforms",
    "loss": "losses",
    "optimizer": "optimizers",
    "schedule": "schedules",
    "metric": "metrics",
    "logger": "loggers",
}
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
class Group:
    """Names that one function describes: `conv*` for conv, conv1d, conv2d and conv3d."""

    heading: str
    names: str
    summary: str


def vocabulary(registry: Registry, *, color: bool = False, columns: int = 80) -> str:
    """Every name with its summary, layers by family, then the other components by kind."""
    paint = painter(color)
    groups = list(_groups(registry))
    wide = min(WIDEST_NAMES, max((len(group.names) for group in groups), default=0))
    lines: list[str] = []
    for heading, members in groupby(groups, key=lambda group: group.heading):
        lines.append(paint(heading, bold=True))
        lines += [line for group in members for line in _listed(group, wide, columns, paint)]
        lines.append("")
    return "\n".join([*lines, *wrap(CLOSING, columns)]) + "\n"


def names(registry: Registry) -> list[str]:
    """Every name there is."""
    return sorted({name for _, name in registry.origins})


def named(registry: Registry, name: str) -> list[Component]:
    """What goes by a name: `l1` is a loss and may be a metric too."""
    return [found[name] for found in registry.components.values() if name in found]


def entry(component: Component, origin: str, *, color: bool = False, columns: int = 80) -> str:
    """The page of one component: how it is written, what it means, its parameters, formula and example."""
    paint = painter(color)
    family = f", {component.family}" if isinstance(component, Layer) else ""
    source = "" if origin == "netdsl" else f", from the plugin {origin}"
    blocks = [
        [f"{paint(component.name, bold=True)}: {component.kind}{family}{source}"],
        wrap(_signature(component), columns, initial_indent="  ", subsequent_indent="      ", break_long_words=False),
        list(_prose(component.doc, columns)),
        list(_parameters(component, columns, paint)),
        *_extras(component, columns, paint),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def plugin_list(registry: Registry, *, columns: int = 80) -> str:
    """Each plugin and the names that it adds, by kind."""
    lines = []
    for plugin in dict.fromkeys(registry.origins.values()):
        lines.append(plugin)
        for kind, components in registry.components.items():
            added = [name for name in components if registry.origins[kind, name] == plugin]
            if added:
                heading = f"  {KINDS.get(kind.kind, f'{kind.kind}s')}: "
                lines += wrap(", ".join(added), columns, initial_indent=heading, subsequent_indent="    ")
    return "".join(f"{line}\n" for line in lines)


def _groups(registry: Registry) -> Iterator[Group]:
    families = {layer.family for layer in registry.layers.values()}
    for family in (*FAMILIES, *sorted(families.difference(FAMILIES))):
        yield from _grouped(family, [layer for layer in registry.layers.values() if layer.family == family])
    for kind, components in registry.components.items():
        if kind is not Layer:
            yield from _grouped(KINDS[kind.kind], components.values())


def _grouped(heading: str, components: Iterable[Component]) -> Iterator[Group]:
    """Components that share a function stand in one line."""
    together: dict[Any, list[Component]] = {}
    for component in components:
        together.setdefault(component.function, []).append(component)
    for members in together.values():
        yield Group(heading, _together([member.name for member in members]), members[0].summary)


def _together(names: Sequence[str]) -> str:
    first, *others = names
    ranks = others and set(others) <= {f"{first}{rank}" for rank in RANKS}
    return f"{first}*" if ranks else ", ".join(names)


def _listed(group: Group, wide: int, columns: int, paint: Paint) -> Iterator[str]:
    name, summary = paint(left(group.names, wide), fg="cyan"), _shortened(group.summary, columns - wide - 4)
    if width(group.names) <= wide:
        yield f"  {name}  {summary}".rstrip()
        return
    yield f"  {name}"
    yield f"  {' ' * wide}  {summary}".rstrip()


def _shortened(summary: str, cells: int) -> str:
    """The summary, without what follows a colon where it would not fit."""
    return summary if width(summary) <= cells else crop(summary.partition(": ")[0], cells)


def _signature(component: Component) -> str:
    """`conv [in_channels->]out_channels kernel_size [stride=1] …`."""
    flow = component.flow if isinstance(component, Layer) else None
    words = [component.name]
    if flow:
        words.append(f"[{flow[0]}->]{flow[1]}")
    words += [_usage(parameter) for parameter in component.parameters.values() if parameter.name not in (flow or ())]
    return " ".join(words)


def _usage(parameter: Parameter) -> str:
    if parameter.is_branch:
        body = "{ … } { … } …" if parameter.is_many else "{ … }"
        return body if parameter.required else f"[{parameter.name} {body}]"
    if parameter.required:
        return parameter.name if parameter.positional else f"{parameter.name}=…"
    return f"[{parameter.name}]" if _inferred(parameter) else f"[{parameter.name}={written(parameter.default)}]"


def _prose(text: str, columns: int) -> Iterator[str]:
    """Paragraphs filled to the width; what is indented stays as it is."""
    for number, paragraph in enumerate(text.split("\n\n")):
        if number:
            yield ""
        indented = any(line.startswith(" ") for line in paragraph.splitlines())
        yield from paragraph.splitlines() if indented else wrap(paragraph, columns)


def _parameters(component: Component, columns: int, paint: Paint) -> Iterator[str]:
    rows = [_described(component, parameter) for parameter in component.parameters.values() if not parameter.is_branch]
    if not rows:
        return
    headings = ("parameter", "also", "value", "default")
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    for number, row in enumerate([headings, *rows]):
        line = crop("  " + "  ".join(map(left, row, widths)).rstrip(), columns)
        yield line if number else paint(line, underline=True)


def _described(component: Component, parameter: Parameter) -> tuple[str, str, str, str]:
    shorts = component.shorts if isinstance(component, Layer) else {}
    also = ", ".join(word for word, name in {**shorts, **component.aliases}.items() if name == parameter.name)
    default = "required" if parameter.required else "from the input" if _inferred(parameter) else ""
    return parameter.name, also, _type(parameter), default or written(parameter.default)


def _inferred(parameter: Parameter) -> bool:
    """Whether the checker fills it in: its default is none, which its type does not allow."""
    return parameter.default is None and not {NoneType, Any, None} & set(parameter.options)


def _type(parameter: Parameter) -> str:
    """What may be written: `whole number, size or none`."""
    words = list(dict.fromkeys(_type_word(option) for option in parameter.options if option is not NoneType))
    if NoneType in parameter.options:
        words.append("none")
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


def _type_word(option: Any) -> str:
    if get_origin(option) is Literal:
        return "|".join(map(str, get_args(option)))
    if get_origin(option) is tuple:
        return "3x5" if get_args(option)[0] is int else "list"
    plain = {int: "integer", float: "number", bool: "true|false", str: "text"}
    return plain.get(option, getattr(option, "__name__", str(option)).lower())


def _extras(component: Component, columns: int, paint: Paint) -> Iterator[list[str]]:
    formula = component.formula if isinstance(component, Layer) else ""
    for heading, text in (("output size", formula), ("example", component.example)):
        if text:
            lines = (wrap(line, columns, initial_indent="  ", subsequent_indent="    ") for line in text.splitlines())
            yield [paint(heading, bold=True), *(part for line in lines for part in line)]


def written(value: Any) -> str:
    """A value as the language writes it: `true`, `none`, `3x5`, `0.9,0.999`."""
    if value is None or isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (tuple, list)):
        separator = "x" if all(isinstance(part, int) for part in value) else ","
        return separator.join(map(written, value))
    return str(value)

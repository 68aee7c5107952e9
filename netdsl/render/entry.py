"""The page of one word of the language."""

from __future__ import annotations

from collections.abc import Iterator
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from netdsl.components import Component, Layer, Parameter
from netdsl.components.component import parameters_of
from netdsl.core.text import join_or, text
from netdsl.core.translation import translate
from netdsl.language.statements import StatementKind
from netdsl.language.syntax import Tree
from netdsl.render.cells import Paint, crop, left, painter, width, wrap


def entry(component: Component, origin: str, *, color: bool = False, columns: int = 80) -> str:
    """The page of one component: how it is written, what it means, its parameters, formula and example."""
    paint = painter(color)
    blocks = [
        [f"{paint(component.name, bold=True)}: {', '.join(_nature(component, origin))}"],
        wrap(signature(component), columns, first="  ", rest="      "),
        list(_prose(translate(component.doc), columns)),
        list(_parameters(component, columns, paint)),
        *_extras(component, columns, paint),
    ]
    return _joined(blocks)


def describe_parameter(component: Component, parameter: Parameter) -> str:
    """One parameter of a component: its names, what may be written, its default, and what it means."""
    name, also, values, default = _described(component, parameter)
    names = text("{name} (also {others})", name=name, others=also) if also else name
    given = default if parameter.required or _inferred(parameter) else text("default {value}", value=default)
    line = text("{names} of {component}: {values}; {default}", names=names, component=component.name,
                values=values, default=given)  # fmt: skip
    return f"{line}\n{translate(parameter.doc)}".rstrip() + "\n"


def _nature(component: Component, origin: str) -> Iterator[str]:
    """What a component is: its kind, of a layer the family, and the plugin that it comes from."""
    yield translate(component.kind)
    if isinstance(component, Layer):
        yield translate(component.family)
    if origin != "netdsl":
        yield text("from the plugin {plugin}", plugin=origin)


def statement_entry(statement: StatementKind, *, color: bool = False, columns: int = 80) -> str:
    """The page of a statement: how it is written, what it means, its settings, an example."""
    paint = painter(color)
    blocks: list[list[str]] = [
        [text("{name}: statement", name=paint(statement.name, bold=True))],
        wrap(usage(statement), columns, first="  ", rest="      "),
        list(_prose(translate(statement.doc), columns)),
        wrap(_default(statement), columns),
        list(_settings(statement, columns, paint)),
        _headed("example", statement.example, columns, paint),
    ]
    return _joined(blocks)


def _default(statement: StatementKind) -> str:
    """Which component stands where a file has no such line; nothing where none does."""
    if isinstance(statement.default, str):
        return text("default: `{name}`", name=statement.default)
    if statement.default is None:
        return ""
    return text(
        "default: `{classes}` where the targets are classes, `{numbers}` where they are numbers",
        classes=statement.default["classes"],
        numbers=statement.default["numbers"],
    )


def _body_usage(statement: StatementKind) -> Iterator[str]:
    if statement.body:
        yield f"[{{ {statement.body.kind.upper()}; … }}]"


def usage(statement: StatementKind) -> str:
    """How a statement is written: `data NAME [batch=64] … [{ TRANSFORM; … }]`."""
    settings = parameters_of(statement.settings) if statement.settings else {}
    return " ".join([translate(statement.usage), *map(_usage, settings.values()), *_body_usage(statement)])


def _settings(statement: StatementKind, columns: int, paint: Paint) -> Iterator[str]:
    """Each setting with its default, what may be written, and what it means."""
    rows = setting_rows(statement)
    wide = max((width(setting) for setting, _ in rows), default=0)
    for number, (setting, meaning) in enumerate(rows):
        first, *others = wrap(meaning, columns - wide - 4)
        line = f"  {left(setting, wide)}  {first}"
        yield line if number else paint(line, underline=True)
        yield from (f"  {' ' * wide}  {line}" for line in others)


def _meaning(setting: Parameter) -> str:
    """`passes over the training set (integer, at least 1)`."""
    return text("{meaning} ({values})", meaning=translate(setting.doc), values=_values(setting))


def _values(parameter: Parameter) -> str:
    """`integer or none, at least 1`."""
    if parameter.range is None:
        return _type(parameter)
    return text("{type}, {range}", type=_type(parameter), range=str(parameter.range))


def _joined(blocks: list[list[str]]) -> str:
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def signature(component: Component) -> str:
    """How a component is written: `conv [in_channels->]out_channels kernel_size [stride=1] …`."""
    return " ".join([component.name, *(word for word, _ in usages(component))])


def usages(component: Component) -> list[tuple[str, tuple[str, ...]]]:
    """How the parameters of a component are written in their order, and which of them each of these words is."""
    flow = component.flow if isinstance(component, Layer) else None
    words: list[tuple[str, tuple[str, ...]]] = [(f"[{flow[0]}->]{flow[1]}", flow)] if flow else []
    others = (parameter for parameter in component.parameters.values() if parameter.name not in (flow or ()))
    return [*words, *((_usage(parameter), (parameter.name,)) for parameter in others)]


def _usage(parameter: Parameter) -> str:
    if parameter.is_branch:
        body = "{ … } { … } …" if parameter.is_many else "{ … }"
        return body if parameter.required else f"[{parameter.name} {body}]"
    if parameter.required:
        return parameter.name if parameter.positional else f"{parameter.name}=…"
    if _inferred(parameter):
        return f"[{parameter.name}]" if parameter.positional else f"[{parameter.name}=…]"
    return f"[{_preset(parameter)}]"


def _preset(parameter: Parameter) -> str:
    """`epochs=10`; an empty list cannot be written."""
    return f"{parameter.name}={'…' if parameter.default == () else written(parameter.default)}"


def _prose(text: str, columns: int) -> Iterator[str]:
    """Paragraphs filled to the width; what is indented stays as it is."""
    for number, paragraph in enumerate(text.split("\n\n")):
        if number:
            yield ""
        indented = any(line.startswith(" ") for line in paragraph.splitlines())
        yield from paragraph.splitlines() if indented else wrap(paragraph, columns)


def parameter_rows(component: Component) -> list[tuple[str, ...]]:
    """The table of a component's parameters, its headings first; empty where there are none."""
    rows = [_described(component, parameter) for parameter in component.parameters.values() if not parameter.is_branch]
    return [tuple(map(translate, ("parameter", "also", "value", "default"))), *rows] if rows else []


def setting_rows(statement: StatementKind) -> list[tuple[str, ...]]:
    """The table of a statement's settings, its headings first; empty where there are none."""
    settings = parameters_of(statement.settings).values() if statement.settings else ()
    rows = [(_preset(one), _meaning(one)) for one in settings]
    return [tuple(map(translate, ("setting", "meaning"))), *rows] if rows else []


def _parameters(component: Component, columns: int, paint: Paint) -> Iterator[str]:
    rows = parameter_rows(component)
    if not rows:
        return
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    for number, row in enumerate(rows):
        line = crop("  " + "  ".join(map(left, row, widths)).rstrip(), columns)
        yield line if number else paint(line, underline=True)


def _described(component: Component, parameter: Parameter) -> tuple[str, str, str, str]:
    shorts = component.shorts if isinstance(component, Layer) else {}
    also = ", ".join(word for word, name in {**shorts, **component.aliases}.items() if name == parameter.name)
    default = "required" if parameter.required else "from the input" if _inferred(parameter) else ""
    return parameter.name, also, _values(parameter), translate(default) or written(parameter.default)


def _inferred(parameter: Parameter) -> bool:
    """Whether the checker fills it in: its default is none, which its type does not allow."""
    return parameter.default is None and not {NoneType, Any, None} & set(parameter.options)


def _type(parameter: Parameter) -> str:
    """What may be written: `whole number, size or none`."""
    words = list(dict.fromkeys(_type_word(option) for option in parameter.options if option is not NoneType))
    if NoneType in parameter.options:
        words.append("none")
    return join_or(words)


def _type_word(option: Any) -> str:
    if get_origin(option) is Literal:
        return "|".join(map(str, get_args(option)))
    if get_origin(option) is tuple:
        return "3x5" if get_args(option)[0] is int else translate("list")
    plain = {int: "integer", float: "number", str: "text"}
    if option is bool:
        return "true|false"
    return translate(plain.get(option, getattr(option, "__name__", str(option)).lower()))


def _extras(component: Component, columns: int, paint: Paint) -> Iterator[list[str]]:
    if isinstance(component, Layer) and component.formula:
        yield _headed("output size", translate(component.formula), columns, paint)
    if component.example:
        yield _headed("example", component.example, columns, paint)


def _headed(heading: str, text: str, columns: int, paint: Paint) -> list[str]:
    lines = (wrap(line, columns, first="  ", rest="    ") for line in text.splitlines())
    return [paint(translate(heading), bold=True), *(part for line in lines for part in line)]


def written(value: object) -> str:
    """A value as the language writes it: `true`, `none`, `3x5`, `0.9,0.999`."""
    if isinstance(value, Tree):  # the default of a block's parameter, which is evaluated where the block is used
        return value.span.text  # type: ignore[attr-defined, no-any-return]  # every value of a text has its place
    if value is None or isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (tuple, list)):
        separator = "x" if all(isinstance(part, int) for part in value) else ","
        return separator.join(map(written, value))
    return str(value)

"""Binding: which item of a statement fills which parameter of the component that it names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from netdsl.checker.context import Context, Hole, nearest
from netdsl.checker.scope import MISSING, Scope, Word
from netdsl.checker.values import HOLE, INVALID, converter, evaluate, expected, show
from netdsl.components import Component, Layer, Parameter
from netdsl.diagnostics import Label
from netdsl.language.syntax import Body, Bound, Item, Name, Setting, Short, Statement, Value
from netdsl.limits import MAX_INTEGER
from netdsl.source import Span


@dataclass
class Arguments:
    """What a statement gives its component. `sound` is false where a mistake left something out."""

    values: dict[str, Any] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)
    bodies: list[tuple[str | None, Body]] = field(default_factory=list)
    labels: list[Name] = field(default_factory=list)
    sound: bool = True


def bind(component: Component, statement: Statement, scope: Scope, context: Context) -> Arguments:
    """The arguments of a statement, converted to their parameters' types; mistakes are noted."""
    binder = _Binder(component, statement, scope, context)
    binder.bind()
    return binder.arguments


class _Binder:
    def __init__(self, component: Component, statement: Statement, scope: Scope, context: Context) -> None:
        self.component = component
        self.statement = statement
        self.scope = scope
        self.context = context
        self.arguments = Arguments()
        self.parameters = component.parameters

    def bind(self) -> None:
        if self.statement.flow:
            self._flow()
        items = self.statement.items
        for index, item in enumerate(items):
            follows = items[index + 1] if index + 1 < len(items) else None
            if isinstance(follows, Body) and isinstance(item, Name) and self._names_a_body(item):
                continue
            previous = items[index - 1] if index else None
            self._item(item, previous)
        self._missing()

    def _item(self, item: Item, previous: Item | None) -> None:
        if isinstance(item, Short):
            self._short(item)
        elif isinstance(item, Setting):
            self._setting(item)
        elif isinstance(item, Body):
            self._body(item, previous)
        elif isinstance(item, Bound):
            message = f"`{self.component.name}` takes no bound"
            self._wrong("NET102", message, item.span, f"write `{item.name.text}={item.limit.span.text}`")
        elif isinstance(item, Name):
            self._bare_name(item)
        else:
            self._positional(item, evaluate(item, self.scope, self.context))

    def _flow(self) -> None:
        flow = self.statement.flow
        assert flow is not None
        names = self.component.flow if isinstance(self.component, Layer) else None
        if names is None:
            self._wrong("NET109", f"`{self.component.name}` takes no `->`", flow.span, self._usage())
            return
        if flow.left is not None:
            self._fill(names[0], evaluate(flow.left, self.scope, self.context), flow.left.span)
        self._fill(names[1], evaluate(flow.right, self.scope, self.context), flow.right.span)

    def _short(self, short: Short) -> None:
        name = self.component.resolve(short.letter)
        if name is not None:
            self._fill(name, evaluate(short.value, self.scope, self.context), short.span)
            return
        variable = self.scope.lookup(short.span.text)
        if variable is not MISSING:
            self._positional_span(short.span, variable)
        elif self.component.takes_labels and self.scope.labelled(short.span.text):
            self.arguments.labels.append(Name(short.span.text, short.span))
        else:
            self._wrong("NET102", f"`{self.component.name}` has no short `{short.letter}`", short.span, self._usage())

    def _setting(self, setting: Setting) -> None:
        name = self.component.resolve(setting.name.text)
        value = evaluate(setting.value, self.scope, self.context)
        if name is None or self.parameters[name].is_branch:
            known = [*self._settable(), *self.component.aliases]
            what = f"parameter of `{self.component.name}`:"
            self.context.unknown("NET102", what, setting.name.text, setting.name.span, known, self._usage())
            self.arguments.sound = False
        else:
            self._fill(name, value, setting.value.span)

    def _bare_name(self, name: Name) -> None:
        variable = self.scope.lookup(name.text)
        if variable is not MISSING:
            self._positional(name, variable)
            return
        parameter = self._flag(name.text) or self._enumerated(name.text)
        if parameter is not None:
            self._fill(parameter.name, True if parameter.name == name.text else Word(name.text), name.span)
        elif self.component.takes_labels:
            self.arguments.labels.append(name)
        elif (target := self._next_positional()) and converter(target)(Word(name.text)) is not INVALID:
            self._fill(target.name, Word(name.text), name.span)
        else:
            self._unknown_name(name)

    def _flag(self, name: str) -> Parameter | None:
        parameter = self.parameters.get(self.component.resolve(name) or "")
        return parameter if parameter is not None and bool in parameter.options and parameter.name == name else None

    def _enumerated(self, word: str) -> Parameter | None:
        return next((found for found in self.parameters.values() if word in found.choices), None)

    def _unknown_name(self, name: Name) -> None:
        self.arguments.sound = False
        if self.component.resolve(name.text):
            message = f"`{name.text}` needs a value"
            self.context.error("NET103", message, name.span, help=f"write `{name.text}=…`")
            return
        words = [word for parameter in self.parameters.values() for word in parameter.choices]
        flags = [name for name, parameter in self.parameters.items() if bool in parameter.options]
        self.context.unknown(
            "NET106", "name", name.text, name.span, [*words, *flags, *self.scope.names()], self._usage()
        )

    def _positional(self, item: Value, value: Any) -> None:
        self._positional_span(item.span, value)

    def _positional_span(self, span: Span, value: Any) -> None:
        if value is INVALID:
            self.arguments.sound = False
            return
        parameter = self._next_positional()
        if parameter is None:
            message = f"`{self.component.name}` takes no further argument"
            self._wrong("NET107", message, span, self._usage())
        else:
            self._fill(parameter.name, value, span)

    def _next_positional(self) -> Parameter | None:
        filled, branches = self.arguments.spans, self.component.branches
        for name, parameter in self.parameters.items():
            if parameter.positional and name not in filled and name not in branches:
                return parameter
        return None

    def _fill(self, name: str, value: Any, span: Span) -> None:
        spans, values = self.arguments.spans, self.arguments.values
        if name in spans:
            first = Label(spans[name], "first given here")
            self.context.error("NET105", f"`{name}` is given twice", span, labels=[first], help="delete one of them")
            self.arguments.sound = False
            return
        spans[name] = span
        if value is HOLE:
            value = self._ask(name, span)
        if value is INVALID:
            self.arguments.sound = False
            return
        if value is None and name in self._stated():
            return
        converted = converter(self.parameters[name])(value)
        if converted is INVALID:
            self._wrong_type(name, value, span)
        elif _too_large(converted):
            self._wrong("NET403", f"`{name}` must be below 2^31", span, None)
        else:
            values[name] = converted

    def _ask(self, name: str, span: Span) -> Any:
        """What a `?` stands for in this attempt: nothing for a size that the input tells anyway."""
        self.context.holes.setdefault(span.start, Hole(span, name))
        return None if name in self._stated() else self.context.guesses.get(span.start, 1)

    def _stated(self) -> Any:
        return self.component.stated if isinstance(self.component, Layer) else {}

    def _wrong_type(self, name: str, value: Any, span: Span) -> None:
        parameter = self.parameters[name]
        message = f"`{name}` expects {expected(parameter)}, found {show(value)}"
        near = nearest(value, parameter.choices) if isinstance(value, Word) and parameter.choices else None
        self._wrong("NET103", message, span, f"did you mean `{near}`?" if near else None)

    def _names_a_body(self, name: Name) -> bool:
        parameter = self.parameters.get(name.text)
        return parameter is not None and parameter.is_branch and not parameter.is_many

    def _body(self, body: Body, previous: Item | None) -> None:
        named = isinstance(previous, Name) and self._names_a_body(previous)
        if not self.component.branches:
            message = f"`{self.component.name}` takes no body"
            self._wrong("NET108", message, Span(body.span.source, body.span.start, body.span.start + 1), None)
            return
        self.arguments.bodies.append((previous.text if named and isinstance(previous, Name) else None, body))

    def _missing(self) -> None:
        if not self.arguments.sound:
            return
        given = self.arguments.spans
        for name in self.component.required:
            if name not in given:
                message = f"`{self.component.name}` needs `{name}`, {expected(self.parameters[name])}"
                self._wrong("NET104", message, self.statement.name.span, self._usage())

    def _settable(self) -> list[str]:
        return [name for name, parameter in self.parameters.items() if not parameter.is_branch]

    def _usage(self) -> str | None:
        return f"for example `{self.component.example}`" if self.component.example else None

    def _wrong(self, code: str, message: str, span: Span, advice: str | None) -> None:
        self.arguments.sound = False
        self.context.error(code, message, span, help=advice)


def _too_large(value: Any) -> bool:
    if isinstance(value, tuple):
        return any(map(_too_large, value))
    return isinstance(value, int) and abs(value) >= MAX_INTEGER

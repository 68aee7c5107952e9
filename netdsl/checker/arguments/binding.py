"""Binding: each item of a statement fills a parameter of the component that the statement names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from itertools import takewhile, zip_longest

from netdsl.checker.arguments.advice import in_words, meant, takes, usage
from netdsl.checker.arguments.codes import (
    GIVEN_TWICE,
    TOO_LARGE,
    UNKNOWN_NAME,
    UNKNOWN_PARAMETER,
    WRONG_BODY,
    WRONG_FLOW,
    WRONG_VALUE,
    unknown_name,
)
from netdsl.checker.arguments.values import HOLE, INVALID, converter, evaluate, expected, show
from netdsl.checker.context import Context, Placeholder
from netdsl.checker.names.scope import INPUT_SIZES, LITERALS, MISSING, Block, Scope, Word, as_short
from netdsl.components import Component, Layer, Parameter
from netdsl.core.diagnostics import Code, Edit, Fix, Label
from netdsl.core.limits import beyond
from netdsl.core.records import record
from netdsl.core.sizes import UNKNOWN, Expr, Unknown
from netdsl.core.source import Span
from netdsl.core.suggestions import SURE, nearest
from netdsl.core.text import join_and, text
from netdsl.language.syntax import Body, Bound, Item, Name, Number, Parenthesis, Setting, Short, Statement, Value

MISSING_ARGUMENT = Code(
    "NET104",
    title="a missing argument",
    meaning="The parameter has no default, and the statement gives it no value.",
    example="conv 3->32",
    instead="conv 3->32 k3",
)

TOO_MANY_ARGUMENTS = Code(
    "NET107",
    title="too many arguments",
    meaning="Values without a name fill the parameters in the order of the signature. None is left for this one.",
    example="input 3x8x8\nflatten 0 -1 2",
    instead="input 3x8x8\nflatten 0 -1",
)

HIDDEN_FLAG = Code(
    "NET914",
    title="a variable that hides a flag",
    meaning=(
        "A bare name means the variable of that name. If there is no such variable, it means a flag or a word that the "
        "layer knows. Here both exist, and the variable wins."
    ),
    example="let bidirectional=2\ninput 8x16\nlstm 32 bidirectional",
    instead="let depth=2\ninput 8x16\nlstm 32 depth bidirectional",
)


FindLine = Callable[[str], "str | None"]


def nowhere(_: str) -> None:
    """Finds no line for any setting, for components outside directives."""


_DECIMAL_COMMA = r"-?\d+,\d+"


@record(eq=False)
class Arguments:
    """What a statement gives its component.

    `sound` is false if there is a mistake. `misplaced` is true if nobody knows for which parameter an item was meant.
    `scope` has the meanings of the names. `open_sizes` has the messages about numbers that depend on an open size.
    """

    values: dict[str, object] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)
    bodies: list[tuple[str | None, Body]] = field(default_factory=list)
    labels: list[Name] = field(default_factory=list)
    sound: bool = True
    misplaced: bool = False
    scope: Scope = field(default_factory=Scope)
    open_sizes: dict[str, str] = field(default_factory=dict)


def bind(
    component: Component,
    statement: Statement,
    scope: Scope,
    context: Context,
    find_line: FindLine = nowhere,
) -> Arguments:
    """The arguments of a statement, converted to the types of their parameters. Mistakes are reported.

    `find_line` names the directive that an unknown setting belongs to.
    """
    binder = _Binder(component, statement, scope, context, find_line)
    binder.bind()
    return binder.arguments


class _Binder:
    def __init__(
        self,
        component: Component,
        statement: Statement,
        scope: Scope,
        context: Context,
        find_line: FindLine,
    ) -> None:
        self.component = component
        self.find_line = find_line
        self.statement = statement
        self.scope = scope
        self.context = context
        self.arguments = Arguments(scope=scope)
        self.parameters = component.parameters
        self.taken: Sequence[Item] = ()

    def bind(self) -> None:
        # The flow comes first: positional values then fill what it leaves.
        if self.statement.flow:
            self._flow()
        previous: Item | None = None
        for item, follows in zip_longest(self.statement.items, self.statement.items[1:]):
            # A name directly before a body names that body.
            names_a_body = isinstance(follows, Body) and isinstance(item, Name) and self._names_a_body(item)
            # By identity, because two equal numbers of a line are different items.
            if not any(item is taken for taken in self.taken) and not names_a_body:
                self._item(item, previous, follows)
            previous = item
        self._missing()

    def _item(self, item: Item, previous: Item | None, follows: Item | None) -> None:
        if isinstance(item, Short):
            self._short(item)
        elif isinstance(item, Setting):
            self._setting(item)
        elif isinstance(item, Body):
            self._body(item, previous)
        elif isinstance(item, Bound):
            self._wrong(
                UNKNOWN_PARAMETER,
                text("`{component}` takes no bound", component=self.component.name),
                item.span,
                fix=f"{item.name.text}={item.limit.span.text}",
            )
            # The bound counts as the setting that it looks like, so that nothing is reported as missing.
            self._setting(Setting(item.name, item.limit, item.span))
        elif isinstance(item, Name):
            self._bare_name(item, follows)
        else:
            self._positional(item, evaluate(item, self.scope, self.context))

    def _flow(self) -> None:
        flow = self.statement.flow
        assert flow is not None
        names = self.component.flow if isinstance(self.component, Layer) else None
        if names is None:
            self._wrong(
                WRONG_FLOW,
                text("`{component}` takes no `->`", component=self.component.name),
                flow.span,
                takes(self.component),
            )
            return
        if flow.left is not None:
            self._fill(names[0], evaluate(flow.left, self.scope, self.context), flow.left.span)
        short = as_short(flow.right)
        # `->k3` is a short unless a variable has that name.
        if short and self.scope.lookup(flow.right.span.text) is MISSING and self.component.resolve(short.letter):
            self._wrong(
                WRONG_VALUE,
                text("`->` needs a size after it, found `{found}`", found=short.span.text),
                short.span,
                usage(self.component),
            )
            # The size counts as given, so that it is not reported as missing too.
            self.arguments.spans[names[1]] = short.span
            self._short(short)
            return
        self._fill(names[1], evaluate(flow.right, self.scope, self.context), flow.right.span)

    def _short(self, short: Short) -> None:
        name = self.component.resolve(short.letter)
        if name is not None:
            self._fill(name, evaluate(short.value, self.scope, self.context), short.span)
            return
        # A variable may look like a short: `e3`.
        variable = self.scope.lookup(short.span.text)
        if variable is not MISSING:
            self._positional_span(short.span, variable)
        elif self.component.takes_labels:  # a label may look like a short: `e3`
            self.arguments.labels.append(Name(short.span.text, short.span))
        else:
            message = text("`{component}` has no short `{short}`", component=self.component.name, short=short.letter)
            self._wrong(UNKNOWN_PARAMETER, message, short.span, takes(self.component))
            self.arguments.misplaced = True

    def _setting(self, setting: Setting) -> None:
        name = self.component.resolve(setting.name.text)
        value = evaluate(setting.value, self.scope, self.context)
        if name is None or name in self.component.branches:
            name = self._misspelt(setting)
            if name in self.arguments.spans:  # it is given already, and the misspelling is reported
                return
        if name is not None:
            word = setting.value.text if isinstance(setting.value, Name) else None
            if word in self.parameters[name].choices and self.scope.lookup(str(word)) is not MISSING:
                self._shadows(Name(str(word), setting.value.span), self.parameters[name])
            self._fill(name, value, setting.value.span)

    def _misspelt(self, setting: Setting) -> str | None:
        """The parameter that a misspelt name means, or None if that is not clear."""
        name = setting.name
        # The exact name of another line's setting is not a misspelling, even if a parameter has a similar name.
        if line := self.find_line(name.text):
            message = text(
                "`{setting}` is a setting of `{line}`, not of `{component}`",
                setting=name.text,
                line=line,
                component=self.component.name,
            )
            advice = text("write it in the `{line}` line", line=line)
            self._wrong(UNKNOWN_PARAMETER, message, setting.span, advice)
            return None
        if self._is_activation(setting):
            return None
        known = [*self._settable(), *self.component.aliases]
        unknown = text("unknown parameter of `{component}`: `{name}`", component=self.component.name, name=name.text)
        near = self.context.report.unknown(
            UNKNOWN_PARAMETER,
            unknown,
            name.text,
            name.span,
            known,
            takes(self.component),
        )
        self.arguments.sound = False
        self.arguments.misplaced |= near is None
        return self.component.resolve(near) if near else None

    def _is_activation(self, setting: Setting) -> bool:
        """Whether an unknown setting names a layer, as `activation=relu` in Keras. Reports it."""
        name, value, statement = setting.name, setting.value, self.statement
        layers = self.context.registry.layers
        if not isinstance(self.component, Layer) or not isinstance(value, Name) or value.text not in layers:
            return False
        message = text(
            "`{component}` takes no `{parameter}`: `{layer}` is a layer of its own",
            component=self.component.name,
            parameter=name.text,
            layer=value.text,
        )
        # The fix removes the setting and writes the layer after the statement.
        source, end = setting.span.source, statement.span.end
        # The blank before the setting goes with it.
        start = len(source.text[: setting.span.start].rstrip())
        edits = (Edit(source.span(start, setting.span.end), ""), Edit(source.span(end, end), f"; {value.text}"))
        fix = Fix(text("write `; {layer}` after the statement instead", layer=value.text), edits)
        self.arguments.sound = False
        # If the statement has a label, it is unknown which of the two outputs it should name.
        self.context.report(UNKNOWN_PARAMETER, message, setting.span, fix=None if statement.label else fix)
        return True

    def _bare_name(self, name: Name, follows: Item | None) -> None:
        variable = self.scope.lookup(name.text)
        parameter = self._flag(name.text) or self._enumerated(name.text)
        # `in` and `features` are not the user's own variables, so a flag wins over them.
        chosen = name.text not in INPUT_SIZES or parameter is None
        if variable is not MISSING and chosen:
            if parameter is not None:
                self._shadows(name, parameter)
            self._positional(name, variable)
            return
        if parameter is not None:
            self._fill(parameter.name, True if parameter.name == name.text else Word(name.text), name.span)
        elif self._unassigned(name, follows):
            return
        elif self.component.takes_labels:
            self.arguments.labels.append(name)
        # Last: a flag, a parameter's name and a label win over a plain text.
        elif (target := self._next_positional()) and converter(target)(Word(name.text)) is not INVALID:
            self._fill(target.name, Word(name.text), name.span)
        else:
            self._unknown_name(name, follows)

    def _shadows(self, name: Name, parameter: Parameter) -> None:
        # `in` and `features` are looked up like variables, but they hide nothing.
        if name.text in LITERALS:
            return
        flag = parameter.name == name.text
        if flag:
            message = text(
                "`{name}` is the variable here, not the flag of `{component}`",
                name=name.text,
                component=self.component.name,
            )
            advice: str = text("write `{name}=true` for the flag", name=name.text)
        else:
            message = text(
                "`{name}` is the variable here, not the word for its `{parameter}`",
                name=name.text,
                parameter=parameter.name,
            )
            advice = "give the variable another name"
        self.context.report(HIDDEN_FLAG, message, name.span, help=advice)

    def _flag(self, name: str) -> Parameter | None:
        parameter = self.parameters.get(self.component.resolve(name) or "")
        return parameter if parameter is not None and bool in parameter.options and parameter.name == name else None

    def _enumerated(self, word: str) -> Parameter | None:
        return next((found for found in self.parameters.values() if word in found.choices), None)

    def _unassigned(self, name: Name, follows: Item | None) -> bool:
        """Whether a parameter's name stands beside its value without `=`, as in `stride 2` and `p0.5`. Reports it."""
        joined = isinstance(follows, Number) and follows.span.start == name.span.end
        letters = name.text.rstrip("0123456789") if joined else name.text
        target = self.component.resolve(letters)
        # A label of that name wins: `add p` adds the output with the label p.
        if target is None or target in self.component.branches or self.scope.labelled(name.text):
            return False
        if follows is None or isinstance(follows, (Short, Setting, Bound, Body)):
            self._wrong(
                WRONG_VALUE,
                text("`{name}` needs a value", name=name.text),
                name.span,
                text("write `{name}=…`", name=name.text),
            )
            # The parameter counts as given, so that it is not reported as missing too.
            self.arguments.spans.setdefault(target, name.span)
            return True
        span = name.span.to(follows.span)
        if joined:
            message = text("a short holds a whole number, found `{found}`", found=span.text)
        else:
            message = text("`{name}` needs a `=` before its value", name=name.text)
        self._wrong(WRONG_VALUE, message, span, fix=f"{letters}={span.text[len(letters) :].lstrip()}")
        # The value belongs to the name, and must not fill a positional parameter too.
        self.taken = (follows,)
        value = evaluate(follows, self.scope, self.context)
        if joined and isinstance(value, (int, float)):
            # `p0.5` is read as `p0` and `.5`; together they are the number.
            value += float(name.text[len(letters) :] or 0)
        self._fill(target, value, span)
        return True

    def _unknown_name(self, name: Name, follows: Item | None) -> None:
        self.arguments.sound = False
        if self._joins_sizes(name, follows):
            return
        words = [word for parameter in self.parameters.values() for word in parameter.choices]
        flags = [name for name, parameter in self.parameters.items() if bool in parameter.options]
        known = [*words, *flags, *self.scope.names() - {name.text}]
        near = self.context.report.unknown(
            UNKNOWN_NAME, unknown_name(name.text), name.text, name.span, known, usage(self.component)
        )
        # A value that is surely meant is bound, so that nothing else of the statement is reported.
        if near and (near in words or near in flags or self.scope.lookup(near) is not MISSING):
            self._bare_name(Name(near, name.span), None)
        else:
            self.arguments.misplaced = True

    def _joins_sizes(self, name: Name, follows: Item | None) -> bool:
        """Whether an `x` stands between two expressions in parentheses, which it cannot join. Reports it."""
        before = name.span.source.text[name.span.start - 1 : name.span.start]
        is_between = before == ")" and isinstance(follows, Parenthesis) and follows.span.start == name.span.end
        if name.text != "x" or not is_between or not isinstance(follows, Parenthesis):
            return False
        fix = Fix("write `,` between computed sizes", (Edit(name.span, ","),))
        self.context.report(UNKNOWN_NAME, "`x` joins only numbers and names", name.span, fix=fix)
        # Both sizes belong to the parameter of the first one, which has no other mistake.
        self.taken = (follows,)
        evaluate(follows, self.scope, self.context)
        for parameter, span in self.arguments.spans.items():
            if span.end == name.span.start:
                self.arguments.values.pop(parameter, None)
                self.arguments.open_sizes.pop(parameter, None)
        return True

    def _positional(self, item: Value, value: object) -> None:
        self._positional_span(item.span, value)

    def _positional_span(self, span: Span, value: object) -> None:
        parameter = self._next_positional()
        if parameter is None:
            self._too_many(span)
        elif not self._is_second_size(span, value, parameter) and not self._is_one_of_several(span, value, parameter):
            self._fill(parameter.name, value, span)

    def _is_second_size(self, span: Span, value: object, parameter: Parameter) -> bool:
        """Whether `10` in `linear 784 10` is a size as in torch's order: its parameter takes no number."""
        # For Python, `True` is an int, but it is not a size.
        if type(value) is not int or converter(parameter)(value) is not INVALID:
            return False
        message = _expects(parameter, value)
        return self._as_flow(WRONG_VALUE, message, self._numbers_up_to(span))

    def _is_one_of_several(self, span: Span, value: object, parameter: Parameter) -> bool:
        """Whether the second 8 in `layernorm 8 8` belongs to a list: its own parameter takes no number."""
        if type(value) not in (int, float) or converter(parameter)(value) is not INVALID:
            return False
        if meant(value, parameter):  # 1 for `true`
            return False
        numbers = [*self._numbers_up_to(span), *self._numbers_behind(span)]
        return self._as_one(WRONG_VALUE, _expects(parameter, value), numbers)

    def _too_many(self, span: Span) -> None:
        """Reports a value for which no parameter is left. The numbers after it belong to the same mistake."""
        extra = self._numbers_behind(span)
        numbers = [*self._numbers_up_to(span), *extra]
        self.taken = extra
        message, code = (
            text("`{component}` takes no further argument", component=self.component.name),
            TOO_MANY_ARGUMENTS,
        )
        if not self._as_flow(code, message, numbers) and not self._as_one(code, message, numbers):
            whole = span.to(extra[-1].span) if extra else span
            self._wrong(code, message, whole, takes(self.component))

    def _numbers_behind(self, span: Span) -> list[Number]:
        """The numbers that stand side by side after a place."""
        items = self.statement.items
        last = next(at for at, item in enumerate(items) if item.span == span)
        behind = takewhile(lambda item: isinstance(item, Number), items[last + 1 :])
        return [item for item in behind if isinstance(item, Number)]

    def _numbers_up_to(self, span: Span) -> list[Number]:
        """The numbers that stand side by side up to the one at a place; empty if there is none."""
        numbers: list[Number] = []
        for item in self.statement.items:
            if not isinstance(item, Number):
                numbers = []
            else:
                numbers.append(item)
            if item.span == span:
                return numbers
        return []

    def _as_flow(self, code: Code, message: str, numbers: Sequence[Number]) -> bool:
        """Takes two numbers as the sizes on both sides of `->`, if they can mean nothing else."""
        flow = self.component.flow if isinstance(self.component, Layer) else None
        # The first number must stand where torch has the input size.
        if flow is None or self.statement.flow or len(numbers) != 2 or self._filled_by(numbers[0]) != flow[1]:
            return False
        whole = numbers[0].span.to(numbers[1].span)
        self._wrong(code, message, numbers[1].span, fix=Edit(whole, "->".join(number.span.text for number in numbers)))
        # The parameter that it filled is free again.
        self._forget(flow[1])
        for name, number in zip(flow, numbers, strict=True):
            self._fill(name, number.value, number.span)
        return True

    def _as_one(self, code: Code, message: str, numbers: Sequence[Number]) -> bool:
        """Takes numbers side by side as one list or size: `permute 1 2 0`."""
        # The numbers before may have filled other parameters by mistake: `normalize 0.5 0.5 0.5` fills two.
        filled = [at for at, number in enumerate(numbers) if self._filled_by(number)][-2:]
        at = next((at for at in filled if self._takes_all(numbers[at:])), None)
        if at is None:
            return False
        numbers = numbers[at:]
        name = self._filled_by(numbers[0])
        assert name is not None
        value = tuple(number.value for number in numbers)
        whole = numbers[0].span.to(numbers[-1].span)
        is_size = all(isinstance(size, int) and size >= 0 for size in value) and "," not in self.component.example
        fix = Edit(whole, ("x" if is_size else ",").join(number.span.text for number in numbers))
        self._wrong(code, message, numbers[1].span.to(whole), fix=fix)
        self.taken = numbers
        for filler in dict.fromkeys(filter(None, map(self._filled_by, numbers))):
            self._forget(filler)
        self._fill(name, value, whole)
        return True

    def _takes_all(self, numbers: Sequence[Number]) -> bool:
        """Whether the parameter that the first number fills takes all of them as one value."""
        name = self._filled_by(numbers[0])
        value = tuple(number.value for number in numbers)
        return name is not None and len(numbers) > 1 and converter(self.parameters[name])(value) is not INVALID

    def _filled_by(self, number: Number) -> str | None:
        """The parameter that a number fills."""
        return next((name for name, span in self.arguments.spans.items() if span == number.span), None)

    def _forget(self, name: str) -> None:
        del self.arguments.spans[name]
        self.arguments.values.pop(name, None)

    def _next_positional(self) -> Parameter | None:
        filled, branches = self.arguments.spans, self.component.branches
        for name, parameter in self.parameters.items():
            if parameter.positional and name not in filled and name not in branches:
                return parameter
        return None

    def _fill(self, name: str, value: object, span: Span) -> None:
        spans, values = self.arguments.spans, self.arguments.values
        if name in spans:
            first = Label(spans[name], "first given here")
            self.context.report(
                GIVEN_TWICE, text("`{name}` is given twice", name=name), span, labels=[first], help="delete one of them"
            )
            self.arguments.sound = False
            # It is unknown which one is meant, so neither counts.
            values.pop(name, None)
            return
        spans[name] = span
        if value is HOLE and isinstance(self.component, (Layer, Block)):
            value = self._ask(name, span)
        if value is INVALID:
            self.arguments.sound = False
            return
        # `none` for an input size means that it is left out.
        if value is None and name in self._stated():
            return
        if isinstance(value, Unknown) and not isinstance(self.component, (Layer, Block)):
            message = text(
                "`{parameter}` expects {expected}, found `{found}`",
                parameter=name,
                expected=expected(self.parameters[name]),
                found=span.text,
            )
            self._wrong(WRONG_VALUE, message, span, "only layers know the size of their input")
            return
        converted = converter(self.parameters[name])(value)
        if converted is INVALID:
            self._wrong_type(name, value, span)
        elif limit := beyond(converted):
            self._wrong(TOO_LARGE, text("`{name}` must be below {limit}", name=name, limit=limit), span, None)
        else:
            values[name] = converted

    def _ask(self, name: str, span: Span) -> object:
        """The value of a `?` in this attempt; None for a size that is inferred from the input anyway."""
        stated = name in self._stated()
        self.context.assumptions.placeholders.setdefault(span, Placeholder(span, name, stated))
        return None if stated else self.context.assumptions.values.get(span, UNKNOWN)

    def _stated(self) -> Mapping[str, int]:
        return self.component.stated if isinstance(self.component, Layer) else {}

    def _wrong_type(self, name: str, value: object, span: Span) -> None:
        parameter = self.parameters[name]
        # A layer that needs the same size for its weights reports that itself.
        if isinstance(self.component, Layer) and _is_open(value):
            self.arguments.sound = False
            self.arguments.open_sizes[name] = _expects(parameter, value)
            return
        # The value of a variable is not corrected here, because the text at hand is the variable's name.
        written = span.text.strip('"') == str(value)
        # A misspelt variable is more likely than a misspelt word.
        names = self.scope.names() - {str(value)}  # a block of this name is no value
        if isinstance(value, Word) and written and nearest(value, names, SURE):
            self.arguments.sound = False
            self.context.report.unknown(UNKNOWN_NAME, unknown_name(value), value, span, names)
            return
        # `0,5` is read as two numbers, which a parameter of one real number never takes.
        if float in parameter.options and re.fullmatch(_DECIMAL_COMMA, span.text):
            self._wrong(WRONG_VALUE, _expects(parameter, Word(span.text)), span, fix=span.text.replace(",", "."))
            return
        self._wrong(WRONG_VALUE, _expects(parameter, value), span, fix=meant(value, parameter) if written else None)

    def _names_a_body(self, name: Name) -> bool:
        parameter = self.parameters.get(name.text)
        return parameter is not None and parameter.is_branch and not parameter.is_many

    def _body(self, body: Body, previous: Item | None) -> None:
        named = isinstance(previous, Name) and self._names_a_body(previous)
        if not self.component.branches:
            message = text("`{component}` takes no body", component=self.component.name)
            brace = body.span.source.span(body.span.start, body.span.start + 1)
            self._wrong(WRONG_BODY, message, brace, "write its layers after it, separated by `;`")
            return
        self.arguments.bodies.append((previous.text if named and isinstance(previous, Name) else None, body))

    def _missing(self) -> None:
        missing = [name for name in self.component.required if name not in self.arguments.spans]
        # A misplaced item was probably meant for the parameter that is missing.
        if missing and not self.arguments.misplaced:
            needs = join_and(f"`{name}`{in_words(self.parameters[name])}" for name in missing)
            message = text("`{component}` needs {parameters}", component=self.component.name, parameters=needs)
            self._wrong(MISSING_ARGUMENT, message, self.statement.name.span, usage(self.component))

    def _settable(self) -> list[str]:
        return [name for name, parameter in self.parameters.items() if not parameter.is_branch]

    def _wrong(
        self, code: Code, message: str, span: Span, help: str | None = None, fix: str | Edit | None = None
    ) -> None:
        """Reports a mistake. `fix` is the right text for the span, or an edit elsewhere."""
        self.arguments.sound = False
        edit = Edit(span, fix) if isinstance(fix, str) else fix
        written = Fix(text("write `{text}`", text=edit.text), (edit,)) if edit else None
        caption = self.scope.caption(span) if code is WRONG_VALUE else ""
        self.context.report(code, message, span, caption, help=help, fix=written)


def _is_open(value: object) -> bool:
    return any(isinstance(part, Expr) for part in (value if isinstance(value, tuple) else (value,)))


def _expects(parameter: Parameter, value: object) -> str:
    return text(
        "`{parameter}` expects {expected}, found {found}",
        parameter=parameter.name,
        expected=expected(parameter),
        found=show(value),
    )

"""The shape of the net's input: the `input` line and the data, compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from netdsl.checker.arguments.codes import GIVEN_TWICE, WRONG_VALUE
from netdsl.checker.arguments.values import INVALID, evaluate
from netdsl.checker.context import Context
from netdsl.checker.experiment.codes import INPUT_CONTRADICTS_DATA
from netdsl.checker.experiment.settings import allowed
from netdsl.checker.names.codes import WRONG_LABEL
from netdsl.checker.names.scope import Labelled, Scope, Word, as_name
from netdsl.checker.value import UNKNOWN_VALUE, Origin, Value
from netdsl.components import InputFacts, NamedShapes
from netdsl.core.diagnostics import Edit, Fix, Label
from netdsl.core.sizes import UNKNOWN, Expr, Shape, format_shape, symbol
from netdsl.core.source import Span
from netdsl.core.text import text
from netdsl.language import syntax
from netdsl.language.statements import DATA, INPUT
from netdsl.language.syntax import Body, Bound, Setting, Short, Statement
from netdsl.program import DataUse


class Inputs(NamedTuple):
    """What flows into the net: the current value at its beginning, and the inputs that have names, by these."""

    value: Value
    named: Mapping[str, Labelled] = MappingProxyType({})


class InputLine(NamedTuple):
    """The `input` line, and the inputs that it names."""

    statement: Statement | None = None
    named: Mapping[str, Labelled] = MappingProxyType({})

    @property
    def shapes(self) -> NamedShapes:
        """What a data set is told of them."""
        return tuple((name, one.shape or (UNKNOWN,)) for name, one in self.named.items())


def read_input_line(directives: Mapping[str, Sequence[Statement]], scope: Scope, context: Context) -> InputLine:
    """The line by itself: the data set is asked for what it names."""
    statement = next(iter(allowed(INPUT, directives, context)), None)
    if statement is None or not any(isinstance(item, Setting) for item in statement.items):
        return InputLine(statement)
    return InputLine(statement, _named(statement, scope, context))


def find_inputs(
    line: InputLine,
    directives: Mapping[str, Sequence[Statement]],
    data: DataUse | None,
    scope: Scope,
    context: Context,
) -> Inputs:
    """The net's input: as stated, as the data give it, or as the first layer assumes."""
    statement = line.statement
    if statement is not None and any(isinstance(item, Setting) for item in statement.items):
        named = dict(line.named)
        if data is not None and named:
            named = _fed(named, data, directives[DATA.name][0], context)
        return Inputs(next(iter(named.values())).value if named else UNKNOWN_VALUE, named)
    return Inputs(_input_value([] if statement is None else [statement], directives, data, scope, context))


def _named(statement: Statement, scope: Scope, context: Context) -> dict[str, Labelled]:
    """The named inputs of an `input` line; one whose size is wrong is entered, so that its label is known."""
    found: dict[str, Labelled] = {}
    for item in statement.items:
        if not isinstance(item, Setting):
            message = text("`{found}` has no name, but the other inputs have one", found=item.span.text)
            context.report(WRONG_VALUE, message, item.span, help=_named_form())
            continue
        name = item.name
        if name.text in found:
            first = Label(found[name.text].span, "first named here")
            message = text("the input `{name}` is given twice", name=name.text)
            context.report(GIVEN_TWICE, message, name.span, labels=[first])
            continue
        if "." in name.text:
            message = text("`{name}` cannot name an input", name=name.text)
            context.report(WRONG_LABEL, message, name.span, help="a name is one word")
        shape = _shape(item.value, scope, context, _named_form())
        value = UNKNOWN_VALUE if shape is None else Value(shape, "any", Origin(item.span, shape), inputs=(name.text,))
        found[name.text] = Labelled(name.text, value, name.span, item.span)
    for part in (statement.flow, statement.label):
        if part is not None:
            context.report(WRONG_VALUE, "`input` takes sizes with their names", part.span, help=_named_form())
    return found


def _fed(named: dict[str, Labelled], data: DataUse, data_line: Statement, context: Context) -> dict[str, Labelled]:
    """The named inputs, held against what the data set gives to each."""
    if len(named) == 1:
        ((name, only),) = named.items()
        return {name: _fed_one(only, data.shape, data.facts.all_inputs[0], data_line, context)}
    given = {one.facts.name: one for one in data.inputs}
    return {
        name: _fed_one(one, given[name].shape, given[name].facts, data_line, context) if name in given else one
        for name, one in named.items()
    }


def _fed_one(one: Labelled, shape: Shape | None, facts: InputFacts, data_line: Statement, context: Context) -> Labelled:
    if one.value.shape is None or shape is None:
        return one._replace(value=one.value._replace(dtype=facts.dtype))
    # Words that a repair has moved stand at one place, all of them.
    start = min(one.span.end + 1, one.statement.end)
    place = Span(one.statement.source, start, one.statement.end)
    agreed = _agreed(one.value.shape, place, shape, data_line, context)
    return one._replace(value=one.value._replace(shape=agreed, dtype=facts.dtype))


def _named_form() -> str:
    return text("write `input user=1 item=1`: each input with its name and its size")


def _input_value(
    statements: Sequence[Statement],
    directives: Mapping[str, Sequence[Statement]],
    data: DataUse | None,
    scope: Scope,
    context: Context,
) -> Value:
    stated = _stated(statements[0], scope, context) if statements else None
    dtype = data.facts.dtype if data else "any"
    known = data.shape if data else None
    unreadable = context.assumptions.unreadable
    # The `input` line wins over the data, so that messages stand where the user wrote something.
    if stated is not None:
        if data is not None:
            place = statements[0].items[0].span
            stated = _agreed(stated, place, data.shape, directives[DATA.name][0], context)
        return Value(stated, dtype, Origin(statements[0].span, stated))
    # The stated shape is lost, and a guess would cause further messages.
    if statements or unreadable.holds(INPUT.name):
        return Value(None, assumed=True)
    if known is not None and data is not None and data.span is not None:
        return Value(known, dtype, Origin(data.span, known))
    # The same holds for data with a mistake.
    if unreadable.holds(DATA.name) or (directives[DATA.name] and (data is None or context.report.diagnostics)):
        return Value(None, assumed=True)
    return Value(context.assumptions.input, dtype)


def _stated(statement: Statement, scope: Scope, context: Context) -> Shape | None:
    """The shape of an `input` line that names no input."""
    advice = "write `input 3x32x32`, or `input 3xHxW` for any height and width"
    if len(statement.items) != 1 or statement.flow or statement.label:
        context.report(WRONG_VALUE, "`input` takes one size", statement.span, help=advice)
        return None
    (item,) = statement.items
    item = as_name(item) or item
    if isinstance(item, (Short, Setting, Bound, Body)):
        message = text("`input` takes one size, found `{found}`", found=item.span.text)
        context.report(WRONG_VALUE, message, item.span, help=advice)
        return None
    return _shape(item, scope, context, advice)


def _shape(item: syntax.Value, scope: Scope, context: Context, advice: str) -> Shape | None:
    """The shape that a size stands for; its symbols become names in scope."""
    value = evaluate(item, scope, context)
    # A letter inside `3xH` is a symbol; alone it was read as a name.
    if isinstance(value, Word) and len(value) == 1 and "A" <= value <= "Z":
        value = symbol(value)
    shape = value if isinstance(value, tuple) else (value,)
    if not all(isinstance(dim, Expr) or (type(dim) is int and dim >= 1) for dim in shape):
        if value is not INVALID:
            message = text("`input` expects sizes of at least 1, found `{found}`", found=item.span.text)
            context.report(WRONG_VALUE, message, item.span, help=advice)
        return None
    # Layers may use the symbols in arithmetic.
    for dim in shape:
        if isinstance(dim, Expr):
            scope.variables.setdefault(str(dim), dim)
    return shape


def _agreed(stated: Shape, place: Span, given: Shape | None, data_line: Statement, context: Context) -> Shape:
    """The shape with which the check continues: the stated one, if channels and number of axes fit the data."""
    if given is None or _agree(stated, given):
        return stated
    # If only the image size differs, a resize can fix it; otherwise the line is wrong.
    resized = _resized(stated, given, data_line)
    shape = format_shape(given)
    fix = resized or Fix(text("write `{shape}`", shape=shape), (Edit(place, shape),))
    labels = [Label(data_line.span, text("gives {shape}", shape=shape))]
    message = text(
        "the input is stated as {stated}, but the data gives {given}", stated=format_shape(stated), given=shape
    )
    context.report(INPUT_CONTRADICTS_DATA, message, place, "stated here", labels=labels, fix=fix)
    # The check continues with the shape that the fix would give.
    return stated if resized else given


def _agree(stated: Shape, given: Shape) -> bool:
    """Whether no size contradicts another; a symbol agrees with any."""
    return len(stated) == len(given) and all(
        one == other or not isinstance(one, int) or not isinstance(other, int)
        for one, other in zip(stated, given, strict=True)
    )


def _resized(stated: Shape, given: Shape, data_line: Statement) -> Fix | None:
    """The fix that resizes images, if only their size differs. It is unsafe, because `input` may be the wrong one."""
    if len(stated) != 3 or len(given) != 3 or not _agree(stated[:1], given[:1]):
        return None
    _, height, width = stated
    step = f"resize {height}x{width}"
    body = next((item for item in data_line.items if isinstance(item, Body)), None)
    if body is None:
        message = text("write `{{ {step} }}` after the data set", step=step)
        return Fix(message, (Edit(_behind(data_line.span), f" {{ {step} }}"),), safe=False)
    if not body.statements:
        return Fix(text("write `{{ {step} }}`", step=step), (Edit(body.span, f"{{ {step} }}"),), safe=False)
    message = text("write `{step}` after the transforms", step=step)
    return Fix(message, (Edit(_behind(body.statements[-1].span), f"; {step}"),), safe=False)


def _behind(span: Span) -> Span:
    return Span(span.source, span.end, span.end)

"""The second use of a module: what `again LABEL` comes to, and why it does not fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from netdsl.checker.context import Constraint, Context
from netdsl.checker.names.codes import WRONG_LABEL
from netdsl.checker.shapes.layer_check import UNDETERMINED_SIZE
from netdsl.checker.value import Value
from netdsl.core.diagnostics import Code, Diagnostic, Label, errors
from netdsl.core.sizes import Shape, Unknown, format_shape, symbols
from netdsl.core.source import Span
from netdsl.core.text import text
from netdsl.language.syntax import Name, Statement
from netdsl.program import Node, Stretch

MISFIT = Code(
    "NET209",
    title="a module that is used again where it does not fit",
    meaning=(
        "`again` applies a module that exists already, with the weights that it was built with. What comes in must "
        "have the sizes that these weights need."
    ),
    example="input left=16 right=12\nlinear 8 as tower; relu as one\nfrom right; again tower; relu; mul one",
    instead="input left=16 right=16\nlinear 8 as tower; relu as one\nfrom right; again tower; relu; mul one",
)


class SecondUse(NamedTuple):
    """A module on another input.

    Args:
        input: what comes in.
        node: what the module is there; what it was built as, where it does not fit.
        value: what it leaves behind.
        constraints: what must hold of the symbols of the input.
        misfit: why the module cannot take this input; empty where it can.
        is_open: whether it could, if only a size were known.
        is_echo: whether that follows from a mistake which is reported already.
    """

    input: Shape
    node: Node
    value: Value
    constraints: Sequence[Constraint] = ()
    misfit: str = ""
    is_open: bool = False
    is_echo: bool = False

    @classmethod
    def of(
        cls,
        shape: Shape,
        built: Node,
        found: Node | Stretch | None,
        value: Value,
        scratch: Context,
        reported: Sequence[Diagnostic],
    ) -> SecondUse:
        """What came of the check of a module's statement on another input, compared with the module as it was built.

        `reported` are the mistakes that are known already.
        """
        mistakes = errors(scratch.report.diagnostics)
        if mistakes:
            is_open = any(one.code == UNDETERMINED_SIZE for one in mistakes)
            known = {(one.code, one.span) for one in reported}
            is_echo = any((one.code, one.span) in known for one in mistakes)
            return cls(shape, built, value, misfit=mistakes[0].message, is_open=is_open, is_echo=is_echo)
        # A size that is not known leaves nothing to build, without a mistake of its own.
        if not isinstance(found, Node):
            return cls(shape, built, value, misfit=built.written, is_echo=True)
        for other, same in _differences(built, found):
            misfit = _describe(other, same)
            return cls(shape, built, value, misfit=misfit, is_open=bool(symbols((*shape, *same.input))))
        return cls(shape, found, value, tuple(scratch.assumptions.constraints))


def report_misfit(label: Name, built: Node, statement: Statement, use: SecondUse, context: Context) -> None:
    """Reports a module that cannot take what comes in, at the label; names the place where it was built."""
    # What is unknown comes from a mistake that is reported already.
    if use.is_echo or any(isinstance(size, Unknown) for size in (*use.input, *built.input)):
        return
    message = text(
        "`{label}` was built for {built} and cannot take {given}",
        label=statement.label.text if statement.label else label.text,
        built=format_shape(built.input),
        given=format_shape(use.input),
    )
    cause = Label(statement.span, text("built here, for {built}", built=format_shape(built.input)))
    code = UNDETERMINED_SIZE if use.is_open else MISFIT
    context.report(code, message, label.span, text("receives {given}", given=format_shape(use.input)),
                   labels=[cause], help=use.misfit)  # fmt: skip


def report_no_module(label: Name, where: Span, context: Context) -> None:
    """Reports a label that stands for no module of this body."""
    message = text("`{label}` stands for no module of this body", label=label.text)
    advice = text(
        "`again` takes the label of a layer, of a composite or of the use of a block that stands above it in the "
        "same body"
    )
    context.report(WRONG_LABEL, message, label.span, labels=[Label(where, "stands here")], help=advice)


def report_own_body(label: Name, where: Span, context: Context) -> None:
    """Reports the label of a statement in whose body it is used: no module is a part of itself."""
    message = text(
        "`{label}` is the statement around this `again`: no module can be a part of itself", label=label.text
    )
    context.report(WRONG_LABEL, message, label.span, labels=[Label(where, "stands here")])


def _differences(built: Node, found: Node) -> Iterator[tuple[Node, Node]]:
    """The layers that would be built otherwise for the other input."""
    if built.call != found.call or [one.step for one in built.children] != [one.step for one in found.children]:
        yield built, found
        return
    for one, other in zip(built.children, found.children, strict=True):
        yield from _differences(one, other)


def _describe(built: Node, found: Node) -> str:
    """What another input would need of a layer: `linear` has in_features=16, and needs 12 here."""
    line, name = built.span.position.line, built.name
    given, wanted = built.call.arguments, found.call.arguments
    is_same_class = built.call._replace(arguments=wanted) == found.call
    for argument in given:
        if is_same_class and given[argument] != wanted.get(argument):
            return text(
                "its `{layer}` in line {line} was built with {argument}={built}, and needs {wanted} here",
                layer=name,
                line=line,
                argument=argument,
                built=given[argument],
                wanted=wanted.get(argument),
            )
    return text("its `{layer}` in line {line} is another module for such an input", layer=name, line=line)

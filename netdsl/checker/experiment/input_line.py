"""The `input` line against what the data gives."""

from __future__ import annotations

from netdsl.checker.experiment.codes import INPUT_CONTRADICTS_DATA
from netdsl.checker.report import Context
from netdsl.core.diagnostics import Edit, Fix, Label
from netdsl.core.sizes import Shape, format_shape
from netdsl.core.source import Span
from netdsl.language.syntax import Body, Statement
from netdsl.program import DataUse


def agreed(stated: Shape, line: Statement, data: DataUse, data_line: Statement, context: Context) -> Shape:
    """The shape to go on with: as stated, unless the data gives another number of channels or of axes."""
    given = data.shape
    if given is None or _agree(stated, given):
        return stated
    resized = _resized(stated, given, data_line)
    fix = resized or Fix(f"write `{format_shape(given)}`", (Edit(line.items[0].span, format_shape(given)),))
    labels = [Label(data_line.span, f"gives {format_shape(given)}")]
    message = f"the input is stated as {format_shape(stated)}, but the data gives {format_shape(given)}"
    context.report(INPUT_CONTRADICTS_DATA, message, line.items[0].span, "stated here", labels=labels, fix=fix)
    return stated if resized else given


def _agree(stated: Shape, given: Shape) -> bool:
    """Whether no size contradicts another; a symbol agrees with any."""
    return len(stated) == len(given) and all(
        one == other or not isinstance(one, int) or not isinstance(other, int)
        for one, other in zip(stated, given, strict=True)
    )


def _resized(stated: Shape, given: Shape, data_line: Statement) -> Fix | None:
    """Scales the images to the stated size, where only that differs."""
    if len(stated) != 3 or len(given) != 3 or not _agree(stated[:1], given[:1]):
        return None
    _, height, width = stated
    step = f"resize {height}" if height == width else f"resize {height}x{width}"
    body = next((item for item in data_line.items if isinstance(item, Body)), None)
    if body is None:
        return Fix(f"write `{{ {step} }}` behind the data set", (Edit(_behind(data_line.span), f" {{ {step} }}"),))
    if not body.statements:
        return Fix(f"write `{{ {step} }}`", (Edit(body.span, f"{{ {step} }}"),))
    return Fix(f"write `{step}` behind the transforms", (Edit(_behind(body.statements[-1].span), f"; {step}"),))


def _behind(span: Span) -> Span:
    return Span(span.source, span.end, span.end)

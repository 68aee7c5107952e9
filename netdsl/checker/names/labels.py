"""What a label means where it is written: a labelled output above, or a named input."""

from __future__ import annotations

from netdsl.checker.context import Context
from netdsl.checker.names.scope import Labelled, Scope
from netdsl.core.diagnostics import Code, Label
from netdsl.core.source import Span
from netdsl.core.text import text
from netdsl.language.syntax import Name

UNKNOWN_LABEL = Code(
    "NET111",
    title="an unknown label",
    meaning=(
        "`concat`, `add`, `mul` and `from` name the outputs of layers that stand above and have a label, in the same "
        "body, one around it or one before it in its statement, or the inputs that the `input` line names. `output` "
        "names outputs of the whole net."
    ),
    example="input 8\nlinear 8 as low\nrelu\nadd lwo",
    instead="input 8\nlinear 8 as low\nrelu\nadd low",
)


def find_label(name: Name, scope: Scope, context: Context) -> Labelled | None:
    """What a label names; one that names nothing in sight is reported."""
    found = scope.labelled(name.text)
    if found is not None:
        return found
    # A label that exists out of sight is not misspelt.
    if (hidden := _hidden(name.text, scope)) is not None:
        message = text("the label `{label}` is out of sight: it stands in a body of its own", label=name.text)
        advice = "label the statement that the body belongs to, and write its label instead"
        context.report(UNKNOWN_LABEL, message, name.span, labels=[Label(hidden, "stands here")], help=advice)
        return None
    advice = "write `as NAME` after the layer whose output is meant"
    message = text("unknown label `{name}`", name=name.text)
    near = context.report.unknown(UNKNOWN_LABEL, message, name.text, name.span, scope.label_names(), advice)
    return scope.labelled(near) if near else None


def _hidden(label: str, scope: Scope) -> Span | None:
    """Where a label stands that is out of sight."""
    around: Scope | None = scope
    while around:
        if label in around.hidden:
            return around.hidden[label]
        # A block sees nothing of where it is used, so that a label there is no candidate.
        around = None if around.is_block else around.parent
    return None

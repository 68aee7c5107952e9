"""`--set` and `--variant`: values that replace those of the file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace

from netdsl.checker.context import Context
from netdsl.checker.names.codes import MALFORMED_DEFINITION
from netdsl.checker.names.scope import as_name
from netdsl.core.diagnostics import Code, Edit, Fix, Label
from netdsl.core.records import record
from netdsl.core.source import Source, Span
from netdsl.core.text import join_and, join_or, text
from netdsl.language.parser import parse
from netdsl.language.statements import DIRECTIVES, LET
from netdsl.language.syntax import Item, Name, Setting, Statement

UNKNOWN_OVERRIDE = Code(
    "NET114",
    title="an unknown variable or variant on the command line",
    meaning=(
        "`--set NAME=VALUE` overrides a variable of a `let`, or an argument of a directive, as in `--set "
        "optimizer.lr=0.1`. `--variant NAME` applies a `variant` of the file, which can override the same."
    ),
    example="let width=64\nvariant wide widht=128\nconv 3->width k3",
    instead="let width=64\nvariant wide width=128\nconv 3->width k3",
)


@record(eq=False)
class Overrides:
    """Values for variables, settings for directives (`optimizer.lr`), and whole directives (`input`, `loss`)."""

    variables: dict[str, Setting] = field(default_factory=dict)
    settings: dict[str, list[Setting]] = field(default_factory=dict)
    lines: dict[str, Statement] = field(default_factory=dict)

    def add(self, key: str, value: str, context: Context) -> None:
        """Adds `--set key=value`."""
        directive, _, parameter = key.partition(".")
        line = f"{directive} {parameter}={value}" if parameter else f"{key} {value}"
        # A key that is not a directive is a variable, even with dots.
        if directive not in DIRECTIVES:
            directive, line = LET.name, f"{LET.name} {key}={value}"
        file, diagnostics = parse(Source(f"--set {key}", line))
        context.report.diagnostics += diagnostics
        for statement in file.statements:
            self._take(directive, statement, whole=not parameter)

    def _take(self, directive: str, statement: Statement, whole: bool) -> None:
        settings = [item for item in statement.items if isinstance(item, Setting)]
        if directive == LET.name:
            self.variables |= {setting.name.text: setting for setting in settings}
        elif whole:
            self.lines[directive] = statement
        else:
            self.settings.setdefault(directive, []).extend(settings)

    def add_variant(self, statement: Statement) -> None:
        """Adds the settings of a `variant`. Values of `--set` win over them."""
        for item in statement.items[1:]:
            if isinstance(item, Setting):
                directive, _, parameter = item.name.text.partition(".")
                if parameter:
                    renamed = replace(item, name=replace(item.name, text=parameter))
                    # In front: the last value of a name counts, which is that of `--set`.
                    self.settings.setdefault(directive, []).insert(0, renamed)
                else:
                    self.variables.setdefault(item.name.text, item)  # the value of `--set` stays

    def line(self, directive: str, statements: Sequence[Statement]) -> Sequence[Statement]:
        """The statements of a directive as overridden."""
        if directive in self.lines:
            statements = [self.lines[directive]]
        settings = self.settings.get(directive)
        if not settings:
            return statements
        if not statements:
            where = settings[0].span
            # The place of the setting marks the line as added; `is_added` reads it.
            statements = [Statement(Name(directive, where), None, (), None, where)]
        return [_with(statement, settings) for statement in statements]

    def check_names(self, known: Iterable[str], variants: Sequence[Statement], context: Context) -> None:
        """Reports overrides of variables that the file does not have, also those in its variants."""
        written = (item for variant in variants for item in variant.items if isinstance(item, Setting))
        advice = "the file has no such variable: write `let` in it first, or set `train.epochs`, `optimizer.lr`, …"
        # A variant that is not chosen is checked too, because it belongs to the file.
        for setting in (*self.variables.values(), *written):
            name, span = setting.name.text, setting.name.span
            if name in known or name.partition(".")[0] in DIRECTIVES:
                continue
            if lines := _lines_of(name, context):
                message = text(
                    "`{setting}` is not a variable: it is a setting of {lines}",
                    setting=name,
                    lines=join_and(f"`{line}`" for line in lines),
                )
                # If two directives have it, such as `eps` of a loss and an optimizer, it is unknown which is meant.
                full = [f"{line}.{name}" for line in lines]
                edit = (
                    Fix(text("write `{setting}`", setting=full[0]), (Edit(span, full[0]),)) if len(full) == 1 else None
                )
                advice = text("write {settings}", settings=join_or(f"`{one}`" for one in full))
                context.report(UNKNOWN_OVERRIDE, message, span, help=None if edit else advice, fix=edit)
            else:
                unknown = text("unknown variable `{name}`", name=name)
                context.report.unknown(UNKNOWN_OVERRIDE, unknown, name, span, known, advice)


def _lines_of(setting: str, context: Context) -> Sequence[str]:
    """The directives that have a setting of a name."""
    from netdsl.checker.experiment.settings import lines_of  # few overrides are wrong

    return [*lines_of(setting, context.registry)]


def is_added(statement: Statement) -> bool:
    """Whether the line is not in the file: only the command line gives settings for this directive."""
    return bool(statement.items) and statement.items[0].span == statement.name.span


def _with(statement: Statement, settings: Sequence[Setting]) -> Statement:
    """The statement with added settings. The last value of a name counts."""
    last: Mapping[str, Setting] = {setting.name.text: setting for setting in settings}
    items: list[Item] = [
        item for item in statement.items if not isinstance(item, Setting) or item.name.text not in last
    ]
    return replace(statement, items=(*items, *last.values()))


def choose_variant(name: str | None, statements: Sequence[Statement], context: Context) -> Statement | None:
    """The `variant` of a name. Reports mistakes in all variants."""
    named: dict[str, Statement] = {}
    for statement in statements:
        first, *settings = statement.items or (None,)
        head = as_name(first)
        if head is None or not all(isinstance(item, Setting) for item in settings):
            advice = "write `variant wide width=128`"
            context.report(
                MALFORMED_DEFINITION, "`variant` takes a name and settings", statement.name.span, help=advice
            )
        elif head.text in named:
            labels = [Label(named[head.text].items[0].span, "first defined here")]
            context.report(
                MALFORMED_DEFINITION,
                text("the variant `{variant}` is defined twice", variant=head.text),
                head.span,
                labels=labels,
            )
        else:
            named[head.text] = statement
    if name is not None and name not in named:
        # The name comes from the command line, so it is a source of its own.
        source = Source(f"--variant {name}", name)
        advice = (
            text("the file has {variants}", variants=join_and(f"`{known}`" for known in named))
            if named
            else "the file has none"
        )
        context.report.unknown(
            UNKNOWN_OVERRIDE,
            text("unknown variant `{name}`", name=name),
            name,
            Span(source, 0, len(name)),
            named,
            advice,
        )
    return named.get(name) if name else None

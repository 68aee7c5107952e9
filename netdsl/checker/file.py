"""The check of a whole file, from its text to an `Experiment`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from netdsl.checker.arguments.codes import GIVEN_TWICE, WRONG_VALUE
from netdsl.checker.arguments.values import INVALID, evaluate
from netdsl.checker.experiment.budget import check_budget
from netdsl.checker.experiment.directives import ExperimentCheck
from netdsl.checker.experiment.input_line import agreed
from netdsl.checker.names.codes import UNKNOWN_LAYER
from netdsl.checker.names.definitions import Library, define_blocks, defined_names, plain, unused
from netdsl.checker.names.expansion import too_many
from netdsl.checker.names.overrides import Overrides, choose_variant
from netdsl.checker.names.scope import Scope, Word, as_name
from netdsl.checker.names.variables import define_variables
from netdsl.checker.recover.unreadable import Unreadable
from netdsl.checker.report import Assume, Attempt, Context, Exhausted
from netdsl.checker.shapes.body import DEFINITIONS, DIRECTIVES, BodyCheck
from netdsl.checker.shapes.layer_check import Origin, Value
from netdsl.checker.solve.placeholders import fill
from netdsl.checker.solve.solver import Solution, solve
from netdsl.core.diagnostics import Code, Diagnostic, Label, errors
from netdsl.core.sizes import UNKNOWN, Expr, Shape, symbol, symbols
from netdsl.core.sizes import evaluate as evaluate_dim
from netdsl.core.source import Source, Span
from netdsl.core.suggestions import SURE, nearest
from netdsl.language.parser import parse
from netdsl.language.syntax import Body, Bound, File, Name, Setting, Short, Statement
from netdsl.lints import heard, lint
from netdsl.plugins.registry import Registry
from netdsl.program import DataUse, Experiment, Network

NO_NET = Code(
    "NET116",
    title="no net",
    meaning="A file describes a net: at least one layer is needed.",
    example="let width=64",
    instead="let width=64\nconv 3->width k3",
)

NO_INPUT_FITS = Code(
    "NET206",
    title="no input fits",
    meaning="The sizes that the input leaves open have to meet several conditions, and no value meets all of them.",
    example="conv 3->32 k5 p2; maxpool 2\nflatten\nlinear 1000->64",
    instead="conv 3->32 k5 p2; maxpool 2\nflatten\nlinear 1024->64",
)

UNSTATED_INPUT = Code(
    "NET207",
    title="nothing says what comes in",
    meaning=(
        "Without an `input` line and without `data`, the shape of a sample comes from what the layers state. The "
        "first ones here state nothing."
    ),
    example="relu\ntanh",
    instead="input 8\nrelu\ntanh",
)


def check(
    source: Source,
    registry: Registry,
    *,
    overrides: Mapping[str, str] | None = None,
    variant: str | None = None,
    folder: Path | None = None,
) -> tuple[Experiment | None, list[Diagnostic]]:
    """The checked program of a text, and everything that is wrong with it, in the order of the text.

    Args:
        source: the text.
        registry: the names of the language.
        overrides: `--set`: `{"width": "128", "optimizer.lr": "0.1", "input": "3x32x32"}`.
        variant: the `variant` to apply.
        folder: what paths in the text are relative to; the folder of the source's name unless given.

    Returns:
        The experiment, None where there is no net to speak of (with errors it may be partial), and the diagnostics.
    """
    file, unreadable = parse(source)
    folder = folder or Path(source.name).parent
    job = _Job(file, registry, overrides or {}, variant, folder)
    attempt = job.attempt({})
    if attempt.context.holes:
        attempt = fill(attempt, file, job.attempt)
    found = [*unreadable, *attempt.context.diagnostics]
    if attempt.experiment is not None:
        found += lint(attempt.experiment, file, found, registry.lints)
    return attempt.experiment, sorted(heard(found), key=lambda one: (one.span.source is not source, one.span.start))


class _Job(NamedTuple):
    """A file and how to check it."""

    file: File
    registry: Registry
    overrides: Mapping[str, str]
    variant: str | None
    folder: Path

    def attempt(self, guesses: dict[Span, int], assumed: Shape | None = None) -> Attempt:
        """Checks the file with these values for its holes and, where nothing says it, this input."""
        unreadable = Unreadable(self.file.invalid)
        context = Context(self.registry, self.file.source, self.folder, guesses, assumed, unreadable=unreadable)
        attempt = Attempt(context)
        with suppress(Exhausted):
            try:
                attempt.experiment = _FileCheck(self, context).run()
            except Assume as assume:
                return self.attempt(guesses, assume.shape)
        return attempt


class _FileCheck:
    """One pass, top to bottom."""

    def __init__(self, job: _Job, context: Context) -> None:
        self.job = job
        self.context = context
        self.scope = Scope()
        self.overrides = Overrides()
        self.directives: dict[str, Sequence[Statement]] = {}
        self.layers: list[Statement] = []

    def run(self) -> Experiment | None:
        self._sort()
        self._define()
        if where := too_many(self.layers, self.scope, self.context):
            self.context.exhausted(where)
        experiment = ExperimentCheck(self.directives, self.scope, self.context)
        data = experiment.data()
        value = self._input(data)
        body = BodyCheck(self.context, self.scope, value)
        self.scope.input = value.shape
        source = self.context.source
        body.run(self.layers, source.span(0, len(source.text)))
        for block in self.scope.blocks.values():
            if block not in self.context.used and block.body.span.source is source:
                body.glance(block.body, unused(block))
        if not self.layers:
            self._empty()
            return None
        network = self._network(value, body)
        if network is None:
            return None
        checked = experiment.finish(network, data)
        check_budget(self.directives.get("budget", ()), checked, self.scope, self.context)
        return replace(checked, network=self._solved(network))

    def _sort(self) -> None:
        """Parts the file into directives, definitions and the net."""
        found: dict[str, list[Statement]] = {}
        known = {*self.context.registry.layers, *defined_names(self.job.file.statements), *DIRECTIVES, *DEFINITIONS}
        for statement in self.job.file.statements:
            name = self._meant(statement.name, known)
            if name in DIRECTIVES or name in DEFINITIONS:
                meant = replace(statement, name=replace(statement.name, text=name))
                found.setdefault(name, []).append(plain(meant, self.context))
            else:
                self.layers.append(statement)
        self.definitions = found
        for key, text in self.job.overrides.items():
            self.overrides.add(key, text, self.context)
        variant = choose_variant(self.job.variant, found.get("variant", ()), self.context)
        if variant:
            self.overrides.add_variant(variant)
        self.directives = {name: self.overrides.line(name, found.get(name, ())) for name in DIRECTIVES}

    def _meant(self, name: Name, known: Set[str]) -> str:
        """The word that a statement begins with, as it is surely meant where it is no layer."""
        if name.text in known or name.text == "repeat" or name.text.startswith("nn."):
            return name.text
        near = nearest(name.text, known | {"repeat"}, SURE)
        if near in DIRECTIVES or near in DEFINITIONS:
            self.context.unknown(UNKNOWN_LAYER, "statement", name.text, name.span, [near])
            return near
        return name.text

    def _define(self) -> None:
        """Enters variables and blocks into the file's scope."""
        for statement in self.definitions.get("let", ()):
            define_variables(statement, self.scope, self.context, self.overrides.variables)
        for name in self.context.unreadable.names(self.context.source):
            self.scope.variables.setdefault(name, INVALID)
        self.overrides.check_names(self.scope.variables, self.definitions.get("variant", ()), self.context)
        library = Library(self.context)
        define_blocks(self.definitions.get("block", ()), self.scope, self.context)
        for statement in self.definitions.get("use", ()):
            library.use(statement, self.scope, self.job.folder)

    def _input(self, data: DataUse | None) -> Value:
        """What flows into the net: as stated, as the data has it, or as the first layer takes for granted."""
        statements = self.directives["input"]
        for other in statements[1:]:
            first = Label(statements[0].name.span, "first given here")
            message, advice = "`input` stands twice", "delete one of them"
            self.context.report(GIVEN_TWICE, message, other.name.span, labels=[first], help=advice)
        stated = self._stated(statements[0]) if statements else None
        dtype = data.facts.dtype if data else "any"
        known = data.shape if data else None
        if stated is not None:
            if data is not None:
                stated = agreed(stated, statements[0], data, self.directives["data"][0], self.context)
            return Value(stated, dtype, Origin(statements[0].span, stated))
        if statements or self.context.unreadable.holds("input"):
            return Value(None, guessed=True)
        if known is not None and data is not None and data.span is not None:
            return Value(known, dtype, Origin(data.span, known))
        lost = self.context.unreadable.holds("data")
        if lost or (self.directives["data"] and (data is None or self.context.diagnostics)):
            return Value(None, guessed=True)
        return Value(self.context.assumed, dtype)

    def _stated(self, statement: Statement) -> Shape | None:
        """The shape of an `input` line; its symbols become names in scope."""
        advice = "write `input 3x32x32`, or `input 3xHxW` for any height and width"
        if len(statement.items) != 1 or statement.flow or statement.label:
            self.context.report(WRONG_VALUE, "`input` takes one size", statement.span, help=advice)
            return None
        (item,) = statement.items
        item = as_name(item) or item
        if isinstance(item, (Short, Setting, Bound, Body)):
            message = f"`input` takes one size, found `{item.span.text}`"
            self.context.report(WRONG_VALUE, message, item.span, help=advice)
            return None
        value = evaluate(item, self.scope, self.context)
        if isinstance(value, Word) and len(value) == 1 and "A" <= value <= "Z":
            value = symbol(value)
        shape = value if isinstance(value, tuple) else (value,)
        if not all(isinstance(dim, Expr) or (type(dim) is int and dim >= 1) for dim in shape):
            if value is not INVALID:
                message = f"`input` expects sizes of at least 1, found `{item.span.text}`"
                self.context.report(WRONG_VALUE, message, item.span, help=advice)
            return None
        for dim in shape:
            if isinstance(dim, Expr):
                self.scope.variables.setdefault(str(dim), dim)
        return shape

    def _empty(self) -> None:
        """A file without a net: a library of blocks is fine to check, anything else is a mistake."""
        if "block" in self.definitions or self.job.file.invalid:
            return
        end = len(self.context.source.text)
        advice = "a net is a list of layers, for example `conv 3->32 k5 p2; maxpool 2; flatten; linear 8192->10`"
        self.context.report(NO_NET, "there is no net here", self.context.source.span(end, end), help=advice)

    def _network(self, value: Value, body: BodyCheck) -> Network | None:
        call, _ = body.container()
        if value.shape is None and not value.guessed and not errors(self.context.diagnostics):
            first = self.layers[0]
            advice = "write `input 3x32x32` above the net"
            self.context.report(UNSTATED_INPUT, "nothing says what comes in", first.name.span, help=advice)
        if value.shape is None and not body.nodes:
            return None
        out = (UNKNOWN,) if body.value.shape is None else body.value.shape
        return Network(value.shape or (), out, tuple(body.nodes), call, dtype=self.context.dtype)

    def _solved(self, network: Network) -> Network:
        """The net with the sizes that fit; none fitting is an error where it becomes so."""
        if not symbols(network.input) or errors(self.context.diagnostics):
            return network
        solution = solve(network.input, self.context.constraints)
        if not isinstance(solution, Solution):
            advice = "state the input: `input 3x32x32`"
            self.context.report(NO_INPUT_FITS, f"no input size fits: {solution.message}", solution.span, help=advice)
            return network
        example = tuple(evaluate_dim(dim, solution.values) for dim in network.input)
        return replace(network, fits=solution.words, example=example)

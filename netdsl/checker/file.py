"""The check of a whole file, from its text to an `Experiment`, in five steps.

1. recover: what was written is repaired where what was meant is plain.
2. names: variables, blocks and files of blocks get their meanings.
3. arguments: each statement's items fill the parameters of what it names.
4. shapes: each layer's rule says what becomes of the shape that comes in.
5. experiment: the directives around the net, and what they ask of it.

Steps 1 and 2 go over the file's definitions, then all of 1 to 4 over the net, one statement after the other: `in` and
`features` are sizes, so that arguments may depend on the shapes before them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from netdsl.checker.arguments.codes import TOO_LARGE
from netdsl.checker.arguments.values import INVALID
from netdsl.checker.context import Assumptions, Attempt, Context, Guesses
from netdsl.checker.experiment.directives import ExperimentCheck
from netdsl.checker.experiment.input_line import input_value
from netdsl.checker.memory import Memory
from netdsl.checker.names.definitions import Library, define_blocks, unused
from netdsl.checker.names.expansion import too_many
from netdsl.checker.names.overrides import Overrides, choose_variant
from netdsl.checker.names.scope import Scope
from netdsl.checker.names.variables import define_variables
from netdsl.checker.recover.first_words import part
from netdsl.checker.recover.torch_order import torch_order
from netdsl.checker.recover.unreadable import Unreadable
from netdsl.checker.shapes.body import BodyCheck
from netdsl.checker.shapes.layer_check import Value
from netdsl.components.registry import Registry
from netdsl.core.diagnostics import Code, Diagnostic, errors
from netdsl.core.limits import MAX_LAYERS
from netdsl.core.sizes import UNKNOWN, Shape, symbols
from netdsl.core.sizes import evaluate as evaluate_dim
from netdsl.core.source import Source
from netdsl.core.text import say, text
from netdsl.language.statements import BLOCK, BUDGET, DIRECTIVES, LET, USE, VARIANT
from netdsl.language.syntax import File
from netdsl.lints import find_warnings, without_allowed
from netdsl.program import Experiment, Network, arrange

if TYPE_CHECKING:
    from netdsl.checker.trace import Trace

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


PINNED_SIZE = Code(
    "NET921",
    title="a join that one size alone fits",
    meaning=(
        "The input leaves a size open, and the outputs that are joined agree at one value of it alone, by chance. At "
        "all other sizes their shapes differ, which nobody means."
    ),
    example="input 16xHxW\nresidual { conv 16 k3 s2 p1 }",
    instead="input 16xHxW\nresidual { conv 16 k3 s2 p1 } shortcut { conv 16 k1 s2 }",
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
    checked = _check(source, registry, overrides or {}, variant, folder or Path(source.name).parent, Memory())
    return checked.experiment, diagnose(checked, registry)


class Checked(NamedTuple):
    """A checked text.

    Args:
        file: its tree.
        experiment: its program.
        found: what is wrong with it, in the order in which it was found; `diagnose` adds the lints.
        trace: the way of the check, where it was noted.
    """

    file: File
    experiment: Experiment | None
    found: list[Diagnostic]
    trace: Trace | None


def diagnose(checked: Checked, registry: Registry) -> list[Diagnostic]:
    """Everything that is wrong with a checked text, in its order."""
    file, experiment, found, _ = checked
    # The lints come last: none speaks of what an error has reported already.
    warnings = find_warnings(experiment, file, found, registry.lints) if experiment is not None else []
    # The file's own mistakes come before those of the files that it uses.
    return sorted(
        without_allowed([*found, *warnings]), key=lambda one: (one.span.source is not file.source, one.span.start)
    )


def check_traced(source: Source, registry: Registry, folder: Path, memory: Memory) -> Checked:
    """The check for an editor, where the text is one of many versions: `memory` serves the next one.

    The shapes are there before the lints have been asked, which an editor shows later.
    """
    memory.forget()
    return _check(source, registry, {}, None, folder, memory, traced=True)


def _check(
    source: Source,
    registry: Registry,
    overrides: Mapping[str, str],
    variant: str | None,
    folder: Path,
    memory: Memory,
    *,
    traced: bool = False,
) -> Checked:
    file, unreadable = memory.parse(source, torch_order(registry))
    job = _Job(file, registry, overrides, variant, folder, memory, traced)
    context, experiment = job.attempt({})
    # The first attempt finds the placeholders; only a file that has some is checked several times.
    if context.assumptions.placeholders:
        from netdsl.checker.solve.placeholders import fill  # few files have a `?`

        context, experiment = fill(Attempt(context, experiment), file, job.attempt)
    return Checked(file, experiment, [*unreadable, *context.report.diagnostics], context.trace)


class _Job(NamedTuple):
    """A file and how to check it; what is remembered serves each attempt."""

    file: File
    registry: Registry
    overrides: Mapping[str, str]
    variant: str | None
    folder: Path
    memory: Memory
    traced: bool

    def attempt(self, values: Guesses, assumed: Shape | None = None) -> Attempt:
        """Checks the file with these values for its placeholders and, where nothing says it, this input."""
        unreadable = Unreadable(self.file.invalid)
        assumptions = Assumptions(input=assumed, values=values, unreadable=unreadable)
        context = Context(self.registry, self.file.source, self.folder, assumptions, memory=self.memory)
        if self.traced:
            from netdsl.checker.trace import Trace  # an editor asks for it

            context.trace = Trace()
        experiment = _FileCheck(self, context).run()
        if assumptions.wanted is not None:  # a layer takes an input for granted: all above it is checked with that one
            return self.attempt(values, assumptions.wanted)
        return Attempt(context, experiment)


class _FileCheck:
    """One pass over a file."""

    def __init__(self, job: _Job, context: Context) -> None:
        self.job = job
        self.context = context
        self.scope = Scope()
        self.lines, self.layers = part(job.file.statements, context)
        # Overrides come first: a line that `--set` gives replaces the file's own, which is then never checked.
        self.overrides = self._overrides()
        self.directives = {name: self.overrides.line(name, self.lines.get(name, ())) for name in DIRECTIVES}

    def run(self) -> Experiment | None:
        """The experiment; None where there is no net, or one that is too large."""
        self._define()
        # Nothing is expanded yet: a text of a few lines may ask for billions of layers.
        if where := too_many(self.layers, self.scope, self.context):
            self.context.report(
                TOO_LARGE, text("the net expands to more than {limit:,} layers", limit=MAX_LAYERS), where
            )
            return None
        experiment = ExperimentCheck(self.directives, self.scope, self.context)
        # The data come before the net, since they say the shape of its input unless an `input` line does.
        data = experiment.data()
        if self.context.trace is not None:
            self.context.trace.scope, self.context.trace.data = self.scope, data
        value = input_value(self.directives, data, self.scope, self.context)
        body = self._net(value)
        if self.context.stopped:
            return None
        if not self.layers:
            self._report_no_net()
            return None
        network = self._network(value, body)
        if network is None:
            return None
        checked = experiment.finish(network, data)
        if budgets := self.directives[BUDGET.name]:
            from netdsl.checker.experiment.budget import check_budget  # few files have one

            # It counts what the whole experiment costs, so that it is checked on the finished one.
            check_budget(budgets, checked, self.scope, self.context)
        return checked._replace(network=self._solved(checked.network))

    def _overrides(self) -> Overrides:
        """What `--set` and `--variant` put in the place of what the file says; `--set` goes first."""
        overrides = Overrides()
        for key, value in self.job.overrides.items():
            overrides.add(key, value, self.context)
        variant = choose_variant(self.job.variant, self.lines.get(VARIANT.name, ()), self.context)
        if variant:
            overrides.add_variant(variant)
        return overrides

    def _define(self) -> None:
        """Enters variables and blocks into the file's scope."""
        for statement in self.lines.get(LET.name, ()):
            define_variables(statement, self.scope, self.context, self.overrides.variables)
        # A lost `let` defined some name: uses of it would be reported as unknown, which is an echo.
        for name in self.context.assumptions.unreadable.names(self.context.source):
            self.scope.variables.setdefault(name, INVALID)
        self.overrides.check_names(self.scope.variables, self.lines.get(VARIANT.name, ()), self.context)
        library = Library(self.context)
        define_blocks(self.lines.get(BLOCK.name, ()), self.scope, self.context)
        # Used files come last: of two definitions the file's own is the first.
        for statement in self.lines.get(USE.name, ()):
            library.use(statement, self.scope, self.job.folder)

    def _net(self, value: Value) -> BodyCheck:
        """Checks the net, then the blocks that it does not use."""
        source = self.context.source
        self.scope.input = value.shape
        body = BodyCheck(self.context, self.scope, value)
        body.run(self.layers, source.span(0, len(source.text)))
        # A block that nobody uses may hold mistakes too, and none of them has been looked for.
        for block in self.scope.blocks.values():
            if block not in self.context.expansion.used and block.body.span.source is source:
                body.check_unused(block.body, unused(block))
        return body

    def _report_no_net(self) -> None:
        """A file without a net: a library of blocks is fine to check, anything else is a mistake."""
        # What could not be read may have been the net.
        if BLOCK.name in self.lines or self.job.file.invalid:
            return
        end = len(self.context.source.text)
        advice = "a net is a list of layers, for example `conv 3->32 k5 p2; maxpool 2; flatten; linear 8192->10`"
        self.context.report(NO_NET, "there is no net here", self.context.source.span(end, end), help=advice)

    def _network(self, value: Value, body: BodyCheck) -> Network | None:
        call, _ = body.container()
        # An error above leaves the shape unknown too, and this would be its echo.
        if value.shape is None and not value.assumed and not errors(self.context.report.diagnostics):
            first = self.layers[0]
            advice = "write `input 3x32x32` above the net"
            self.context.report(UNSTATED_INPUT, "nothing says what comes in", first.name.span, help=advice)
        if value.shape is None and not body.nodes:
            return None
        out = (UNKNOWN,) if body.value.shape is None else body.value.shape
        return Network(value.shape or (), out, arrange(body.nodes, ""), call, dtype=self.context.assumptions.dtype)

    def _solved(self, network: Network) -> Network:
        """The net with the sizes that fit; none fitting is an error where it becomes so."""
        # With errors the conditions are incomplete, and what they leave would mislead.
        if not symbols(network.input) or errors(self.context.report.diagnostics):
            return network
        from netdsl.checker.solve.solver import Solution, solve  # only open sizes need it

        solution = solve(network.input, self.context.assumptions.constraints)
        if not isinstance(solution, Solution):
            advice = "state the input: `input 3x32x32`"
            message = text("no input size fits: {reason}", reason=say(solution.message))
            self.context.report(NO_INPUT_FITS, message, solution.span, help=advice)
            return network
        self._warn_of_pins(network)
        example = None
        if solution.values is not None:
            example = tuple(evaluate_dim(dim, solution.values) for dim in network.input)
        return network._replace(fits=solution.words, example=example, open_sizes=solution.sizes)

    def _warn_of_pins(self, network: Network) -> None:
        """Warns of joins that leave one size alone to what the input leaves open."""
        from netdsl.checker.solve.solver import find_pins

        for pin in find_pins(network.input, self.context.assumptions.constraints):
            message = text("only {names} = {size} fits here", names=" = ".join(pin.names), size=pin.size)
            advice = text("{cause} at any other size", cause=say(pin.constraint.message))
            self.context.report(PINNED_SIZE, message, pin.constraint.span, help=advice)

"""The check of a whole file, from its text to an `Experiment`, in five steps.

1. recover: repairs mistakes whose meaning is clear.
2. names: finds the meanings of variables, blocks and used files.
3. arguments: fills the parameters of what each statement names.
4. shapes: each layer's rule turns its input shape into its output shape.
5. experiment: checks the directives around the net.

Steps 1 and 2 are done for the file's definitions. Then steps 1 to 4 are done for the net, one statement after the
other: `in` and `features` are sizes, so arguments may depend on the shapes before them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from netdsl.checker.arguments.codes import TOO_LARGE
from netdsl.checker.arguments.values import INVALID
from netdsl.checker.context import Assumptions, Attempt, Context, Guesses
from netdsl.checker.experiment.directives import ExperimentCheck
from netdsl.checker.experiment.input_line import Inputs, find_inputs, read_input_line
from netdsl.checker.experiment.output_line import find_outputs
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
from netdsl.checker.value import Value
from netdsl.components import Call, Facts
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
from netdsl.program import MULTI_INPUT, DataUse, Experiment, NetInput, NetOutput, Network, Node, arrange

if TYPE_CHECKING:
    from netdsl.checker.trace import Trace

NO_NET = Code(
    "NET116",
    title="no net",
    meaning="A file describes a net. It needs at least one layer.",
    example="let width=64",
    instead="let width=64\nconv 3->width k3",
)

NO_INPUT_FITS = Code(
    "NET206",
    title="no input fits",
    meaning="The open sizes of the input must meet several conditions, and no value meets all of them.",
    example="conv 3->32 k5 p2; maxpool 2\nflatten\nlinear 1000->64",
    instead="conv 3->32 k5 p2; maxpool 2\nflatten\nlinear 1024->64",
)

UNSTATED_INPUT = Code(
    "NET207",
    title="the input shape is not given",
    meaning=(
        "Without an `input` line and without `data`, the shape of a sample comes from what the layers state. The "
        "first ones here state nothing."
    ),
    example="relu\ntanh",
    instead="input 8\nrelu\ntanh",
)


PINNED_SIZE = Code(
    "NET921",
    title="a join that fits only one size",
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
    facts: Facts | None = None,
) -> tuple[Experiment | None, list[Diagnostic]]:
    """The checked program of a text and its diagnostics, in the order of the text.

    Args:
        source: the text.
        registry: the names of the language.
        overrides: `--set`: `{"width": "128", "optimizer.lr": "0.1", "input": "3x32x32"}`.
        variant: the `variant` to apply.
        folder: the folder to which paths in the text are relative; by default the folder of the source's name.
        facts: what an earlier run knew of its data; they are not looked at then, and may be gone.

    Returns:
        The experiment and the diagnostics. The experiment is None if there is no net; with errors it may be partial.
    """
    memory = Memory(facts=facts)
    checked = _check(source, registry, overrides or {}, variant, folder or source.folder, memory)
    return checked.experiment, diagnose(checked, registry)


class Checked(NamedTuple):
    """A checked text.

    Args:
        file: its tree.
        experiment: its program.
        found: its diagnostics in the order of the check; `diagnose` adds the lints.
        trace: the record of the check, if an editor asked for it.
    """

    file: File
    experiment: Experiment | None
    found: list[Diagnostic]
    trace: Trace | None


def diagnose(checked: Checked, registry: Registry) -> list[Diagnostic]:
    """All diagnostics of a checked text, in the order of the text."""
    file, experiment, found, _ = checked
    # The lints come last: they leave out what an error has reported already.
    warnings = find_warnings(experiment, file, found, registry.lints) if experiment is not None else []
    # The file's own mistakes come before those of used files.
    return sorted(
        without_allowed([*found, *warnings]), key=lambda one: (one.span.source is not file.source, one.span.start)
    )


def check_traced(source: Source, registry: Registry, folder: Path, memory: Memory) -> Checked:
    """The check for an editor. The text is one of many versions; `memory` makes the check of the next one faster.

    The lints are left out: an editor shows shapes first, and calls `diagnose` later.
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
    # The first attempt finds the placeholders. Only a file that has some is checked several times.
    if context.assumptions.placeholders:
        from netdsl.checker.solve.placeholders import fill  # imported only for a file with a `?`

        context, experiment = fill(Attempt(context, experiment), file, job.attempt)
    return Checked(file, experiment, [*unreadable, *context.report.diagnostics], context.trace)


class _Job(NamedTuple):
    """A file and how to check it. All attempts share the memory."""

    file: File
    registry: Registry
    overrides: Mapping[str, str]
    variant: str | None
    folder: Path
    memory: Memory
    traced: bool

    def attempt(self, values: Guesses, assumed: Shape | None = None) -> Attempt:
        """Checks the file with these values for its placeholders and, if the text gives none, this input."""
        unreadable = Unreadable(self.file.invalid)
        assumptions = Assumptions(input=assumed, values=values, unreadable=unreadable)
        context = Context(self.registry, self.file.source, self.folder, assumptions, memory=self.memory)
        if self.traced:
            from netdsl.checker.trace import Trace  # only an editor asks for it

            context.trace = Trace()
        experiment = _FileCheck(self, context).run()
        if assumptions.wanted is not None:  # a layer assumes an input: the net is checked again with it
            return self.attempt(values, assumptions.wanted)
        return Attempt(context, experiment)


class _FileCheck:
    """One pass over a file."""

    def __init__(self, job: _Job, context: Context) -> None:
        self.job = job
        self.context = context
        self.scope = Scope()
        self.lines, self.layers = part(job.file.statements, context)
        # Overrides come first: a line of `--set` replaces the file's line, which is then never checked.
        self.overrides = self._overrides()
        self.directives = {name: self.overrides.line(name, self.lines.get(name, ())) for name in DIRECTIVES}

    def run(self) -> Experiment | None:
        """The experiment; None if there is no net, or if it is too large."""
        self._define()
        # Counted before expansion, because a text of a few lines may ask for billions of layers.
        if where := too_many(self.layers, self.scope, self.context):
            self.context.report(
                TOO_LARGE, text("the net expands to more than {limit:,} layers", limit=MAX_LAYERS), where
            )
            return None
        experiment = ExperimentCheck(self.directives, self.scope, self.context)
        # The data come before the net, because they give its input shape if no `input` line does.
        line = read_input_line(self.directives, self.scope, self.context)
        data = experiment.data(line)
        if self.context.trace is not None:
            self.context.trace.scope, self.context.trace.data = self.scope, data
        inputs = find_inputs(line, self.directives, data, self.scope, self.context)
        body = self._net(inputs)
        if self.context.stopped:
            return None
        if not self.layers:
            self._report_no_net()
            return None
        network = self._network(inputs, body, data)
        if network is None:
            return None
        checked = experiment.finish(network, data)
        if budgets := self.directives[BUDGET.name]:
            from netdsl.checker.experiment.budget import check_budget  # imported only for a file with a `budget`

            # A budget limits the whole experiment, so it is checked last.
            check_budget(budgets, checked, self.scope, self.context)
        return checked._replace(network=self._solved(checked.network))

    def _overrides(self) -> Overrides:
        """The values of `--set` and `--variant` that replace the file's. `--set` wins over `--variant`."""
        overrides = Overrides()
        for key, value in self.job.overrides.items():
            overrides.add(key, value, self.context)
        variant = choose_variant(self.job.variant, self.lines.get(VARIANT.name, ()), self.context)
        if variant:
            overrides.add_variant(variant)
        return overrides

    def _define(self) -> None:
        """Enters variables and blocks into the scope of the file."""
        for statement in self.lines.get(LET.name, ()):
            define_variables(statement, self.scope, self.context, self.overrides.variables)
        # A lost `let` may have defined the name, so an unknown name is not reported.
        for name in self.context.assumptions.unreadable.names(self.context.source):
            self.scope.variables.setdefault(name, INVALID)
        self.overrides.check_names(self.scope.variables, self.lines.get(VARIANT.name, ()), self.context)
        library = Library(self.context)
        define_blocks(self.lines.get(BLOCK.name, ()), self.scope, self.context)
        # Used files come last: if a block is defined twice, the file's own counts as the first.
        for statement in self.lines.get(USE.name, ()):
            library.use(statement, self.scope, self.job.folder)

    def _net(self, inputs: Inputs) -> BodyCheck:
        """Checks the net, then the blocks that it does not use."""
        source = self.context.source
        self.scope.input = inputs.value.shape
        self.scope.labels.update(inputs.named)
        body = BodyCheck(self.context, self.scope, inputs.value)
        # No module may be kept under the name of an input.
        body.keys.update(inputs.named)
        body.run(self.layers, source.span(0, len(source.text)))
        # An unused block may have mistakes too, which the check of the net does not find.
        for block in self.scope.blocks.values():
            if block not in self.context.expansion.used and block.body.span.source is source:
                body.check_unused(block.body, unused(block))
        return body

    def _report_no_net(self) -> None:
        """Reports a file without a net, unless it is a library of blocks."""
        # An unreadable statement may have been the net.
        if BLOCK.name in self.lines or self.job.file.invalid:
            return
        end = len(self.context.source.text)
        advice = "a net is a list of layers, for example `conv 3->32 k5 p2; maxpool 2; flatten; linear 8192->10`"
        self.context.report(NO_NET, "there is no net here", self.context.source.span(end, end), help=advice)

    def _network(self, inputs: Inputs, body: BodyCheck, data: DataUse | None) -> Network | None:
        value, outputs = inputs.value, find_outputs(self.directives, self.scope, self.context)
        last = body.nodes[-1] if body.nodes and not body.start else None
        # A net that gives what its last layer does needs no more than an `nn.Sequential`.
        is_last = isinstance(last, Node) and [last.step] == [one.key for one in outputs]
        call, _ = body.container([] if is_last else [one.key for one in outputs])
        # After an error the shape is unknown too, and this message would only repeat it.
        if value.shape is None and not value.assumed and not errors(self.context.report.diagnostics):
            first = self.layers[0]
            advice = "write `input 3x32x32` above the net"
            self.context.report(UNSTATED_INPUT, "the input shape is not given", first.name.span, help=advice)
        if value.shape is None and not body.nodes:
            return None
        nodes, found = arrange(body.nodes, ""), outputs[-1].value.shape if outputs else body.value.shape
        out = (UNKNOWN,) if found is None else found
        dtype = value.dtype if value.dtype != "any" else self.context.assumptions.dtype_of(value.inputs)
        fed = data.facts.all_inputs if data else ()
        padded = {one.name for one in fed if one.padded}
        network = Network(value.shape or (), out, nodes, call, dtype=dtype, padded=bool(padded))
        if not inputs.named and not outputs:
            return network
        if inputs.named:
            keeps = {key: label for key, label in call.arguments.get("keeps", {}).items() if key not in inputs.named}
            call = Call(MULTI_INPUT.target, {"inputs": tuple(inputs.named), **call.arguments, "keeps": keeps})
        return network._replace(
            call=call,
            inputs=tuple(
                self._input(name, one.value)._replace(padded=name in padded or padded == {""})
                for name, one in inputs.named.items()
            ),
            outputs=tuple(NetOutput(one.span.text, one.shape or (UNKNOWN,)) for one in outputs),
        )

    def _input(self, name: str, value: Value) -> NetInput:
        dtype = value.dtype if value.dtype != "any" else self.context.assumptions.dtype_of(value.inputs)
        return NetInput(name, value.shape or (UNKNOWN,), dtype)

    def _solved(self, network: Network) -> Network:
        """The net with the sizes that fit. If none fit, reports the place where the last ones are excluded."""
        # With errors the conditions are incomplete, and their solution would mislead.
        if not symbols(network.input_dims) or errors(self.context.report.diagnostics):
            return network
        from netdsl.checker.solve.solver import Solution, solve  # imported only for open sizes

        solution = solve(network.input_dims, self.context.assumptions.constraints)
        if not isinstance(solution, Solution):
            advice = "state the input: `input 3x32x32`"
            message = text("no input size fits: {reason}", reason=say(solution.message))
            self.context.report(NO_INPUT_FITS, message, solution.span, help=advice)
            return network
        self._warn_of_pins(network)
        network = network._replace(fits=solution.words, open_sizes=solution.sizes)
        if (values := solution.values) is None:
            return network

        def example(shape: Shape) -> tuple[int, ...]:
            return tuple(evaluate_dim(dim, values) for dim in shape)

        inputs = tuple(one._replace(example=example(one.shape)) for one in network.inputs)
        return network._replace(example=example(network.input), inputs=inputs)

    def _warn_of_pins(self, network: Network) -> None:
        """Warns of joins that fit only one value of an open size."""
        from netdsl.checker.solve.solver import find_pins

        for pin in find_pins(network.input_dims, self.context.assumptions.constraints):
            message = text("only {names} = {size} fits here", names=" = ".join(pin.names), size=pin.size)
            advice = text("{cause} at any other size", cause=say(pin.constraint.message))
            self.context.report(PINNED_SIZE, message, pin.constraint.span, help=advice)

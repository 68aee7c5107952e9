"""The directives around the net: data, loss, optimizer, schedule, metrics, loggers, training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from netdsl.checker.arguments.advice import replace_argument
from netdsl.checker.arguments.binding import Arguments, FindLine, bind
from netdsl.checker.arguments.codes import GIVEN_TWICE
from netdsl.checker.arguments.values import INVALID
from netdsl.checker.context import Context
from netdsl.checker.experiment.codes import INPUT_CONTRADICTS_DATA, UNFIT_TRANSFORM, UNKNOWN_COMPONENT, UNUSABLE_DATA
from netdsl.checker.experiment.input_line import InputLine
from netdsl.checker.experiment.last_batch import check_last_batch
from netdsl.checker.experiment.net_output import (
    check_loss,
    check_metrics,
    kind_of_measures,
    kind_of_targets,
    transformed_target,
)
from netdsl.checker.experiment.settings import allowed, check_ranges, check_refusals, joined_line, lines_of
from netdsl.checker.names.codes import MALFORMED_DEFINITION
from netdsl.checker.names.overrides import is_added
from netdsl.checker.names.scope import Scope, as_name
from netdsl.checker.names.torch_classes import foreign_names, foreign_transform
from netdsl.checker.shapes.plugin_calls import guarded
from netdsl.components import (
    Component,
    Dataset,
    Facts,
    Initializer,
    Loss,
    Metric,
    Optimizer,
    Refusal,
    Transform,
)
from netdsl.components.experiment import INPUTS
from netdsl.components.settings import (
    DataSettings,
    InitSettings,
    LossSettings,
    OptimizerSettings,
    PretrainedSettings,
    TrainSettings,
)
from netdsl.core.diagnostics import Label, errors
from netdsl.core.files import find_home, reason
from netdsl.core.sizes import UNKNOWN, Expr, Shape, Unknown
from netdsl.core.source import Span
from netdsl.core.suggestions import folded
from netdsl.core.text import text
from netdsl.language.statements import (
    DATA,
    INIT,
    LOSS,
    METRICS,
    OPTIMIZER,
    PRETRAINED,
    STATEMENTS,
    StatementKind,
)
from netdsl.language.syntax import Body, Name, Setting, Statement
from netdsl.program import DataInput, DataUse, Experiment, InitUse, LayerSettings, LossUse, Network, OptimizerUse, Use

if TYPE_CHECKING:
    from netdsl.checker.experiment.optimizer_line import NamedLine

C = TypeVar("C", bound=Component)


class ExperimentCheck:
    """The directives of one file."""

    def __init__(self, directives: Mapping[str, Sequence[Statement]], scope: Scope, context: Context) -> None:
        self.directives = directives
        self.scope = scope
        self.context = context

    def data(self, line: InputLine) -> DataUse | None:
        """The `data` line, the facts of its data set, and the shape of the samples that reach the net.

        `line` says which inputs the net has, where they have names.
        """
        statement = next(iter(allowed(DATA, self.directives, self.context)), None)
        if statement is None:
            return None
        body = next((item for item in statement.items if isinstance(item, Body)), None)
        plain = replace(statement, items=tuple(item for item in statement.items if item is not body))
        found = self._component(plain, Dataset, partial(joined_line, DATA_LINE.parameters))
        if found is None:
            return None
        dataset, arguments = found
        check_ranges(DATA_LINE, arguments, self.context)
        settings = {name: arguments.values.pop(name) for name in DATA_LINE.parameters if name in arguments.values}
        # With a lost argument, the facts would be those of other data.
        wanted = {*dataset.required, *arguments.spans} - DATA_LINE.parameters.keys()
        if len(line.named) > 1 and dataset.is_told_inputs:
            arguments.values[INPUTS] = line.shapes
            # A refusal of one of them is reported where it stands.
            arguments.spans |= {f"{INPUTS}.{name}": one.span for name, one in line.named.items()}
        facts = self._facts(dataset, arguments, plain) if wanted <= arguments.values.keys() else None
        if facts is None:
            return None
        if line.named or facts.inputs:
            from netdsl.checker.experiment.fed_inputs import choose_inputs  # few inputs have names

            facts = choose_inputs(facts, dataset.name, line, plain, self.context)
        steps = body.statements if body else ()
        if len(facts.inputs) > 1:
            transforms, inputs = self._transforms_of_inputs(steps, facts)
            return DataUse(
                dataset, arguments.values, statement.span,
                facts=facts, declared=facts, shape=inputs[0].shape,
                settings=DATA_LINE.function(**settings), transforms=transforms, inputs=inputs,
            )  # fmt: skip
        transforms, shape = self._transforms(steps, facts)
        return DataUse(
            dataset, arguments.values, statement.span,
            facts=facts._replace(target=transformed_target(facts, shape)), declared=facts, shape=shape,
            settings=DATA_LINE.function(**settings), transforms=transforms,
        )  # fmt: skip

    def finish(self, network: Network, data: DataUse | None) -> Experiment:
        """The experiment around a checked net."""
        # After a mistake the net may lack layers, so that names of layers are not checked.
        certain = not errors(self.context.report.diagnostics)
        # Directives of settings alone need no component.
        lines = {kind.settings: self._settings(kind, kind.settings) for kind in SETTING if kind.settings}
        settings = {kind: found for kind, (found, _) in lines.items()}
        frozen = settings[TrainSettings].freeze
        if certain and frozen:
            from netdsl.checker.experiment.net_names import UNKNOWN_LAYER, require_layers  # few files freeze layers

            require_layers(UNKNOWN_LAYER, frozen, lines[TrainSettings][1]["freeze"], network, self.context)
        # The kind of the targets chooses the default loss and metrics.
        targets = kind_of_targets(data.facts) if data else None
        uses: dict[type[Component], tuple[Use[Any], ...]] = {}
        for kind in NAMING:
            if kind is LOSS and network.outputs:
                uses[Loss] = self._losses(network, targets)
            elif kind is OPTIMIZER:
                uses[Optimizer] = self._optimizer(network if certain else None, frozen)
            elif kind.component and kind not in (INIT, METRICS):
                uses[kind.component] = self._uses(kind, kind.component, targets)
        # After the loss: it decides whether numbers are yes-or-no answers, and metrics follow.
        measured = kind_of_measures(targets, next(iter(uses.get(Loss, ())), None))
        uses[Metric] = self._uses(METRICS, Metric, measured)
        inits = self._inits(network, certain=certain)
        network, uses[Initializer] = network._replace(inits=inits), inits
        if pretrained := self.directives[PRETRAINED.name]:
            from netdsl.checker.experiment.pretrained_line import check_pretrained  # few files have one

            found, places = lines[PretrainedSettings]
            known = network if certain else None
            found = check_pretrained(found, pretrained[0].name.span, places, known, self.context)
            settings[PretrainedSettings] = found
        experiment = Experiment(self.context.source, network, data, uses, settings)
        # Without data there are no targets to compare with.
        if data:
            for use in experiment.losses:
                check_loss(use, ending_in(network, use.output), data.facts, self.context)
            if experiment.loss and not experiment.losses:
                check_loss(experiment.loss, network, data.facts, self.context)
            counted = {one.name: one.indices for one in data.facts.all_inputs if one.indices is not None}
            if counted:
                from netdsl.checker.experiment.table_entries import check_entries  # few files have a text

                check_entries(network, counted, self.context)
            check_metrics(experiment.metrics, data.facts, measured, self.context)
            check_last_batch(network, data, self.directives[DATA.name][0], self.context)
        return experiment

    def _facts(self, dataset: Dataset, arguments: Arguments, statement: Statement) -> Facts | None:
        folder = self.context.folder
        values = {name: _absolute(value, folder) for name, value in arguments.values.items()}
        arguments.values.update(values)
        try:
            look = partial(guarded, dataset, self.context, lambda: dataset.facts(**values))
            return self.context.memory.facts(dataset, values, look)
        except Refusal as refusal:
            span = arguments.spans.get(refusal.parameter or "", statement.span)
            code = INPUT_CONTRADICTS_DATA if (refusal.parameter or "").startswith(INPUTS) else UNUSABLE_DATA
            self.context.report(code, _shown(refusal.message, folder), span, help=refusal.help)
        except OSError as error:
            path = next((name for name, value in values.items() if isinstance(value, Path)), "")
            span = arguments.spans.get(path, statement.span)
            message = text("cannot read `{path}`: {reason}", path=_shown(error.filename, folder), reason=reason(error))
            self.context.report(UNUSABLE_DATA, message, span)
        return None

    def _transforms(
        self, statements: Sequence[Statement], facts: Facts
    ) -> tuple[tuple[Use[Transform], ...], Shape | None]:
        shape = facts.input
        uses = []
        for statement in statements:
            found = self._transform(statement)
            if found is None:
                shape = None
                continue
            transform, arguments = found
            self._infer_statistics(transform, arguments, facts)
            if not arguments.sound:
                shape = None
                continue
            shape = self._transformed(transform, arguments, shape, statement)
            uses.append(Use(transform, arguments.values, statement.span))
        return tuple(uses), shape

    def _transforms_of_inputs(
        self, statements: Sequence[Statement], facts: Facts
    ) -> tuple[tuple[Use[Transform], ...], tuple[DataInput, ...]]:
        """The transforms, and each of several inputs with those that act on it: what can be done to its samples."""
        inputs = [DataInput(one, one.shape) for one in facts.inputs]
        uses = []
        for statement in statements:
            found = self._transform(statement)
            if found is None or not found[1].sound:
                continue
            transform, arguments = found
            places = [place for place, one in enumerate(inputs) if self._fits(transform, arguments, one)]
            if not places:
                # Reported of the first one that is no index, with the transform's own reason.
                first = next((one for one in inputs if one.facts.dtype == "float"), inputs[0])
                if first.facts.dtype == "index":
                    message = text(
                        "`{transform}` changes numbers, but the inputs are indices", transform=transform.name
                    )
                    self.context.report(UNFIT_TRANSFORM, message, statement.name.span, help="leave it out")
                else:
                    self._transformed(transform, arguments, first.shape, statement)
                continue
            for place in places:
                one = inputs[place]
                own = Arguments(values=dict(arguments.values), spans=arguments.spans)
                self._infer_statistics(transform, own, facts.with_inputs([one.facts]))
                shape = self._transformed(transform, own, one.shape, statement)
                use = Use(transform, own.values, statement.span)
                inputs[place] = one._replace(shape=shape, transforms=(*one.transforms, use))
            uses.append(Use(transform, arguments.values, statement.span))
        return tuple(uses), tuple(inputs)

    def _fits(self, transform: Transform, arguments: Arguments, one: DataInput) -> bool:
        """Whether a transform can act on the samples of an input."""
        if one.facts.dtype == "index":
            return False
        try:
            shape = _UNKNOWN_IMAGE if one.shape is None else one.shape
            guarded(transform, self.context, lambda: transform.apply(shape, **arguments.values))
        except Refusal:
            return False
        return True

    def _transform(self, statement: Statement) -> tuple[Transform, Arguments] | None:
        # The transform's name becomes the first item, as in a directive, so that both are bound alike.
        return self._component(replace(statement, items=(statement.name, *statement.items)), Transform)

    def _transformed(
        self, transform: Transform, arguments: Arguments, shape: Shape | None, statement: Statement
    ) -> Shape | None:
        """The shape of a transformed sample, as far as it is known. A refused argument is left out."""
        try:
            after = guarded(
                transform,
                self.context,
                lambda: transform.apply(_UNKNOWN_IMAGE if shape is None else shape, **arguments.values),
            )
        except Refusal as refusal:
            span = arguments.spans.get(refusal.parameter or "", statement.name.span)
            fix = replace_argument(refusal, transform, arguments.spans)
            self.context.report(UNFIT_TRANSFORM, refusal.message, span, help=refusal.help, fix=fix)
            # A required argument cannot be left out. Each attempt has one argument less, so this ends.
            if refusal.parameter not in arguments.values or refusal.parameter in transform.required:
                return None
            del arguments.values[refusal.parameter]
            return self._transformed(transform, arguments, shape, statement)
        # After the shape is lost, only a transform that sets every size makes it known again.
        return after if shape is not None or _is_known(after) else None

    def _infer_statistics(self, transform: Transform, arguments: Arguments, facts: Facts) -> None:
        """Fills in the mean and std of the data set, if they are known before it is read."""
        for name in ("mean", "std"):
            if name in transform.parameters and getattr(facts, name):
                # The values in the file win over those of the data set.
                arguments.values.setdefault(name, getattr(facts, name))

    def _uses(self, kind: StatementKind, component: type[C], targets: str | None) -> tuple[Use[C], ...]:
        """The components that the lines of a directive name. If they name none, the default with their settings."""
        default = kind.default_for(targets)
        statements = [_naming(statement, default) for statement in allowed(kind, self.directives, self.context)]
        if kind.repeats:
            statements = [part for statement in statements for part in _parts(statement, component, self.context)]
        standing_in = self.context.registry.of(component).get(default or "")
        return self._all(statements, component) or ((Use(standing_in, {}),) if standing_in else ())

    def _losses(self, network: Network, targets: str | None) -> tuple[Use[Loss], ...]:
        """The loss of each named output that has one, that of the main output, the last, first."""
        places = {one.name: place for place, one in enumerate(network.outputs)}
        main = len(network.outputs) - 1
        found: dict[int, Use[Loss]] = {}
        lines: dict[int, Statement] = {}
        for statement in self.directives[LOSS.name]:
            name = as_name(statement.items[0]) if statement.items else None
            place = places.get(name.text, main) if name else main
            line = replace(statement, items=statement.items[1:]) if name and name.text in places else statement
            if place in lines:
                first = Label(lines[place].name.span, "first given here")
                message = text("the output `{output}` has a loss already", output=network.outputs[place].name)
                advice = "delete one of them, or write the label of another output before its name"
                self.context.report(GIVEN_TWICE, message, statement.name.span, labels=[first], help=advice)
                continue
            lines[place] = statement
            line = _naming(line, LOSS.default_for(targets))
            if (use := self._loss(line, place, several=main > 0)) is not None:
                found[place] = use
        default = self.context.registry.of(Loss).get(LOSS.default_for(targets) or "")
        if main not in lines and default is not None:
            found[main] = LossUse(default, {}, output=main) if main else Use(default, {})
        return tuple(found[place] for place in sorted(found, reverse=True))

    def _loss(self, line: Statement, place: int, *, several: bool) -> Use[Loss] | None:
        """A `loss` line without its output's label; of several outputs, each loss has a weight."""
        found = self._component(line, Loss, partial(joined_line, LOSS_LINE.parameters) if several else None)
        if found is None:
            return None
        component, arguments = found
        check_ranges(LOSS_LINE, arguments, self.context)
        weight = cast("float", arguments.values.pop("weight", 1.0)) if several else 1.0
        check_refusals(component, arguments, line.items[0].span, self.context)
        if not arguments.sound:
            return None
        where = line.items[0].span.to(line.items[-1].span)
        if not several:
            return Use(component, arguments.values, where)
        return LossUse(component, arguments.values, where, output=place, weight=weight)

    def _inits(self, network: Network, *, certain: bool) -> tuple[InitUse, ...]:
        """The `init` lines, checked against the layers that they name."""
        statements = self.directives[INIT.name]
        if not statements:
            return ()
        from netdsl.checker.experiment.init_lines import check_init  # few files have one

        uses = []
        for part in (part for statement in statements for part in _parts(statement, Initializer, self.context)):
            found = self._component(part, Initializer, partial(joined_line, INIT_LINE.parameters))
            if found is None:
                continue
            component, arguments = found
            settings = {name: arguments.values.pop(name) for name in INIT_LINE.parameters if name in arguments.values}
            check_refusals(component, arguments, part.items[0].span, self.context)
            if arguments.sound:
                where = part.items[0].span.to(part.items[-1].span)
                line = InitSettings(**cast("dict[str, Any]", settings))
                uses.append(
                    InitUse(component, arguments.values, where, settings=line, on_span=arguments.spans.get("on"))
                )
                if certain:
                    check_init(uses[-1], network, self.context)
        return tuple(uses)

    def _optimizer(self, network: Network | None, frozen: Sequence[str]) -> tuple[OptimizerUse, ...]:
        """The `optimizer` line, or what stands in its place; names of layers are checked against the net, if given."""
        default = OPTIMIZER.default_for(None)
        for statement in allowed(OPTIMIZER, self.directives, self.context):
            line = _naming(statement, default)
            named: Sequence[NamedLine] = ()
            if any(isinstance(item, Setting) and "." in item.name.text for item in line.items):
                from netdsl.checker.experiment.optimizer_line import check_layers, part_line, read_layers  # few lines

                line, named = part_line(line)
            found = self._component(line, Optimizer, partial(joined_line, OPTIMIZER_LINE.parameters))
            if found is None:
                continue
            component, arguments = found
            check_ranges(OPTIMIZER_LINE, arguments, self.context)
            own = {name: arguments.values.pop(name) for name in OPTIMIZER_LINE.parameters if name in arguments.values}
            check_refusals(component, arguments, line.items[0].span, self.context)
            layers: tuple[LayerSettings, ...] = ()
            if named:
                layers = read_layers(named, component, self.scope, self.context, self._find_line(line))
                if network is not None:
                    check_layers(layers, network, frozen, self.context)
            if arguments.sound:
                where = statement.items[0].span.to(statement.items[-1].span)
                settings = OptimizerSettings(**cast("dict[str, Any]", own))
                return (OptimizerUse(component, arguments.values, where, settings=settings, layers=layers),)
        standing_in = self.context.registry.of(Optimizer).get(default or "")
        return (OptimizerUse(standing_in, {}),) if standing_in else ()

    def _settings(self, kind: StatementKind, settings: type[Any]) -> tuple[Any, Mapping[str, Span]]:
        """The settings of a directive that names no component, and where those stand that are given."""
        component = kind.own
        statements = allowed(kind, self.directives, self.context)
        if not statements or component is None:
            return settings(), {}
        arguments = bind(component, statements[0], self.scope, self.context, self._find_line(statements[0]))
        check_ranges(component, arguments, self.context)
        # A field whose name Python keeps for itself is spelled otherwise in the file.
        fields = dict(zip(component.parameters, settings._fields, strict=True))
        return settings(**{fields[name]: value for name, value in arguments.values.items()}), arguments.spans

    def _find_line(self, statement: Statement) -> FindLine:
        """Finds the directive that a misplaced setting belongs to: `data` for `batch` in a `train` line."""
        line = statement.name.text
        return lambda name: next((other for other in lines_of(name, self.context.registry) if other != line), None)

    def _all(self, statements: Sequence[Statement], kind: type[C]) -> tuple[Use[C], ...]:
        uses = []
        for statement in statements:
            found = self._component(statement, kind)
            if found is None:
                continue
            component, arguments = found
            check_refusals(component, arguments, statement.items[0].span, self.context)
            if arguments.sound:
                where = statement.items[0].span.to(statement.items[-1].span)
                uses.append(Use(component, arguments.values, where))
        return tuple(uses)

    def _component(
        self, statement: Statement, kind: type[C], joined: Callable[[Any], Component] | None = None
    ) -> tuple[C, Arguments] | None:
        """The component that the first item names, and its arguments from the other items."""
        first = as_name(statement.items[0]) if statement.items else None
        known = self.context.registry.of(kind)
        if first is None:
            directive = statement.name.text
            message = text("`{directive}` needs a name after it", directive=directive)
            advice = text(
                "for example `{directive} {name}`; `netdsl layers` lists all under `{heading}`",
                directive=directive,
                name=next(iter(known), ""),
                heading=kind.plural,
            )
            self.context.report(MALFORMED_DEFINITION, message, statement.name.span, help=advice)
            return None
        # A variable may hold the name: `optimizer chosen`.
        named = self.scope.lookup(first.text)
        name = str(named) if isinstance(named, str) else first.text
        component = self._named(name, first.span, kind)
        if component is None:
            listed = text("`netdsl layers` lists them under `{heading}`", heading=kind.plural)
            wanted = NEEDLESS.get(folded(name), listed)
            names = {*known, *foreign_names(name, self.context)}
            meant = self.context.report.unknown(
                UNKNOWN_COMPONENT, text(kind.unknown, name=name), name, first.span, names, wanted, kind=kind
            )
            component = self._named(meant, first.span, kind) if meant else None
        if named is INVALID or component is None:
            return None
        rest = replace(statement, name=first, items=statement.items[1:])
        whole = joined(component) if joined else component
        return component, bind(whole, rest, self.scope, self.context, self._find_line(statement))

    def _named(self, name: str, span: Span, kind: type[C]) -> C | None:
        """The component of a name: one of the registry's, or one of torchvision's transforms."""
        if kind is Transform and (foreign := foreign_transform(name, span, self.context)):
            return cast("C", foreign)
        return self.context.registry.of(kind).get(name)


NEEDLESS: Mapping[str, str] = dict.fromkeys(
    ("totensor", "toimage", "piltotensor", "convertimagedtype", "todtype"),
    "here, images are tensors already, with values of 0…1: leave it out",
)
"""Advice for torchvision's conversions, which are not needed here."""

DATA_LINE = Component(name=DATA.name, function=DataSettings)
LOSS_LINE = Component(name=LOSS.name, function=LossSettings)
INIT_LINE = Component(name=INIT.name, function=InitSettings)
OPTIMIZER_LINE = Component(name=OPTIMIZER.name, function=OptimizerSettings)
"""The lines that take settings besides their component's own; `parameters` reads those when they are asked for."""

NAMING = tuple(kind for kind in STATEMENTS.values() if kind.component and kind is not DATA)
"""The directives that only name a component. `data` is not one: it has transforms, and others depend on its facts."""

SETTING = tuple(kind for kind in STATEMENTS.values() if kind.settings and not kind.component)
"""The directives that have only settings."""

_UNKNOWN_IMAGE: Shape = (UNKNOWN, UNKNOWN, UNKNOWN)


def ending_in(network: Network, output: int) -> Network:
    """The net as far as one of its outputs."""
    chosen = network.outputs[output]
    steps = [node.step for node in network.nodes]
    end = steps.index(chosen.name) + 1 if chosen.name in steps else len(steps)
    return network._replace(out=chosen.shape, nodes=network.nodes[:end])


def _naming(statement: Statement, default: str | None) -> Statement:
    """The statement. If the command line added it with settings alone, the default's name is added."""
    if default is None or not is_added(statement):
        return statement
    return replace(statement, items=(Name(default, statement.name.span), *statement.items))


def _parts(statement: Statement, kind: type[Component], context: Context) -> Sequence[Statement]:
    """The parts of a line with several components: `metrics accuracy f1`. Settings belong to the name before them."""
    known = context.registry.of(kind)
    names = enumerate(map(as_name, statement.items))
    # Only a known name begins a component; any other may be the value of a setting.
    starts = [index for index, name in names if index == 0 or (name and name.text in known)] or [0]
    ends = [*starts[1:], len(statement.items)]
    return [replace(statement, items=statement.items[start:end]) for start, end in zip(starts, ends, strict=True)]


def _shown(text: object, folder: Path) -> str:
    """A path, or a message with a path, with the path as it is written in the file."""
    # The folder with a separator at its end; the folder `.` gives an empty text.
    return str(text).replace(f"{folder / 'x'}"[:-1], "")


def _absolute(value: Any, folder: Path) -> Any:
    return folder / find_home(value) if isinstance(value, Path) else value


def _is_known(shape: Shape) -> bool:
    return not any(isinstance(dim, (Unknown, Expr)) for dim in shape)

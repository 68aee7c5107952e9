"""The check of one layer: infers or checks its sizes, applies its rule, reports each mistake once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

from netdsl.checker.arguments.advice import replace_argument
from netdsl.checker.arguments.binding import Arguments
from netdsl.checker.arguments.codes import TOO_LARGE, WRONG_VALUE
from netdsl.checker.context import Constraint, Context
from netdsl.checker.names.labels import find_label
from netdsl.checker.shapes.partial_shapes import lost_arguments, supposed
from netdsl.checker.shapes.plugin_calls import guarded
from netdsl.checker.shapes.size_mismatch import Contradiction, describe_mismatch, input_line, without_batch
from netdsl.checker.shapes.torch_order import TORCH_ORDER, find_torch_order
from netdsl.checker.value import UNKNOWN_VALUE, Origin, Rearrangement, Value
from netdsl.components import Dtype, Layer, Refusal, Requirement, Result, Trait, Undetermined
from netdsl.components.traits import LASTING, find_traits
from netdsl.core.diagnostics import Code, Diagnostic, Edit, Fix, Label
from netdsl.core.limits import MAX_ELEMENTS, MAX_FORMULA
from netdsl.core.sizes import UNKNOWN, Dim, Expr, Shape, Unknown, format_shape, is_known, product, symbol
from netdsl.core.source import Span
from netdsl.core.text import say, text
from netdsl.language.syntax import Name, Statement
from netdsl.program import IDENTITY, NO_TRAITS

MISMATCH = Code(
    "NET201",
    title="a stated size differs from the received one",
    meaning=(
        "A size before `->` is a claim about the input, but the input has another size. The marked line above gave "
        "it. If the size is left out (`linear 64`), it is taken from the input."
    ),
    example="input 3x32x32\nconv 3->32 k5 p2; maxpool 2\nflatten\nlinear 1024->64",
    instead="input 3x32x32\nconv 3->32 k5 p2; maxpool 2\nflatten\nlinear 8192->64",
)

WRONG_INPUT = Code(
    "NET202",
    title="an input that the layer cannot take",
    meaning=(
        "The input has the wrong number of dimensions for the layer, or sizes that do not fit together: branches "
        "that are added must have the same shape."
    ),
    example="input 3x32x32\nconv 8 k3 p1\nresidual { conv 16 k3 p1 }",
    instead="input 3x32x32\nconv 8 k3 p1\nresidual { conv 16 k3 p1 } shortcut { conv 16 k1 }",
)

UNFIT_ARGUMENT = Code(
    "NET203",
    title="an argument that does not fit the input",
    meaning=(
        "The argument is valid, but does not fit this input: a window larger than the padded image, or groups that "
        "do not divide the channels."
    ),
    example="input 3x4x4\nconv 8 k7",
    instead="input 3x4x4\nconv 8 k7 p3",
)

UNDETERMINED_SIZE = Code(
    "NET204",
    title="a size that a weight needs is unknown",
    meaning=(
        "The number of weights depends on this size, and the input leaves it open. Write the size, write an `input` "
        "line that fixes it, or remove it by pooling with `gap`."
    ),
    example="input 3xHxW\nconv 8 k3; relu\nflatten\nlinear 10",
    instead="input 3xHxW\nconv 8 k3; relu\ngap; flatten\nlinear 10",
)

WRONG_DTYPE = Code(
    "NET208",
    title="numbers of the wrong kind",
    meaning="An embedding takes whole numbers. Every other layer takes real numbers.",
    example="input 8\nlinear 8\nembedding 100->16",
    instead="input 8\nembedding 100->16\nlinear 8",
)


_USUAL = 32
"""The size that replaces a symbol in an example."""


class LayerCheck:
    """The check of one layer with one input value."""

    def __init__(
        self, layer: Layer, statement: Statement, arguments: Arguments, value: Value, context: Context
    ) -> None:
        self.layer = layer
        self.statement = statement
        self.given = arguments
        self.value = value
        self.context = context
        self.values = dict(arguments.values)
        self.joined: list[Label] = []
        self.lost = lost_arguments(layer, arguments)
        self.torch_order: Diagnostic | None = None
        self.undetermined = False

    def enter(self) -> Value:
        """The layer's input value, after stated sizes are checked and missing sizes are inferred."""
        if self.value.shape is None:
            self.value = self._assumed()
        self._dtype()
        for name, trait in self.layer.inherits.items():
            # The written value wins; a lost argument was written too.
            if trait in self.value.traits and name not in self.given.spans:
                self.values[name] = True
        shape = self.value.shape
        # The rule refuses a wrong number of dimensions; here it would be an index error.
        if shape is not None and self._accepts(len(shape)):
            for name, axis in self.layer.stated.items():
                shape = self._state(name, axis, shape)
            self.value = self.value._replace(shape=shape)
        self.report_open_sizes()
        return self.value

    def report_open_sizes(self) -> None:
        """Reports the arguments that need a number but depend on an open size of the input."""
        # If the weights need the same size, that is reported instead: it is one mistake.
        if self.undetermined:
            return
        for name, message in self.given.open_sizes.items():
            span = self.given.spans[name]
            caption = self.given.scope.caption(span)
            self.context.report(WRONG_VALUE, message, span, caption, help=self._say_what_comes_in())

    def _say_what_comes_in(self) -> str:
        """Advice to write an `input` line with numbers for the open sizes."""
        scope = self.given.scope
        while scope.parent:
            scope = scope.parent
        sizes = tuple(size if isinstance(size, int) else _USUAL for size in scope.input or ())
        line = input_line(sizes or (3, 32, 32))
        return text("give the input shape, for example `{line}`", line=line)

    def take_labels(self) -> tuple[str, ...]:
        """Puts the shapes of labelled outputs in the place of their labels; what the module is told of them."""
        taken = []
        for name in self.layer.labelled:
            word = self.values.get(name)
            if not isinstance(word, str):
                continue
            span = self.given.spans[name]
            found = find_label(Name(word, span), self.given.scope, self.context)
            if found is None or found.shape is None:
                self.lost |= {name}
                continue
            # A layer that moves any numbers asks for the size alone.
            if self.layer.takes != "any":
                self._same_numbers(found.value, span)
            self.values[name] = found.shape
            self.joined.append(found.label)
            taken.append(found.key)
        return tuple(taken)

    def apply(self, branches: Mapping[str, object]) -> Result | None:
        """The rule's result; None if a mistake leaves the output unknown."""
        # A lost argument is reported already, so only mistakes that hold for every value of it are reported.
        if self.lost:
            return self._declared(self.lost)
        if self.value.shape is None:
            self._refuse_whatever_comes_in()
            return self._declared(self.lost)
        try:
            result = self._result(self.value.shape, branches)
        except Refusal as refusal:
            self.refuse(refusal)
            # The refused argument counts as lost; the others are still valid.
            return self._declared({refusal.parameter} & self.values.keys())
        return self._limited(self._required(result))

    def _refuse_whatever_comes_in(self) -> None:
        """Reports arguments that fit no input, if the input is unknown."""
        values = {**dict.fromkeys(self.layer.stated, UNKNOWN), **self.values}
        if self.layer.is_composite:
            return
        # The usual rank is tried first, so that its refusal is shown.
        usual = len(self.layer.assumes) or 3
        refusals = []
        for rank in sorted({len(layout) for layout in self.layer.accepts} or range(1, 5), key=usual.__ne__):
            try:
                self._ruled((UNKNOWN,) * rank, values)
            # Without known sizes the rule cannot decide; that is not a mistake.
            except Undetermined:
                return
            except Refusal as refusal:
                refusals.append(refusal)
            else:
                return
        # A refusal of an argument says more than a refusal of the input.
        self._note(next((refusal for refusal in refusals if refusal.parameter), refusals[0]))

    def _result(self, shape: Shape, branches: Mapping[str, object]) -> Result:
        """The rule's result. It is computed once for each layer, shape and values, because deep nets repeat layers."""
        known = self.context.memory.results
        key = (self.layer, shape, *self.values.items(), *branches.items())
        if key not in known:
            known[key] = self._ruled(shape, {**self.values, **branches})
        # A refusal is not kept: it is raised and reported at each place.
        return known[key]

    def _ruled(self, shape: Shape, values: Mapping[str, object]) -> Result:
        """The rule's result. If a plugin's rule fails while a size is unknown, the result is unknown."""
        try:
            return guarded(self.layer, self.context, lambda: _checked(self.layer.apply(shape, **values)))
        except Refusal as refusal:
            # Only the refusal for a plugin's crash has a cause; a rule's own refusal always counts.
            if refusal.__cause__ is None or not any(isinstance(dim, Unknown) for dim in shape):
                raise
            return Result((UNKNOWN,) * len(shape), IDENTITY)

    def _causes(self) -> list[Label]:
        """The origins of the input's sizes and of the labelled outputs."""
        origin = self.value.origin
        if origin is None or all(isinstance(dim, Unknown) for dim in origin.shape):
            return self.joined
        return [self._earlier(origin) or origin.label(), *self.joined]

    def _earlier(self, origin: Origin) -> Label | None:
        """The origin of the input if it stands at the layer or below it: it is from the round or use before."""
        here = self.statement.span
        if origin.span.source is not here.source or origin.span.end <= here.start or self.value.shape is None:
            return None
        shape = format_shape(self.value.shape)
        if self.context.report.is_later_round:
            return Label(origin.span, text("gives {shape} in the round before", shape=shape))
        return Label(origin.span, text("gives {shape} in the use before", shape=shape))

    def _assumed(self) -> Value:
        """The input that the layer assumes if the input is unknown."""
        layout = self._layout()
        if not layout:
            return self.value
        # Without a mistake before, the check starts again from the top with this layer's assumption.
        if not self.value.assumed:
            # An assumption is made only once, or the check would never end.
            if self.context.assumptions.input is None:
                self.context.assumptions.wanted = tuple(self._stated_sizes(layout))
            return UNKNOWN_VALUE
        if "C" in self.layer.accepts:  # it takes features and images, and it is unknown which of them is the input
            return self.value
        sizes = (size if isinstance(size, int) else UNKNOWN for size in self._stated_sizes(layout))
        return self.value._replace(shape=tuple(sizes))

    def _layout(self) -> str:
        kernel = self.values.get("kernel_size")
        # The axes of the kernel tell the layout: `k3x3` needs images.
        if isinstance(kernel, tuple):
            return next((layout for layout in self.layer.accepts if len(layout) == len(kernel) + 1), "")
        return self.layer.assumes

    def _stated_sizes(self, layout: str) -> Iterator[Dim]:
        stated = {axis % len(layout): name for name, axis in self.layer.stated.items()}
        for axis, letter in enumerate(layout):
            given = self.values.get(stated.get(axis, ""))
            yield given if isinstance(given, int) else symbol(letter)

    def _accepts(self, rank: int) -> bool:
        return rank > 0 and (not self.layer.accepts or rank in map(len, self.layer.accepts))

    def _dtype(self) -> None:
        if self.layer.takes != "any":
            self._same_numbers(self.value, self.statement.name.span)

    def _same_numbers(self, value: Value, span: Span) -> None:
        """Reports numbers of another kind than the layer takes."""
        found, takes = value.dtype, self.layer.takes
        if found == "any":
            found = self.context.assumptions.settle_dtype(value.inputs, takes)
        if found != takes and not value.assumed:
            if found == "float":
                message = text(
                    "`{layer}` expects whole numbers (indices) but receives real numbers", layer=self.layer.name
                )
            else:
                message = text(
                    "`{layer}` expects real numbers but receives whole numbers (indices)", layer=self.layer.name
                )
            self.context.report(WRONG_DTYPE, message, span, labels=self._causes())

    def _state(self, name: str, axis: int, shape: Shape) -> Shape:
        """Compares a stated size with the input's, or infers it."""
        actual, given = shape[axis], self.values.get(name)
        if not isinstance(given, int):  # left out, or computed from an unknown size
            # The size of the input fills it.
            self.values[name] = actual
            self._remember(name, actual)
            if isinstance(actual, int) and len(self.statement.items) > 1:
                self.torch_order = find_torch_order(self.layer, self.statement, actual)
            if isinstance(actual, Expr):
                self._undetermined(name, actual)
                # A weight needs a number. Replaced by unknown, it is not reported again below.
                self.values[name] = UNKNOWN
            return shape
        rank_is_assumed = self.value.assumed and len(shape) == 1 and axis == 0
        if isinstance(actual, int) and actual != given and not rank_is_assumed:
            shape = self._contradict(name, axis, given, shape) or shape
            if self.layer.flow is None:  # its output sizes are those of its input, not the stated ones
                self.values[name] = actual
                return shape
        # A symbol is not a contradiction: the solver looks for a size that fits all stated ones.
        elif isinstance(actual, Expr):
            message = describe_mismatch(f"`{self.layer.name}`", name, given, actual)
            constraint = Constraint(actual, "==", given, message, self.given.spans[name])
            self.context.assumptions.constraints.append(constraint)
        # From here on, the stated size counts: one mistake, one message.
        axis %= len(shape)
        return (*shape[:axis], given, *shape[axis + 1 :])

    def _contradict(self, name: str, axis: int, given: int, shape: Shape) -> Shape | None:
        """Reports a stated size that differs. Returns the input shape that is probably meant, if it is another one."""
        span, origin = self.given.spans[name], self.value.origin
        # There, one text stands for several layers, and a number that fits one of them may not fit the next.
        made, shared = origin.span if origin else None, self.context.expansion.repeated > 0
        found = Contradiction(self.layer, self.statement, name, given, axis, shape, span, made, shared)
        remedy, causes = found.remedy, self._causes()
        caption = self.given.scope.caption(span) or "stated here"
        self.context.report(MISMATCH, found.message, span, caption, labels=causes, help=remedy.help, fix=remedy.fix)
        return remedy.shape

    def _undetermined(self, name: str, actual: Expr) -> None:
        self.undetermined = True
        message = text(
            "`{layer}` needs to know its `{parameter}`, but receives {actual}",
            layer=self.layer.name,
            parameter=name,
            actual=actual,
        )
        via = self.value.origin.via if self.value.origin else None
        if via and via.flattens:
            advice = text("put `gap` before `{flatten}`, or give the input shape: `input 3x32x32`", flatten=via.name)
        else:
            with_arrow = self.layer.flow and "->" in self.layer.example
            example = self.layer.example if with_arrow else f"{name}={_USUAL}"
            advice = text("write it (`{example}`), or {input}", example=example, input=self._say_what_comes_in())
        self.context.report(UNDETERMINED_SIZE, message, self.statement.name.span, labels=self._causes(), help=advice)

    def _remember(self, name: str, actual: Dim) -> None:
        """Notes the size for a `?` in the place of an inferred size."""
        if self.context.assumptions.placeholders and name in self.given.spans:
            hole = self.context.assumptions.placeholders.get(self.given.spans[name])
            if hole is not None:
                hole.learn(actual)

    def refuse(self, refusal: Refusal) -> None:
        """Reports the refusal of a rule, at the parameter that it names."""
        # An assumed input may be wrong itself, so only mistakes for every input are reported.
        if self.value.assumed:
            self._refuse_whatever_comes_in()
        else:
            self._note(refusal)

    def _note(self, refusal: Refusal) -> None:
        span = self.given.spans.get(refusal.parameter or "")
        code = (
            UNDETERMINED_SIZE if isinstance(refusal, Undetermined) else WRONG_INPUT if span is None else UNFIT_ARGUMENT
        )
        # A refused argument is the cause; the origin of the sizes would only distract.
        labels = self._causes() if span is None else []
        where = span or self.statement.name.span
        fix = self._another_input() if code == WRONG_INPUT else self._another_argument(refusal)
        advice = refusal.help or (self._unflattened() if code == WRONG_INPUT else None)
        caption = self.given.scope.caption(span) if span else ""
        self.context.report(code, refusal.message, where, caption, labels=labels, help=None if fix else advice, fix=fix)

    def _another_argument(self, refusal: Refusal) -> Fix | None:
        """Writes the value that the rule proposes, unless the statement stands for several layers."""
        # If the numbers make sense in torch's order, that is the better explanation.
        if self.torch_order:
            return self.torch_order.fix
        several = self.context.expansion.repeated > 0
        return None if several else replace_argument(refusal, self.layer, self.given.spans)

    def _another_input(self) -> Fix | None:
        """Corrects the number of input dimensions: four are more often a batch of images than a volume."""
        if len(self.value.shape or ()) > 3:
            return self._without_batch() or self._another_form()
        return self._another_form() or self._without_batch()

    def _another_form(self) -> Fix | None:
        """Writes `conv` for `conv1d` if that takes the input."""
        name, shape = self.layer.form_of, self.value.shape
        form = self.context.registry.layers.get(name)
        if form is None or shape is None or len(shape) not in map(len, form.accepts):
            return None
        return Fix(text("write `{layer}`", layer=name), (Edit(self.statement.name.span, name),))

    def _without_batch(self) -> Fix | None:
        """Removes the batch from the `input` line, if the layer takes a sample of the remaining sizes."""
        shape, origin = self.value.shape, self.value.origin
        # Only an `input` line may be changed, not a layer that gives the shape.
        if shape is None or origin is None or origin.span.text != input_line(shape):
            return None
        fits = bool(self.layer.accepts) and len(shape) == 1 + max(map(len, self.layer.accepts))
        is_image = len(shape) == 3 and shape[0] in (
            1,
            3,
        )  # one or three channels, not a batch of one or three sequences
        return without_batch(origin.span, shape[1:]) if fits and not is_image else None

    def _unflattened(self) -> str | None:
        via = self.value.origin.via if self.value.origin else None
        if via is None or not via.flattens:
            return None
        return text("put it above the `{flatten}` in line {line}", flatten=via.name, line=via.line)

    def _required(self, result: Result) -> Result:
        """The result after its requirements are checked. Impossible sizes become unknown."""
        for requirement in result.requires:
            if not self._holds(requirement):
                # With an assumed input, a condition that fails means nothing.
                if not self.value.assumed:
                    span = self.given.spans.get(requirement.parameter or "", self.statement.name.span)
                    fix = self.torch_order and self.torch_order.fix
                    caption = self.given.scope.caption(span)
                    self.context.report(
                        UNFIT_ARGUMENT, say(requirement.message), span, caption, labels=self._causes(), fix=fix
                    )
                # Only the impossible sizes become unknown: after a mistake in the height, the channels are still known.
                return result._replace(out=tuple(UNKNOWN if _impossible(dim) else dim for dim in result.out))
        # The order is reported only if all else is right; otherwise its fix belongs to the error.
        if self.torch_order and not self.value.assumed:
            found = self.torch_order
            self.context.report(TORCH_ORDER, found.message, found.span, fix=found.fix)
        return result

    def _holds(self, requirement: Requirement) -> bool:
        left, relation, right = requirement.left, requirement.relation, requirement.right
        # Of formulas that differ by a number, such as H−2 and H−4, it is known without the size; none is a number.
        apart = left if isinstance(left, Expr) and isinstance(right, int) else left - right
        if isinstance(apart, int):
            return apart >= 0 if relation == ">=" else apart == 0
        # Equal formulas hold for every size.
        if not isinstance(left, Unknown) and not isinstance(right, Unknown) and left != right:
            span = self.given.spans.get(requirement.parameter or "", self.statement.name.span)
            joins = self.layer.is_composite
            constraint = Constraint(left, relation, right, requirement.message, span, joins)
            self.context.assumptions.constraints.append(constraint)
        return True

    def _limited(self, result: Result) -> Result:
        # The totals of the net need numbers.
        if isinstance(result.params, Unknown) or isinstance(result.macs, Unknown):
            result = result._replace(params=0, macs=0)
        if any(isinstance(dim, Expr) and dim.length > MAX_FORMULA for dim in result.out):
            message = "the formulas of the sizes become too long"
            self.context.report(TOO_LARGE, message, self.statement.span, help=self._say_what_comes_in())
            return result._replace(out=(UNKNOWN,) * len(result.out), params=0, macs=0)
        elements = product(result.out) if is_known(result.out) else None
        for message, count in (
            ("the output has 2^53 numbers or more", elements),
            ("the parameters are 2^53 numbers or more", result.params),
        ):
            if isinstance(count, int) and count >= MAX_ELEMENTS:
                self.context.report(TOO_LARGE, message, self.statement.span)
                return result._replace(out=(UNKNOWN,) * len(result.out), params=0, macs=0)
        return result

    def _declared(self, lost: Set[str | None]) -> Result | None:
        """The known part of the output after a mistake: it does not depend on a lost argument, or it is declared."""
        shape, flow, layout = self.value.shape, self.layer.flow, self.layer.assumes
        if self.layer.is_composite:
            return None
        if shape is not None and self._accepts(len(shape)):
            named = frozenset(name for name in lost if name)
            key = (self.layer, shape, named, *self.values.items())
            # A text with thousands of `?` asks the same question thousands of times.
            known = self.context.memory.supposed
            if key not in known:
                known[key] = supposed(self.layer, shape, self.values, named)
            return known[key]
        size = self.values.get(flow[1], UNKNOWN) if flow else UNKNOWN
        if not layout or not isinstance(size, (int, Expr)):
            return None
        # The rank is a guess of this layer, so nothing may be reported because of it.
        self.value = self.value._replace(assumed=True)
        axis = next(iter(self.layer.stated.values()), -1) % len(layout)
        return Result(tuple(size if at == axis else UNKNOWN for at in range(len(layout))), IDENTITY)


def after(value: Value, layer: Layer, result: Result, span: Span, name: str) -> Value:
    """The output value of a layer."""
    dtype: Dtype = value.dtype if layer.takes == "any" else "float"
    # A result without a call has no arguments on which traits could depend.
    depends = callable(layer.traits) and result.call is IDENTITY
    traits = NO_TRAITS if depends else find_traits(layer.traits, result.call.arguments)
    lasting = traits & LASTING
    if value.traits and Trait.PASSES_THROUGH in traits and result.out == value.shape:
        lasting |= value.traits
    # An unchanged shape keeps its origin: messages name the layer that made it.
    if result.out == value.shape and value.origin is not None:
        return value._replace(dtype=dtype, traits=lasting)
    origin = Origin(span, result.out)
    # A layer that only moves numbers may change the rank; the origin of the sizes is still the layer above it.
    if layer.takes == "any" and value.origin is not None and len(result.out) != len(value.shape or ()):
        flattens = Trait.FLATTENS in traits
        origin = value.origin._replace(via=Rearrangement(name, span.position.line, result.out, flattens))
    return Value(result.out, dtype, origin, value.assumed, lasting, value.inputs)


def _checked(result: object) -> Result:
    if not isinstance(result, Result):
        raise TypeError(text("its rule returns {result!r}, which is not a `Result`", result=result))
    return result


def _impossible(dim: Dim) -> bool:
    return isinstance(dim, int) and dim < 1

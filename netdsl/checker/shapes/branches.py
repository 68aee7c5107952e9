"""The bodies of a composite, and the labelled outputs that it joins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from netdsl.checker.arguments.codes import WRONG_BODY
from netdsl.checker.names.labels import find_label
from netdsl.checker.names.scope import Labelled, Scope
from netdsl.checker.shapes.layer_check import LayerCheck
from netdsl.checker.value import Value
from netdsl.components import Call, Dtype, Refusal, Result
from netdsl.core.diagnostics import Label
from netdsl.core.sizes import UNKNOWN, Shape, Unknown, format_shape
from netdsl.core.source import Source, Span
from netdsl.core.text import join_or, text
from netdsl.language.parser import parse
from netdsl.language.syntax import Body, Name
from netdsl.program import IDENTITY, SKIPPING, Node

Labels = Mapping[str, Labelled]


class CheckedBody(NamedTuple):
    """A body: its node, the value that it leaves behind, its labels, and the child that keeps each of their outputs."""

    node: Node
    after: Value
    labels: Labels
    keeps: Mapping[str, str]


CheckBody = Callable[[str, str, Body, Value, Labels], CheckedBody]


class BranchCheck:
    """The check of one composite. `check_body` checks the statements of a body."""

    def __init__(self, check: LayerCheck, scope: Scope, path: str, check_body: CheckBody) -> None:
        self.check = check
        self.layer = check.layer
        self.given = check.given
        self.scope = scope
        self.path = path
        self.check_body = check_body
        self.nodes: list[Node] = []
        self.labels: dict[str, Labelled] = {}
        self.keeps: list[Mapping[str, str]] = []
        check.report_open_sizes()
        self.shapes: dict[
            str, Any
        ] = {}  # the shape of a body, or of a parameter that many bodies fill, a tuple of them
        self.takes: list[str] = []
        self.sound = not check.lost
        self.joined: list[Value] = []

    def join(self) -> Result | None:
        """The rule's result for the bodies; None if a mistake leaves the output unknown."""
        parameters = self.layer.parameters
        many = next((name for name, parameter in parameters.items() if parameter.is_many), None)
        if many:
            self._many(many)
        else:
            self._named([name for name, parameter in parameters.items() if parameter.is_branch])
        if not self.sound:
            return None
        # After a refusal, a part of the output may still be known, so that the layers below can be checked.
        result = self.check.apply(self.shapes) or self._trusted()
        # A rule may add bodies; it is then called again with their shapes.
        if result and result.extra:
            self._write(result.extra)
            result = self.check.apply(self.shapes)
        return self._told(result)

    def numbers(self) -> tuple[Dtype, tuple[str, ...]]:
        """The kind of numbers that come out, and the inputs that they are of; real ones make real ones of all."""
        many = any(parameter.is_many for parameter in self.layer.parameters.values())
        joined = self.joined if many and self.given.bodies else [self.check.value, *self.joined]
        dtypes = {value.dtype for value in joined}
        inputs = dict.fromkeys(name for value in joined if value.dtype == "any" for name in value.inputs)
        return "float" if "float" in dtypes else "any" if "any" in dtypes else "index", tuple(inputs) or ("",)

    def _trusted(self) -> Result | None:
        """The assumed output if the shapes of the bodies do not fit: sizes on which all agree; others are unknown."""
        many = [shapes for name, shapes in self.shapes.items() if self.layer.parameters[name].is_many]
        shapes = list(many[0]) if many else [self.check.value.shape, *self.shapes.values()]
        if not shapes or None in shapes or len({len(shape) for shape in shapes}) > 1:
            return None
        sizes = [dims[0] if len(set(dims)) == 1 and not many else UNKNOWN for dims in zip(*shapes, strict=True)]
        return Result(tuple(sizes), IDENTITY)

    def _many(self, parameter: str) -> None:
        """Object number of bodies, then labelled outputs; without a body the current value takes part first."""
        bodies, labels = self.given.bodies, self.given.labels
        fed = self._fed(len(bodies))
        shapes = [self._body(str(index), body, fed) for index, (_, body) in enumerate(bodies)]
        self.check.joined += _odd([body for _, body in bodies], shapes)
        # Without a body, the current value is the first one that is joined.
        if labels and not bodies:
            shapes.append(self._known(self.check.value.shape))
        self.shapes[parameter] = (*shapes, *map(self._labelled, labels))
        if self.layer.bodiless in self.given.spans:
            # A constant makes real numbers.
            self.joined.append(Value(None, "float"))
        elif not bodies and not labels:
            self._needs_a_body()

    def _named(self, names: Sequence[str]) -> None:
        """One body without a name, and others with names."""
        # In the order in which the module runs them: a body sees the labels of those before it.
        for name, body in sorted(self.given.bodies, key=lambda given: names.index(given[0] or names[0])):
            target = name or names[0]
            if target in self.shapes:
                # Only the brace is marked, because a whole body would fill the screen.
                where = Span(body.span.source, body.span.start, body.span.start + 1)
                message = text("`{layer}` has a `{body}` already", layer=self.layer.name, body=target)
                others = [f"`{other} {{ … }}`" for other in names[1:]]
                advice = text("the other body is {bodies}", bodies=join_or(others)) if others else "write both in one"
                self.check.context.report(WRONG_BODY, message, where, help=advice)
                self.sound = False
            else:
                self.shapes[target] = self._body(target, body, self._fed(1))
        required = (name for name in names if self.layer.parameters[name].required)
        if any(name not in self.shapes for name in required):
            self._needs_a_body()

    def _body(self, key: str, body: Body, value: Value) -> Shape | None:
        checked = self.check_body(key, self.path, body, value, self.labels)
        after = checked.after
        self.nodes.append(checked.node)
        self.joined.append(after)
        self._share(checked.node.takes)
        self.labels = {**self.labels, **checked.labels}
        self.keeps.append(checked.keeps)
        if after.assumed:
            # An assumption of a body is about the composite's input.
            self.check.value = self.check.value._replace(assumed=True)
        return self._known(after.shape)

    def _share(self, labels: Iterable[str]) -> None:
        """Lets the bodies so far hand out what the body behind them takes; of several with a label, the last does."""
        for label in sorted(labels):
            at = next((at for at in reversed(range(len(self.keeps))) if label in self.keeps[at]), None)
            if at is None:
                continue
            arguments = self.nodes[at].call.arguments
            keeps = {**arguments.get("keeps", {}), self.keeps[at][label]: label}
            shares = tuple(sorted({*arguments.get("shares", ()), label}))
            call = Call(SKIPPING.target, {**arguments, "keeps": keeps, "shares": shares})
            self.nodes[at] = self.nodes[at]._replace(call=call)

    def _known(self, shape: Shape | None) -> Shape | None:
        self.sound = self.sound and shape is not None
        return shape

    def _fed(self, count: int) -> Value:
        """What each body receives."""
        value = self.check.value
        if self.layer.feeds is None or value.shape is None or not count:
            return value
        try:
            return value._replace(shape=self.layer.feeds(value.shape, count))
        except Refusal as refusal:
            self.check.refuse(refusal)
            self.sound = False
            return Value(None, assumed=True)

    def _labelled(self, name: Name) -> Shape | None:
        found = find_label(name, self.scope, self.check.context)
        if found is not None:
            self.takes.append(found.key)
            self.joined.append(found.value)
            if found.shape:
                self.check.joined.append(found.label)
            return self._known(found.shape)
        self.sound = False
        return None

    def _write(self, bodies: Mapping[str, str]) -> None:
        """Checks the bodies that the rule has added."""
        statement = self.check.statement
        for name, written in bodies.items():
            source = Source(statement.span.source.name, written)
            # The rule's text is a source of its own; its places are not in the user's file.
            body = Body(parse(source)[0].statements, source.span(0, len(written)))
            self.shapes[name] = self._body(name, body, self.check.value)
            # Messages and tables name the statement for which the body was added.
            self.nodes[-1] = _moved(self.nodes[-1], statement.span)

    def _told(self, result: Result | None) -> Result | None:
        """The result with the labels that its module needs."""
        if result is None or not self.takes:
            return result
        arguments = {**result.call.arguments, "takes": tuple(self.takes)}
        return result._replace(call=Call(result.call.target, arguments))

    def _needs_a_body(self) -> None:
        if not self.sound:
            return
        self.sound = False
        span = self.check.statement.name.span
        advice = text("for example `{example}`", example=self.layer.example) if self.layer.example else None
        self.check.context.report(WRONG_BODY, text("`{layer}` needs a body", layer=self.layer.name), span, help=advice)


def taken_from_outside(bodies: Sequence[Node]) -> frozenset[str]:
    """The labels that bodies take and that none before them in the statement hands out."""
    taken: set[str] = set()
    for at, body in enumerate(bodies):
        taken |= body.takes.difference(*(other.call.arguments.get("shares", ()) for other in bodies[:at]))
    return frozenset(taken)


def _odd(bodies: Sequence[Body], shapes: Sequence[Shape | None]) -> Iterator[Label]:
    """The bodies whose output sizes differ from most others. Channels are compared if all other sizes agree."""
    known = [(body, shape) for body, shape in zip(bodies, shapes, strict=True) if shape and body.statements]
    # With an unknown size, the majority is unknown.
    if len({shape for _, shape in known}) < 2 or any(isinstance(size, Unknown) for _, shape in known for size in shape):
        return
    first = 1 if len({shape[1:] for _, shape in known}) > 1 else 0
    (usual, count), *_ = Counter(shape[first:] for _, shape in known).most_common(1)
    for body, shape in known:
        # If every body differs, all are shown.
        if shape[first:] != usual or count == 1:
            yield Label(body.statements[-1].span, text("this body gives {shape}", shape=format_shape(shape)))


def _moved(node: Node, span: Span) -> Node:
    """A node that a rule has added, at the place of its statement."""
    return node._replace(span=span, children=tuple(_moved(child, span) for child in node.children))

"""The statements of a body, one after the other: layers, composites, blocks, `repeat`, `let`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.checker.arguments.binding import bind
from netdsl.checker.arguments.codes import TOO_LARGE
from netdsl.checker.context import Context
from netdsl.checker.memory import CheckedUse
from netdsl.checker.names.codes import MALFORMED_DEFINITION, WRONG_LABEL
from netdsl.checker.names.definitions import expand
from netdsl.checker.names.labels import find_label
from netdsl.checker.names.lookup import lookup
from netdsl.checker.names.reserved_labels import is_reserved
from netdsl.checker.names.scope import Block, Labelled, Scope, Word, as_name
from netdsl.checker.names.variables import define_variables
from netdsl.checker.recover.separators import recovered
from netdsl.checker.recover.unreadable import first_word, label
from netdsl.checker.shapes.branches import BranchCheck, CheckedBody, taken_from_outside
from netdsl.checker.shapes.layer_check import LayerCheck, after
from netdsl.checker.shapes.plain_statements import names_nothing
from netdsl.checker.shapes.repetition import repetition
from netdsl.checker.value import UNKNOWN_VALUE, Value
from netdsl.components import Call, Dtype, Layer, Result
from netdsl.components.traits import Traits
from netdsl.core.diagnostics import Label
from netdsl.core.limits import MAX_CHECKED, MAX_LAYERS, MAX_NESTING
from netdsl.core.source import Source, Span
from netdsl.core.text import text
from netdsl.language.recovery.codes import NESTED_TOO_DEEP
from netdsl.language.statements import AGAIN, AT_THE_TOP, FROM, LET, REPEAT, StatementKind
from netdsl.language.syntax import Body, Name, Statement
from netdsl.program import SEQUENTIAL, SKIPPING, BlockUse, Node, Stretch, add_up, arrange

if TYPE_CHECKING:
    from netdsl.checker.shapes.second_use import SecondUse

NOTHING: frozenset[str] = frozenset()
"""The labels that most layers take."""


class LabelledModule(NamedTuple):
    """What `again` may use once more: the statement with the label, the names in its sight, and its node."""

    statement: Statement
    scope: Scope
    node: Node


class BodyCheck:
    """Checks the statements of one body. `nodes`, their number and `value` are the results so far.

    Behind a `from`, `start` is the label whose output the next layer receives; `starts` are all such labels. `kept` has
    the labels that are not their module's name, and that name. `modules` has what `again` may use once more, and
    `agains` is how often that was done.
    """

    def __init__(self, context: Context, scope: Scope, value: Value, prefix: str = "", depth: int = 0) -> None:
        self.context = context
        self.scope = scope
        self.value = value
        self.prefix = prefix
        self.depth = depth
        self.nodes: list[Node | Stretch] = []
        self.length = 0
        self.keys: set[str] = set()
        self.copies: dict[str, int] = {}
        self.start = ""
        self.starts: set[str] = set()
        self.kept: dict[str, str] = {}
        self.modules: dict[str, LabelledModule] = {}
        self.agains = 0

    def run(self, statements: Sequence[Statement], extent: Span) -> None:
        """Checks the statements in order. `extent` is the place of the body in the text."""
        end, trace = extent.start, self.context.trace
        if trace is not None:
            trace.enter(extent, self.scope, self.value)
        for statement in recovered(statements, self.scope, self.context):
            if self.context.stopped:
                return
            self._skip(extent.source, end, statement.span.start)
            end = statement.span.end
            # The count before the check leaves out what depends on sizes; this one counts everything.
            if not self.context.limits.count_checked():
                self._report_size(statement)
                return
            before, scope, built = self.value, self.scope, len(self.nodes)
            self._statement(statement)
            if trace is not None:
                trace.go_through(statement, scope, before, self.value, self.nodes[built:])
        self._skip(extent.source, end, extent.end)

    def _report_size(self, statement: Statement) -> None:
        if self.context.limits.layers > MAX_LAYERS:
            message = text("the net expands to more than {most} layers", most=f"{MAX_LAYERS:,}")
        else:
            message = text("the net has more than {most} layers that are not alike", most=f"{MAX_CHECKED:,}")
        self.context.report(TOO_LARGE, message, statement.span)

    def _skip(self, source: Source, start: int, end: int) -> None:
        """Notes an unreadable statement: it may have been a layer with a label."""
        for span in (
            self.context.assumptions.unreadable.between(source, start, end)
            if self.context.assumptions.unreadable
            else ()
        ):
            if first_word(span) not in AT_THE_TOP:
                self.value = UNKNOWN_VALUE
                if name := label(span):
                    # The label is entered without a shape, so that its uses are not unknown names.
                    self.scope.labels.setdefault(name, Labelled(name, UNKNOWN_VALUE, span, span))

    def container(self, outputs: Sequence[str] = ()) -> tuple[Call, frozenset[str]]:
        """The `nn.Sequential` of the nodes, one that carries skips if need be, and the labels it needs from outside.

        `outputs` are the labels whose outputs it gives, where that is not the last node's alone.
        """
        # A body may end in `from`.
        outputs = tuple(outputs) or ((self.start,) if self.start else ())
        taken = frozenset(self.starts).union(outputs, *(node.takes for node in _once(self.nodes)))
        if not taken:
            return SKIPPING if self.agains else SEQUENTIAL, taken
        # The labels that this body keeps need not come from outside.
        keeps = {self.kept.get(label, label): label for label in sorted(taken & self.keys)}
        arguments = {"keeps": keeps, "outputs": outputs} if outputs else {"keeps": keeps}
        return Call(SKIPPING.target, arguments), taken - self.keys

    def branch(self, key: str, path: str, body: Body, value: Value, siblings: Mapping[str, Labelled]) -> CheckedBody:
        """Checks a body of the current statement. `siblings` are the labels of the bodies before it."""
        scope = self.scope.inner(value.shape)
        scope.siblings, scope.within = siblings, self.at.label
        # A branch is two levels deeper: the row with its name is between it and the composite.
        inner = BodyCheck(self.context, scope, value, f"{path}.{key}", self.depth + 2)
        inner.run(body.statements, body.span)
        # An empty body has no text to mark.
        span = body.statements[0].span.to(body.statements[-1].span) if body.statements else self.at.span
        keeps = {label: inner.kept.get(label, label) for label in inner.keys}
        return CheckedBody(inner.enclosed(key, key, span, value), inner.value, scope.labels, keeps)

    def _statement(self, statement: Statement) -> None:
        name = statement.name.text
        if name == LET.name:
            define_variables(statement, self.scope, self.context)
        elif name == REPEAT.name:
            self._repeat(statement)
        elif name == FROM.name:
            self._from(statement)
        elif name == AGAIN.name:
            self._again(statement)
        elif name in AT_THE_TOP:
            message = text("`{name}` belongs at the top of the file, not in a body", name=name)
            self.context.report(MALFORMED_DEFINITION, message, statement.name.span, help="move it out of the braces")
        elif self.scope.depth > MAX_NESTING:
            self.context.report(
                NESTED_TOO_DEEP,
                text("nested more than {limit} deep", limit=MAX_NESTING),
                statement.name.span,
            )
            self.value = UNKNOWN_VALUE
        else:
            self._component(statement)

    def _from(self, statement: Statement) -> None:
        """Makes a labelled output, or a named input, the current value."""
        label = self._only_label(statement, FROM)
        found = None if label is None else find_label(label, self.scope, self.context)
        self.value = UNKNOWN_VALUE if found is None else found.value
        self.start = "" if found is None else found.key

    def _only_label(self, statement: Statement, kind: StatementKind) -> Name | None:
        """The label that a statement is about, where that is all it says."""
        label = as_name(statement.items[0]) if len(statement.items) == 1 else None
        # What makes no output has no label of its own.
        if label is None or statement.flow or (statement.label and kind is FROM):
            advice = text("for example `{example}`", example=kind.example)
            message = text("`{statement}` takes one label", statement=kind.name)
            self.context.report(WRONG_LABEL, message, statement.span, help=advice)
            return None
        return label

    def _again(self, statement: Statement) -> None:
        """Applies the module of a labelled statement once more."""
        from netdsl.checker.shapes.second_use import report_misfit  # imported only for a net with an `again`

        self.at = statement
        label = self._only_label(statement, AGAIN)
        module = None if label is None else self._module(label)
        # An assumed input tells nothing of a module.
        if label is None or module is None or self.value.shape is None or self.value.assumed:
            self._finish(statement, self._again_key(statement), UNKNOWN_VALUE)
            return
        use = self._second_use(module)
        # The module may be a block of thousands of layers.
        if self.context.limits.exceeded:
            self._report_size(statement)
            return
        key = self._again_key(statement)
        if use.misfit:
            report_misfit(label, module.node, module.statement, use, self.context)
            self._finish(statement, key, UNKNOWN_VALUE)
            return
        self.context.assumptions.constraints += (one._replace(span=statement.span) for one in use.constraints)
        name, said = statement.name.text, written(statement)
        node = use.node.at(module.node.path)
        self._append(node.use_again(key, name=name, written=said, span=statement.span, depth=self.depth))
        self._finish(statement, key, use.value)

    def _module(self, label: Name) -> LabelledModule | None:
        """The module that a label of this body stands for; None where it has none, which is reported."""
        from netdsl.checker.shapes.second_use import report_no_module, report_own_body

        found = self.scope.labelled(label.text)
        if found is None and (around := self.scope.around(label.text)) is not None:
            report_own_body(label, around, self.context)
            return None
        # A misspelt label is reported once, and then counts as the one that is meant.
        found = found or find_label(label, self.scope, self.context)
        if found is None:
            return None
        module = self.modules.get(found.key) if found is self.scope.labels.get(found.span.text) else None
        if module is None and found.shape is not None:
            report_no_module(label, found.statement, self.context)
        return module

    def _second_use(self, module: LabelledModule) -> SecondUse:
        """What a module makes of the current value; its own statement is checked once more, without a report."""
        from netdsl.checker.shapes.second_use import SecondUse

        scratch = self.context.without_reports()
        body = BodyCheck(scratch, module.scope, self.value, self.prefix, self.depth)
        # The label names the first use. Without it, this one's place is that of the next module.
        body.length = self.length
        body.run([replace(module.statement, label=None)], module.statement.span)
        node = body.nodes[0] if body.nodes else None
        reported = self.context.report.diagnostics
        return SecondUse.of(self.value.shape or (), module.node, node, body.value, scratch, reported)

    def _again_key(self, statement: Statement) -> str:
        """What tells this use of a module from others: its label, or a number."""
        self.agains += 1
        return self._key(statement) if statement.label else f"{AGAIN.name} {self.agains}"

    def _component(self, statement: Statement) -> None:
        """Checks a use of a layer or of a block: its name, its arguments, its shapes."""
        self.at = statement
        component = lookup(statement, self.scope, self.context)
        if component is None:
            # The statement keeps its place and its label, so that no further mistakes follow from it.
            self._finish(statement, self._key(statement), UNKNOWN_VALUE)
        elif isinstance(component, Block):
            self._block(component, statement)
        elif component.is_composite:
            self._composite(component, statement)
        else:
            self._plain(component, statement)

    def _plain(self, layer: Layer, statement: Statement) -> None:
        value, plain = self.value, self.context.memory.plain
        key = (layer, statement.span.text, value.shape, value.dtype, value.traits, value.assumed, self._dtype())
        found = plain.get(key)
        if found is not None:
            shape, assumed, known = found
            taken = value if shape == value.shape else value._replace(shape=shape)
            self._place(layer, statement, taken._replace(assumed=assumed) if assumed else taken, known, ())
            return
        # A result with reports, conditions or new facts about the input belongs to this place, and is not remembered.
        before = self._facts()
        arguments = bind(layer, statement, self.scope, self.context)
        check = LayerCheck(layer, statement, arguments, value, self.context)
        check.enter()
        takes = check.take_labels() if layer.labelled else ()
        result = check.apply({})
        if takes and result is not None:
            call = result.call
            result = result._replace(call=Call(call.target, {**call.arguments, "takes": takes}))
        is_settled = value.assumed or value.shape is not None
        if before == self._facts() and is_settled and names_nothing(statement, layer):
            plain[key] = check.value.shape, check.value.assumed, result
        self._place(layer, statement, check.value, result, ())

    def _composite(self, layer: Layer, statement: Statement) -> None:
        arguments = bind(layer, statement, self.scope, self.context)
        check = LayerCheck(layer, statement, arguments, self.value, self.context)
        branches = BranchCheck(check, self.scope, self._path(self._next_key(statement)), self.branch)
        result = branches.join()
        # A body may find out that its input was assumed; otherwise the input value is unchanged.
        value = self.value._replace(assumed=check.value.assumed)
        self._place(layer, statement, value, result, branches.nodes)
        # A label or a body may bring real numbers where whole numbers came in, or those of another input.
        if self.value.shape is not None and layer.takes == "any":
            dtype, inputs = branches.numbers()
            self.value = self.value._replace(dtype=dtype, inputs=inputs)

    def _place(
        self, layer: Layer, statement: Statement, value: Value, result: Result | None, children: Sequence[Node]
    ) -> None:
        key = self._key(statement)
        if result is None:
            still_open = value.shape is None and not value.assumed
            # The input is unknown and nothing has failed: the next layer may still assume an input.
            self._finish(statement, key, value if still_open else UNKNOWN_VALUE)
            return
        params, macs = add_up(children)
        learned = layer.learns(_plain_layers(children)) if layer.learns else 0
        takes = NOTHING
        if children or "takes" in result.call.arguments:
            takes = frozenset(result.call.arguments.get("takes", ())) | taken_from_outside(children)
        # A plain Sequential cannot pass labelled outputs to its children.
        call = SKIPPING if takes and result.call == SEQUENTIAL else result.call
        node = Node(
            self._path(key),
            statement.name.text,
            layer,
            written(statement),
            statement.span,
            value.shape or (),
            result.out,
            call,
            params + result.params + learned,
            macs + result.macs,
            result.formula,
            self.depth,
            tuple(children),
            takes,
        )
        self._append(node)
        self._finish(statement, key, after(value, layer, result, statement.span, statement.name.text))

    def _block(self, block: Block, statement: Statement) -> None:
        key, known = self._key(statement), block in self.context.expansion.used
        scope = expand(block, statement, self.scope, self.value.shape, self.context)
        # In an unused body each block is opened once: nested uses would double with every level.
        if scope is None or (known and self.context.expansion.unused):
            self._finish(statement, key, UNKNOWN_VALUE)
            return
        given = {name: scope.variables[name] for name in block.parameters}
        node, value = self._used(block, given, scope, statement, key, is_first=not known)
        name, text = statement.name.text, written(statement)
        use = BlockUse(block.name, given, block.traits)
        self._append(node.at(self._path(key))._replace(name=name, written=text, span=statement.span, block=use))
        self._finish(statement, key, value)

    def _used(
        self,
        block: Block,
        given: Mapping[str, object],
        scope: Scope,
        statement: Statement,
        key: str,
        *,
        is_first: bool,
    ) -> tuple[Node, Value]:
        """The container of a block's layers, and their output value. Equal uses are checked once."""
        expansion, limits = self.context.expansion, self.context.limits
        # The depth is part of the key, because nesting that is too deep is reported at its place.
        place = (self.depth, scope.depth, len(expansion.open), block, *map(_told_apart, given.values()))
        if (known := self._find_use(place)) is not None:
            if not limits.count(known.layers):
                self._report_size(statement)
            return known.node, known.value
        inner = BodyCheck(self.context, scope, self.value, self._path(key), self.depth + 1)
        before, recursions, facts = self.value, expansion.recursions, self._facts()
        layers, checked, uses = limits.layers, limits.checked, len(expansion.uses)
        with self.context.inside(block, statement.span, is_first=is_first):
            inner.run(block.body.statements, block.body.span)
        node = inner.enclosed(statement.name.text, written(statement), statement.span, before)
        # Whether a block uses itself depends also on the blocks around it.
        if not self.context.stopped and recursions == expansion.recursions:
            origin, later = before.origin, inner.value.origin
            own = origin is not None and later is not None and origin.span != later.span
            value = before._replace(origin=None) if own else before
            inside = tuple(dict.fromkeys(expansion.uses[uses:]))
            use = CheckedUse(node, inner.value, limits.layers - layers, limits.checked - checked, inside)
            expansion.checked[value, place] = use
            # A place of this text is none of the next version's.
            lasts = self.context.source not in _sources(value, given.values())
            if lasts and facts == self._facts() and self.context.memory.keeps(block):
                self.context.memory.uses[value, self._dtype(), place] = use
        return node, inner.value

    def _find_use(self, place: tuple[object, ...]) -> CheckedUse | None:
        """The result of an equal use of a block: of this check, or of that of an earlier version of the text."""
        expansion, memory = self.context.expansion, self.context.memory
        if self.value.origin is None or expansion.unused or self.context.assumptions.placeholders:
            return None
        # The origin of the input is not part of the key: only messages name it.
        for value in (self.value._replace(origin=None), self.value):
            use = expansion.checked.get((value, place))
            if use is None and (use := memory.uses.get((value, self._dtype(), place))) is not None:
                # Here it counts as checked, so that a net is as large in every version.
                self.context.limits.checked += use.checked
                expansion.note(use.blocks)
                expansion.checked[value, place] = use
            if use is not None:
                return use
        return None

    def _facts(self) -> tuple[object, ...]:
        """What tells whether the check has found out something that belongs to one place, and is not remembered."""
        assumptions = self.context.assumptions
        counts = len(assumptions.constraints), len(assumptions.dtypes), len(assumptions.placeholders)
        return self.context.report.asked, *counts, assumptions.wanted

    def _dtype(self) -> Dtype:
        """The kind of numbers that come in, as far as it is known."""
        value = self.value
        return value.dtype if value.dtype != "any" else self.context.assumptions.dtype_of(value.inputs)

    def enclosed(self, name: str, text: str, span: Span, before: Value) -> Node:
        """The container of this body's nodes."""
        call, takes = self.container()
        params, macs = add_up(self.nodes)
        shapes = before.shape or (), self.value.shape or ()
        depth, nodes = self.depth - 1, arrange(self.nodes, self.prefix)
        return Node(self.prefix, name, None, text, span, *shapes, call, params, macs, (), depth, nodes, takes)

    def _repeat(self, statement: Statement) -> None:
        found = repetition(statement, self.scope, self.context)
        if found is None:
            return
        body, times = found
        if times is None:
            self.value = UNKNOWN_VALUE
        if not times or self.context.expansion.unused:
            # A body that is repeated 0 times is still checked for its own mistakes.
            self.check_unused(body, self.scope.inner(None))
        outer = self.scope
        self.context.expansion.repeated += 1
        rounds = times if times and body.statements and not self.context.expansion.unused else 0
        for number in range(rounds):
            before, keys, layers = self.value, len(self.keys), self.context.limits.layers
            start, agains = self.start, self.agains
            first, reported = len(self.nodes), self.context.report.mistakes
            # Each round receives the output of the round before.
            self.scope = outer.repeated(self.value.shape)
            with self.context.report.round(statement.name.span, number + 1):
                self.run(body.statements, body.span)
            if self.context.stopped:
                break
            if self.context.report.mistakes > reported:  # further rounds would only repeat the mistake
                self.value = self.value if self.value.shape == before.shape else UNKNOWN_VALUE
                break
            # After a round that does not change the value and has no labels, all further rounds are equal: one is kept.
            same = self.value._replace(origin=before.origin) == before and self.start == start
            if same and len(self.keys) == keys and self.agains == agains:
                times = rounds - number
                if self.context.limits.count((self.context.limits.layers - layers) * (times - 1)):
                    self._multiply(first, times)
                else:
                    self._report_size(statement)
                break
        self.scope = outer
        self.context.expansion.repeated -= 1
        if statement.label is not None and not self.context.stopped:
            self._name(statement, self._last_key(statement.label.text), self.value)

    def _last_key(self, label: str) -> str:
        """What the output of all the layers so far is kept under, once it is given a label."""
        if self.start:
            return self.start
        last = next(_from_the_end(self.nodes), None)
        if last is not None and last.step in self.keys:
            return last.step
        # Without a layer, what comes in is kept, which no module gives.
        self.kept[label] = "" if last is None else last.again or str(self.length - 1)
        self.keys.add(label)
        return label

    def _append(self, node: Node) -> None:
        if self.start:
            node, self.start = node._replace(start=self.start), ""
            self.starts.add(node.start)
        self.nodes.append(node)
        # What is used once more has a number already, or a label.
        self.length += not node.again

    def _multiply(self, first: int, times: int) -> None:
        """Combines the nodes of a round into a stretch."""
        if times > 1 and len(self.nodes) > first:
            stretch = Stretch(tuple(self.nodes[first:]), times)
            self.length += stretch.length - stretch.length // times
            self.nodes[first:] = [stretch]

    def check_unused(self, body: Body, scope: Scope) -> None:
        """Checks a body that is not part of the net, for its own mistakes."""
        before, self.context.expansion.unused = self.context.expansion.unused, True
        BodyCheck(self.context, scope, UNKNOWN_VALUE).run(body.statements, body.span)
        self.context.expansion.unused = before

    def _next_key(self, statement: Statement) -> str:
        """The name of the statement's module among its siblings: its label (numbered if repeated), or its index."""
        if statement.label is None:
            return str(self.length)
        label = statement.label.text
        # The last number is remembered, because counting from 1 for thousands of copies takes quadratic time.
        number = self.copies.get(label, 1)
        while (key := label if number == 1 else f"{label}_{number}") in self.keys:
            number += 1
        self.copies[label] = number
        return key

    def _key(self, statement: Statement) -> str:
        key = self._next_key(statement)
        if statement.label:
            self.keys.add(key)
        return key

    def _path(self, key: str) -> str:
        return f"{self.prefix}.{key}" if self.prefix else key

    def _finish(self, statement: Statement, key: str, value: Value) -> None:
        """Takes the value that a statement leaves behind, and notes its label."""
        self.value, self.start = value, ""
        if statement.label is not None:
            self._name(statement, key, value)
            last = self.nodes[-1] if self.nodes else None
            if isinstance(last, Node) and last.step == key:
                # Of a module that has several labels, the first statement is the one that made it.
                own = LabelledModule(statement, self.scope, last)
                self.modules[key] = self.modules.get(last.key, own) if last.again else own

    def _name(self, statement: Statement, key: str, value: Value) -> None:
        """Notes the label of a statement; no other statement may have the same."""
        assert statement.label is not None
        name, span = statement.label.text, statement.label.span
        other = self.scope.labels.get(name) or self.scope.labelled(name)
        # Bodies side by side may use the same names, unless one of them takes the other's output.
        # What is taken is only asked then: thousands of rounds with a label would each look at all before them.
        if other and other is self.scope.siblings.get(name):
            taken = self.starts.union({self.start}, *(node.takes for node in _once(self.nodes)))
            other = other if name in taken else None
        # In a `repeat` the same statement comes again; that is not a second use of its label.
        if other and other.statement != statement.span:
            first = Label(other.span, "first used here")
            self.context.report(WRONG_LABEL, text("the label `{name}` is used twice", name=name), span, labels=[first])
        elif is_reserved(name):
            advice = text(
                "every module has an attribute of that name; write `{name}1` or another word", name=name.strip("_")
            )
            self.context.report(WRONG_LABEL, text("`{name}` cannot be a label", name=name), span, help=advice)
        elif "." in name:
            self.context.report(
                WRONG_LABEL, text("`{name}` cannot be a label", name=name), span, help="a label is one word"
            )
        # A refused label is entered too, so that its uses are not reported as unknown.
        self.scope.labels[name] = Labelled(key, value, span, statement.span)
        self.scope.hide(statement.label)


def _plain_layers(nodes: Iterable[Node]) -> Iterator[tuple[Traits, Mapping[str, Any]]]:
    """Traits and arguments of all layers in nodes, but for those that a composite inside gives another form.

    What is used again is one module, and stands for itself once.
    """
    for node in nodes:
        if (node.layer is None or node.layer.learns is None) and not node.again:
            yield node.traits, node.call.arguments
            yield from _plain_layers(node.children)


def written(statement: Statement) -> str:
    """A statement as its author wrote it, without its bodies."""
    if not any(isinstance(item, Body) for item in statement.items):
        return statement.span.text
    parts, start = [], statement.span.start
    for item in statement.items:
        if isinstance(item, Body):
            parts.append(statement.span.source.text[start : item.span.start])
            start = item.span.end
    parts.append(statement.span.source.text[start : statement.span.end])
    return " ".join("".join(parts).split())


def _told_apart(value: object) -> object:
    """A block's argument for a key, with its type: for Python, `1`, `1.0` and `true` are equal."""
    if isinstance(value, tuple):
        return tuple(map(_told_apart, value))
    # A mistake in a word is reported at its place.
    return type(value), value, value.span if isinstance(value, Word) else None


def _sources(value: Value, given: Iterable[object]) -> Iterator[Source]:
    """The texts that an input and the arguments of a block have places in."""
    if value.origin is not None:
        yield value.origin.span.source
    for one in given:
        if isinstance(one, tuple):
            yield from _sources(UNKNOWN_VALUE, one)
        elif isinstance(one, Word) and one.span is not None:
            yield one.span.source


def _from_the_end(kept: Sequence[Node | Stretch]) -> Iterator[Node]:
    """Siblings, the last first; of those of a stretch one round."""
    for one in reversed(kept):
        if isinstance(one, Stretch):
            yield from _from_the_end(one.kept)
        else:
            yield one


def _once(kept: Iterable[Node | Stretch]) -> Iterator[Node]:
    """The siblings; those of a stretch once."""
    for one in kept:
        if isinstance(one, Stretch):
            yield from _once(one.kept)
        else:
            yield one

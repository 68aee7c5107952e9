"""The number of layers of a net, counted before its `repeat`s and blocks are expanded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from netdsl.checker.arguments.values import INVALID, evaluate
from netdsl.checker.context import Context
from netdsl.checker.names.scope import Block, Scope, as_name
from netdsl.checker.recover.first_words import defined_names
from netdsl.core.limits import MAX_LAYERS, MAX_NESTING
from netdsl.core.source import Span
from netdsl.language.statements import REPEAT
from netdsl.language.syntax import Body, Name, Number, Parenthesis, Setting, Statement


def too_many(statements: Sequence[Statement], scope: Scope, context: Context) -> Span | None:
    """The statement with which the net becomes larger than the limit, as far as plain numbers tell.

    A `repeat` whose number depends on sizes is not counted here; the check itself counts again.
    """
    # Reports of the arithmetic are dropped here, because the check itself reports them again.
    counter = _Counter(Context(context.registry, context.source, context.folder))
    total = 0
    for statement in statements:
        total += counter.count(statement, scope, 0)
        if total > MAX_LAYERS:
            return statement.name.span
    return None


class _Counter:
    def __init__(self, scratch: Context) -> None:
        self.scratch = scratch
        self.known: dict[tuple[Block, tuple[tuple[str, int], ...]], int] = {}

    def count(self, statement: Statement, scope: Scope, depth: int) -> int:
        """The least number of layers that a statement stands for."""
        # The check itself reports such a depth.
        if depth > MAX_NESTING:
            return 1
        named = scope.lookup(statement.name.text)
        block = scope.block(str(named) if isinstance(named, str) else statement.name.text)
        if block:
            return 1 + self._block(block, statement, scope, depth)
        bodies = [item for item in statement.items if isinstance(item, Body)]
        if not bodies and statement.name.text != REPEAT.name:
            return 1
        inside = sum(self._all(body, scope, depth) for body in bodies)
        return inside * self._times(statement, scope) if statement.name.text == REPEAT.name else 1 + inside

    def _all(self, body: Body, scope: Scope, depth: int) -> int:
        # A definition in the body may hide a number of the same name, and its value is not known yet.
        own = dict.fromkeys(defined_names(body.statements), INVALID)
        scope = Scope(scope, None, own) if own else scope
        total = 0
        for statement in body.statements:
            total += self.count(statement, scope, depth + 1)
            if total > MAX_LAYERS:  # it is too large already
                break
        return total

    def _block(self, block: Block, statement: Statement, scope: Scope, depth: int) -> int:
        least = self._body(block, {}, depth)
        # A block that is too large without its arguments is not counted again for each use.
        return least if least > MAX_LAYERS else self._body(block, self._given(block, statement, scope), depth)

    def _body(self, block: Block, given: Mapping[str, int], depth: int) -> int:
        """The number of layers of a block's body, with the known arguments."""
        key = block, tuple(sorted(given.items()))
        if key not in self.known:
            # A block that uses itself finds this 0, so the count ends.
            self.known[key] = 0
            variables = {**dict.fromkeys(block.parameters, INVALID), **given}
            self.known[key] = self._all(block.body, Scope(block.scope, None, variables), depth)
        return self.known[key]

    def _given(self, block: Block, statement: Statement, scope: Scope) -> dict[str, int]:
        """The numbers that a use of a block gives its parameters."""
        names = list(block.parameters)
        given = {name: self._number(block.parameters[name].default, block.scope) for name in names}
        for item in statement.items:
            if isinstance(item, Setting):
                given[item.name.text] = self._number(item.value, scope)
            elif names:
                given[names.pop(0)] = self._number(item, scope)
        return {name: value for name, value in given.items() if value is not None}

    def _times(self, statement: Statement, scope: Scope) -> int:
        counts = [item for item in statement.items if not isinstance(item, Body)]
        times = self._number(counts[0], scope) if len(counts) == 1 else None
        return max(0, times or 0)

    def _number(self, item: object, scope: Scope) -> int | None:
        """An item as a whole number; None if it is not one or depends on a size."""
        value = as_name(item) or item
        if not isinstance(value, (Name, Number, Parenthesis)):
            return None
        found = evaluate(value, scope, self.scratch)
        return found if type(found) is int else None  # for Python a bool is an int

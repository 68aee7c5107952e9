"""What one check carries along: the registry, the diagnostics found, the constraints on symbols, the limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple, NoReturn

from netdsl.checker.arguments.codes import TOO_LARGE
from netdsl.checker.recover.unreadable import Unreadable
from netdsl.components import Component, Dtype, Result
from netdsl.core.diagnostics import Code, Diagnostic, Edit, Fix, Label
from netdsl.core.limits import MAX_LAYERS
from netdsl.core.sizes import Dim, Expr, Shape
from netdsl.core.source import Source, Span
from netdsl.core.suggestions import SURE, nearest
from netdsl.plugins.registry import Registry
from netdsl.program import Experiment


class Exhausted(Exception):
    """The net expands beyond the limit: the check ends here, the diagnostic is already noted."""


class Assume(Exception):
    """Nothing is known of the net's input, and the first layer that needs it takes this shape for granted."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.shape = shape


class Constraint(NamedTuple):
    """Something that must hold of the symbols of the input, and the place that asks for it."""

    left: Dim
    relation: Literal[">=", "=="]
    right: Dim
    message: str
    span: Span


@dataclass(eq=False)
class Context:
    """One check of one text.

    `incomplete` says that a definition is lost, so that an unknown name may be its; `glancing`, that a body is looked
    over which stands nowhere in the net, so that each block is opened once at most; `shared`, above 0, that a
    statement stands for several layers.
    """

    registry: Registry
    source: Source
    folder: Path
    guesses: dict[Span, int] = field(default_factory=dict)
    assumed: Shape | None = None
    diagnostics: list[Diagnostic] = field(default_factory=list)
    constraints: list[Constraint] = field(default_factory=list)
    holes: dict[Span, Hole] = field(default_factory=dict)
    unreadable: Unreadable = field(default_factory=Unreadable)
    incomplete: bool = False
    glancing: bool = False
    shared: int = 0
    dtype: Dtype = "any"
    expanding: list[Component] = field(default_factory=list)
    uses: list[Span] = field(default_factory=list)
    noted: set[tuple[str, Span]] = field(default_factory=set)
    used: set[Component] = field(default_factory=set)
    results: dict[tuple[Any, ...], Result] = field(default_factory=dict)
    shipped: dict[Path, Mapping[str, Component]] = field(default_factory=dict)
    layers: int = 0

    def report(
        self,
        code: Code,
        message: str,
        span: Span,
        caption: str = "",
        *,
        labels: Iterable[Label] = (),
        help: str | None = None,
        fix: Fix | None = None,
    ) -> None:
        """Notes a diagnostic; one mistake in a body is one, however often the body is used."""
        if (code, span) not in self.noted:
            self.noted.add((code, span))
            causes = (*labels, *self._use(code))
            self.diagnostics.append(Diagnostic(code, message, span, caption, causes, help, fix))

    def _use(self, code: str) -> list[Label]:
        """Sizes depend on where a block is used: the file's own use is named, not those inside it."""
        return [Label(self.uses[0], "in this use")] if self.uses and code.startswith("NET2") else []

    def unknown(
        self, code: Code, what: str, name: str, span: Span, known: Iterable[str], help: str | None = None
    ) -> str | None:
        """Notes a name that is not there, with the nearest one that is; returns that one where it is surely meant."""
        if plugins := self._disputing(what, name):
            several = " and ".join(f"`{plugin}`" for plugin in plugins)
            message = f"unknown {what} `{name}`: plugins {several} both bring it, and neither is used"
            self.report(code, message, span, help=f"choose one: `NETDSL_PLUGINS={plugins[0]}`, or uninstall the other")
            return None
        near = nearest(name, known)
        if near is None:
            self.report(code, f"unknown {what} `{name}`", span, help=help)
            return None
        sure = nearest(name, [near], SURE) is not None
        fix = Fix(f"write `{near}`", (Edit(span, near),)) if sure else None
        self.report(
            code, f"unknown {what} `{name}`, did you mean `{near}`?", span, help=None if sure else help, fix=fix
        )
        return near if sure else None

    def _disputing(self, what: str, name: str) -> tuple[str, ...]:
        """The plugins that bring a name so that it is none of theirs."""
        disputed = self.registry.disputed.items()
        return next((plugins for (kind, word), plugins in disputed if (kind.kind, word) == (what, name)), ())

    @contextmanager
    def inside(self, block: Component, use: Span) -> Iterator[None]:
        """Remembers, while a block's body is checked, that it is, and for which use."""
        self.expanding.append(block)
        self.uses.append(use)
        self.used.add(block)
        self.shared += 1
        yield
        self.shared -= 1
        self.uses.pop()
        self.expanding.pop()

    def count(self, span: Span) -> None:
        """Counts a statement on its way into the net."""
        self.layers += 1
        if self.layers > MAX_LAYERS:
            self.exhausted(span)

    def exhausted(self, span: Span) -> NoReturn:
        """Ends the check at the statement with which the net becomes too large."""
        self.report(TOO_LARGE, f"the net expands to more than {MAX_LAYERS:,} layers", span)
        raise Exhausted


@dataclass
class Attempt:
    """One pass over a file: what was noted, and what came of it."""

    context: Context
    experiment: Experiment | None = None


@dataclass(slots=True)
class Hole:
    """A `?` and what is known of the value it asks for.

    `stated`: it stands for a size of the input, and `value` is that size; `several`: there are several inputs;
    `undetermined`: the size is a symbol, which is noted already.
    """

    span: Span
    parameter: str
    stated: bool
    value: int | None = None
    several: bool = False
    undetermined: bool = False

    @property
    def open(self) -> bool:
        """Whether its value has to be searched for."""
        return not self.stated

    def tell(self, size: Dim) -> None:
        """Takes in a size of the input that it stands for."""
        if isinstance(size, int):
            self.several = self.several or self.value not in (None, size)
            self.value = size
        self.undetermined = self.undetermined or isinstance(size, Expr)

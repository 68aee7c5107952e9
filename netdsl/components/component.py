"""What every component is: a name of the language and the function that describes it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import field
from functools import cached_property
from types import UnionType
from typing import Annotated, Any, ClassVar, Literal, NewType, Self, Union, get_args, get_origin, get_type_hints

from netdsl.core.errors import Refusal
from netdsl.core.lazy import Lazy
from netdsl.core.ranges import Range
from netdsl.core.records import record
from netdsl.core.sizes import Shape
from netdsl.core.text import text
from netdsl.core.translation import translate


class Spelling(str):
    """In an annotation: what the language calls a parameter whose name Python keeps for itself, such as `except`."""

    __slots__ = ()


@record(frozen=True, eq=False)
class Parameter:
    """One parameter of a component.

    Args:
        name: what it is called.
        type: as annotated.
        default: its value where none is given; `REQUIRED` where one must be.
        positional: whether it may be given without its name.
        range: the numbers that it may be.
        doc: what it means, in a phrase.
    """

    REQUIRED: ClassVar[Any] = inspect.Parameter.empty

    name: str
    type: Any
    default: Any
    positional: bool
    range: Range | None = None
    doc: str = ""

    @classmethod
    def declared(cls, given: inspect.Parameter, annotation: Any) -> Self:
        """A parameter as a signature declares it: `batch: Annotated[int, AtLeast(1), "samples to a batch"] = 64`."""
        type_, *others = get_args(annotation) if get_origin(annotation) is Annotated else (annotation,)
        range_ = next((one for one in others if isinstance(one, Range)), None)
        name = next((str(one) for one in others if isinstance(one, Spelling)), given.name)
        doc = next((one for one in others if isinstance(one, str) and not isinstance(one, Spelling)), "")
        return cls(name, type_, given.default, given.kind is not given.KEYWORD_ONLY, range_, doc)

    @property
    def required(self) -> bool:
        """Whether it must be given."""
        return self.default is Parameter.REQUIRED

    @cached_property
    def options(self) -> tuple[Any, ...]:
        """The types that a value may have, `Literal[…]` among them."""
        return get_args(self.type) if get_origin(self.type) in (Union, UnionType) else (self.type,)

    @cached_property
    def choices(self) -> tuple[str, ...]:
        """The words that it may be, such as `zeros` and `reflect`."""
        literals = (option for option in self.options if get_origin(option) is Literal)
        return tuple(word for option in literals for word in get_args(option))

    @cached_property
    def is_branch(self) -> bool:
        """Whether it is filled by the output of a body: a `Shape`, or a tuple of them."""
        return self.is_many or Shape in self.options

    @cached_property
    def is_label(self) -> bool:
        """Whether it is filled by a labelled output."""
        return LabelledOutput in self.options

    @cached_property
    def is_many(self) -> bool:
        """Whether any number of bodies fill it."""
        return any(get_args(option)[:1] == (Shape,) for option in self.options)


class Borrowed(Lazy):
    """Stands for a signature that only a registry knows how to read: that of a class or function, or of a block.

    Args:
        target: the class or function, as `"module:attribute"`, or the block, as `"file:name"`.
        doc: what is said of it.
        facts: of a data set, what is known of it without reading it.
    """

    def __init__(self, target: str, doc: str = "", facts: object = None) -> None:
        super().__init__(self._refuse, doc or f"`{target}`")
        self.target = target
        self.facts = facts

    def _refuse(self) -> Callable[..., Any]:
        raise Refusal(text("`{target}` is read once a registry holds it", target=self.target))


LabelledOutput = NewType("LabelledOutput", Shape)
"""The type of a parameter that a labelled output fills, as in `from=memory`: the rule receives its shape.

The module is called with the input and a mapping of labels to outputs, and is told the labels as `takes`.
"""


# Compared by identity: mappings have no hash, and two uses of one name are one object.
@record(frozen=True, kw_only=True, eq=False)
class Component:
    """A name of the language and the function that describes it.

    Args:
        name: what a text calls it.
        function: its parameters are the component's, and its docstring explains it.
        target: what is built, as `"module:attribute"`.
        aliases: other names of parameters.
        example: how it may look in a file.

    Each kind of component is a class and says of all its components:

    - `kind` and `plural`: its name, for one and for several;
    - `unknown`: the template of the message about a name that no such component has;
    - `supplied`: the parameters of a plain class or function that netdsl fills itself, so that no text gives them;
    - `inputs`: how many leading parameters of a plain function are no settings but what it maps;
    - `adapter`: what makes of a plain class or function what training calls, where that is not the thing itself.
    """

    kind: ClassVar[str] = "component"
    unknown: ClassVar[str] = "unknown component `{name}`"
    plural: ClassVar[str] = "components"
    supplied: ClassVar[tuple[str, ...]] = ()
    inputs: ClassVar[int] = 0
    adapter: ClassVar[str | None] = None

    name: str
    function: Callable[..., Any] = field(repr=False)
    target: str | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)
    example: str = ""

    @cached_property
    def parameters(self) -> Mapping[str, Parameter]:
        """The parameters in the order of the signature, those that the checker supplies (`x`) left out."""
        return parameters_of(self.function)

    @cached_property
    def branches(self) -> tuple[str, ...]:
        """The parameters that bodies fill."""
        return tuple(name for name, parameter in self.parameters.items() if parameter.is_branch)

    @cached_property
    def labelled(self) -> tuple[str, ...]:
        """The parameters that labelled outputs fill."""
        return tuple(name for name, parameter in self.parameters.items() if parameter.is_label)

    @cached_property
    def required(self) -> tuple[str, ...]:
        """The parameters that must be given, bodies apart."""
        return tuple(
            name for name, parameter in self.parameters.items() if parameter.required and not parameter.is_branch
        )

    @cached_property
    def ranges(self) -> Mapping[str, Range]:
        """The ranges of those parameters that have one."""
        return {name: found.range for name, found in self.parameters.items() if found.range is not None}

    @cached_property
    def takes_labels(self) -> bool:
        """Whether labelled outputs may join its bodies."""
        return any(parameter.is_many for parameter in self.parameters.values())

    @classmethod
    def declare(cls, target: str = "", *, name: str = "", **options: Any) -> Callable[[Callable[..., Any]], Self]:
        """Makes a component of the function below it, whose signature and docstring are the component's.

        `target` is what is built, as `"module:attribute"`. The name is the function's unless one is given.

        Raises:
            TypeError: the target is left out, or is no text.
        """
        example = f"{target.__module__}:{target.__qualname__}" if isinstance(target, type) else "module:attribute"
        require_given(cls.__name__.lower(), target, str, f'"{example}"')
        return lambda function: cls(name=name or function.__name__, function=function, target=target, **options)

    @classmethod
    def of(cls, target: str, *, name: str = "", doc: str = "", **options: Any) -> Self:
        """A component of any class or function, by its `"module:attribute"`: the parameters are its own.

        It is imported when a file names it: the registry knows how to read it. The name is the attribute's in lower
        case, unless one is given; `doc` is what is said of it in lists, and its documentation where it has none.
        """
        name = name or target.rpartition(":")[2].lower()
        function = Borrowed(target, doc)
        built = f"{cls.adapter}({target})" if cls.adapter else target
        return cls(name=name, function=function, target=built, **options)

    @property
    def is_lazy(self) -> bool:
        """Whether the signature is read only when somebody asks for it, which imports the target."""
        return isinstance(self.function, Lazy)

    @cached_property
    def doc(self) -> str:
        """The docstring."""
        return inspect.getdoc(self.function) or ""

    @property
    def summary(self) -> str:
        """The docstring's first line; of what is not imported yet, what it says of itself."""
        doc = self.function.doc if isinstance(self.function, Lazy) else self.doc
        return translate(doc).partition("\n")[0]

    def ask(self, *shapes: Shape, **arguments: Any) -> Any:
        """What the function says to these arguments; raises `Refusal`, also for a number out of its range."""
        for name, range_ in self.ranges.items():
            range_.check(name, arguments.get(name))
        return self.function(*shapes, **arguments)

    def resolve(self, name: str) -> str | None:
        """The parameter that a name, an alias or a one-letter short stands for."""
        name = self.aliases.get(name, name)
        return name if name in self.parameters else None


def require_given(decorator: str, given: object, wanted: type, example: str) -> None:
    """Requires what a decorator is given: without parentheses, that is the function below it.

    Raises:
        TypeError: it is nothing, or something else.
    """
    if isinstance(given, wanted) and given:
        return
    written = f"@{decorator}({example})"
    if not given:
        raise TypeError(
            text("`@{decorator}` needs an argument: write `{written}`", decorator=decorator, written=written)
        )
    found = f"`{given.__name__}`" if hasattr(given, "__name__") else repr(given)
    template = "`@{decorator}` is given {found}: write `{written}` above the function"
    raise TypeError(text(template, decorator=decorator, found=found, written=written))


def parameters_of(function: Callable[..., Any]) -> Mapping[str, Parameter]:
    """What a function, or the constructor of a class, is given: all but the input `x`, which the checker supplies."""
    # The extras hold the range and the meaning.
    types = get_type_hints(function, include_extras=True)
    found = (
        Parameter.declared(given, types.get(name, Any))
        for name, given in inspect.signature(function).parameters.items()
        # A keyword of that name can be written in a file, so that it is no input.
        if name != "x" or given.kind is given.KEYWORD_ONLY
    )
    return {parameter.name: parameter for parameter in found}

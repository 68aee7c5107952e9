"""A layer: a rule from the shape that comes in to the module that takes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

from netdsl.components.component import Borrowed, Component, require_given
from netdsl.components.rule import Dtype, Result, one_of
from netdsl.components.traits import Declared, Traits, find_traits
from netdsl.core.errors import Refusal
from netdsl.core.records import record
from netdsl.core.sizes import Shape, format_shape
from netdsl.core.text import text


@record(frozen=True, kw_only=True, eq=False)
class Layer(Component):
    """A layer: a rule from the input's shape and the arguments to a `Result`.

    Args:
        family: the heading it is listed under.
        shorts: one-letter names, `{"k": "kernel_size"}`.
        flow: the parameters that `3->32` fills.
        stated: parameters that name a size of the input, and its axis; left out they are inferred, written they are
            checked, and the rule always receives the number.
        inherits: parameters that, left out, say whether the input has a trait of `LASTING`: `{"bidirectional":
            "bidirectional"}`.
        accepts: the layouts it takes, a letter an axis: `("CL", "CHW", "CDHW")`; empty, it takes any.
        assumes: the layout taken for granted when nothing is known of the input; empty, none is.
        formula: the size formula in words of its parameters.
        takes: `float`, `index` (whole numbers, for embeddings) or `any` (only moves values around).
        feeds: of a composite, what each of its bodies receives, from the input and the number of bodies; without it
            every body receives the input. It raises `Refusal`.
        bodiless: of a composite of any number of bodies, the parameter that may stand in the place of all of them:
            the factor of `mul 0.17`. The output then is of real numbers.
        learns: of a composite that gives the weights of the layers in it another form, how many numbers that adds, from
            their traits and the arguments of their modules. What stands in another such composite inside it has its
            form already, and is left out.
        file: of a layer that is written in the language, the `.net` file that defines it as a block.
        traits: what is true of it, as `Trait` names it: `{"activation", "idempotent"}`. Lints and training ask for
            them. Where a trait depends on the arguments of the module, a function from these to the traits.
        form_of: of a form for one layout alone, the layer that takes them all: `conv` of `conv2d`.
        torch_names: the classes of `torch.nn` that do the same and have another name, without the number of axes.
    """

    kind: ClassVar[str] = "layer"
    unknown: ClassVar[str] = "unknown layer `{name}`"
    plural: ClassVar[str] = "layers"

    family: str
    shorts: Mapping[str, str] = field(default_factory=dict)
    flow: tuple[str, str] | None = None
    stated: Mapping[str, int] = field(default_factory=dict)
    inherits: Mapping[str, str] = field(default_factory=dict)
    accepts: tuple[str, ...] = ()
    assumes: str = ""
    formula: str = ""
    takes: Dtype = "float"
    feeds: Callable[[Shape, int], Shape] | None = None
    bodiless: str = ""
    learns: Callable[[Iterable[tuple[Traits, Mapping[str, Any]]]], int] | None = None
    file: Path | None = None
    traits: Declared = frozenset()
    form_of: str = ""
    torch_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not callable(self.traits):  # checked here, where the plugin's author sees it
            object.__setattr__(self, "traits", find_traits(self.traits, {}))  # the dataclass is frozen

    @classmethod
    def from_net(
        cls, file: str | Path, name: str, *, doc: str = "", family: str = "plugin", traits: Declared = frozenset()
    ) -> Self:
        """A layer that is the block `name` of a `.net` file: its parameters are the block's.

        Lints look into the block, unless it has `traits` as a whole.
        """
        path = Path(file)
        doc = doc or text("The block `{block}` of {file}.", block=name, file=path.name)
        return cls(name=name, function=Borrowed(f"{path}:{name}", doc), family=family, file=path, traits=traits)

    @classmethod
    def of(cls, target: str, *, name: str = "", doc: str = "", **options: Any) -> Self:
        """A layer of any `nn.Module` class that maps a batch to a batch. It is checked by running it without data."""
        # A family among the options goes before "plugin".
        return super().of(target, name=name, doc=doc, **{"family": "plugin", **options})

    @property
    def is_composite(self) -> bool:
        """Whether it has bodies."""
        return bool(self.branches)

    @cached_property
    def takes_labels(self) -> bool:
        """Whether labelled outputs may join its bodies: not where each body receives a part of the input."""
        return self.feeds is None and any(parameter.is_many for parameter in self.parameters.values())

    def resolve(self, name: str) -> str | None:
        """The parameter that a name, an alias or a one-letter short stands for."""
        # Shorts come first: they may stand for an alias.
        return super().resolve(self.shorts.get(name, name))

    def apply(self, x: Shape, /, **arguments: Any) -> Result:
        """What the layer makes of `x`; raises `Refusal` where torch would refuse."""
        if self.accepts and len(x) not in map(len, self.accepts):
            raise Refusal(
                text(
                    "`{layer}` expects {expected} but receives {shape}",
                    layer=self.name,
                    expected=one_of(self.accepts),
                    shape=format_shape(x),
                )
            )
        result: Result = self.ask(x, **arguments)
        return result

    def only(self, name: str, layout: str) -> Layer:
        """The same layer under another name, for one layout alone: `conv2d` of `conv`."""
        return replace(self, name=name, accepts=(layout,), assumes=layout, form_of=self.name)


def layer(family: str = "", *, name: str = "", **options: Any) -> Callable[[Callable[..., Result]], Layer]:
    """Makes a `Layer` of the rule below it: `@layer("activation")`. The options are the fields of `Layer`.

    Raises:
        TypeError: the family is left out, or is no text.
    """
    require_given("layer", family, str, '"activation"')
    return lambda rule: Layer(name=name or rule.__name__, function=rule, family=family, **options)

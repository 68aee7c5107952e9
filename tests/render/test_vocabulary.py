from collections.abc import Sequence
from textwrap import dedent
from typing import Literal

import pytest
from click import unstyle

from netdsl.components import INFERRED, Component, Layer, Result, Shape, Size, call, layer, loss
from netdsl.components.registry import Registry
from netdsl.language.statements import STATEMENTS
from netdsl.plugins.registry import load_registry
from netdsl.render.cells import width
from netdsl.render.entry import entry, statement_entry, written
from netdsl.render.vocabulary import named, names, vocabulary


@layer(
    "convolution",
    shorts={"k": "kernel_size"},
    flow=("in_channels", "out_channels"),
    stated={"in_channels": 0},
    aliases={"kernel": "kernel_size"},
    accepts=("CL", "CHW"),
    formula="size/stride",
    example="slide 3->32 k5",
)
def slide(
    x: Shape,
    out_channels: int,
    kernel_size: Size,
    stride: Size | None = None,
    mode: Literal["zeros", "circular"] = "zeros",
    *,
    betas: tuple[float, float] = (0.9, 0.999),
    in_channels: int = INFERRED,
) -> Result:
    """Slides over the input.

    A long paragraph that says more than fits one line of eighty characters, and therefore is filled.

        an indented line     stays as it is
    """
    return Result(x, call("torch.nn:Identity"))


@layer("composite")
def together(x: Shape, bodies: tuple[Shape, ...], shortcut: Shape | None = None) -> Result:
    """Joins what its bodies make: one long summary, the end of which would not fit into the list."""
    return Result(x, call("torch.nn:Identity"))


@layer("a plugin's own")
def slide2(x: Shape) -> Result:
    """Slides twice."""
    return Result(x, call("torch.nn:Identity"))


@loss("torch.nn:L1Loss")
def l1(reduction: Literal["mean", "sum"] = "mean") -> None:
    """The mean absolute difference."""


def registry(*contributions: tuple[str, Component]) -> Registry:
    components: dict[type[Component], dict[str, Component]] = {}
    for _, component in contributions:
        components.setdefault(type(component), {})[component.name] = component
    return Registry(components, {(type(one), one.name): plugin for plugin, one in contributions})


SMALL = registry(
    ("other", slide2),
    ("netdsl", together),
    ("netdsl", slide),
    ("netdsl", slide.only("slide1d", "CL")),
    ("netdsl", slide.only("slide2d", "CHW")),
    ("netdsl", l1),
)


def test_the_list() -> None:
    words, rest = vocabulary(SMALL).split("\n\n", 1)
    assert [line.split()[0] for line in words.splitlines()] == ["statements", *STATEMENTS]
    assert rest == dedent("""\
        convolution
          slide*      Slides over the input.

        composite
          together    Joins what its bodies make

        a plugin's own
          slide2      Slides twice.

        losses
          l1          The mean absolute difference.

        A name with * chooses its form by the input's rank; NAME1d, NAME2d and NAME3d
        force it. `netdsl layers NAME` explains one.
    """)


def test_the_page_of_a_layer() -> None:
    assert entry(slide, "netdsl") == dedent("""\
        slide: layer, convolution

          slide [in_channels->]out_channels kernel_size [stride=none] [mode=zeros]
              [betas=0.9,0.999]

        Slides over the input.

        A long paragraph that says more than fits one line of eighty characters, and
        therefore is filled.

            an indented line     stays as it is

          parameter     also       value                 default
          out_channels             integer               required
          kernel_size   k, kernel  integer or 3x5        required
          stride                   integer, 3x5 or none  none
          mode                     zeros|circular        zeros
          betas                    list                  0.9,0.999
          in_channels              integer               from the input

        output size
          size/stride

        example
          slide 3->32 k5
    """)


@pytest.mark.parametrize(
    ("component", "origin", "start"),
    [
        (l1, "netdsl", "l1: loss\n\n  l1 [reduction=mean]\n\n"),
        (slide2, "other", "slide2: layer, a plugin's own, from the plugin other\n\n  slide2\n\nSlides twice.\n"),
        (together, "netdsl", "together: layer, composite\n\n  together { … } { … } … [shortcut { … }]\n\n"),
    ],
)
def test_other_pages(component: Component, origin: str, start: str) -> None:
    assert entry(component, origin).startswith(start)


def test_names_are_found_in_every_kind() -> None:
    both = registry(("netdsl", l1), ("netdsl", layer("shape", name="l1")(slide2.function)))
    assert [type(component).__name__ for component in named(both, "l1")] == ["Loss", "Layer"]
    assert named(both, "l2") == []
    assert names(both) == sorted(["l1", *STATEMENTS])
    assert named(both, "let") == [STATEMENTS["let"]]


def test_the_page_of_a_statement() -> None:
    assert statement_entry(STATEMENTS["variant"]) == dedent("""\
        variant: statement

          variant NAME VARIABLE=VALUE …

        A named set of overrides, which `--variant NAME` applies.

        example
          variant wide width=128 depth=3
    """)


def test_every_statement_of_the_language_has_a_page() -> None:
    pages = [statement_entry(kind) for kind in STATEMENTS.values()]
    assert max(width(line) for page in pages for line in page.splitlines()) <= 80
    assert [kind.name for kind in STATEMENTS.values() if not kind.summary.endswith(".") or not kind.example] == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "none"),
        (True, "true"),
        (3, "3"),
        (0.5, "0.5"),
        ((3, 5), "3x5"),
        ((0.9, 0.5), "0.9,0.5"),
        ("same", "same"),
    ],
)
def test_values_as_the_language_writes_them(value: object, text: str) -> None:
    assert written(value) == text


REGISTRY = load_registry(installed=False)
PAGES = [(kind, name) for kind, found in REGISTRY.components.items() for name in found]


@pytest.mark.parametrize(("kind", "name"), PAGES, ids=[f"{kind.kind} {name}" for kind, name in PAGES])
def test_every_page_of_the_language_fits_and_says_something(kind: type[Component], name: str) -> None:
    page = entry(REGISTRY.of(kind)[name], "netdsl")
    assert len(REGISTRY.of(kind)[name].doc) > 20
    assert max(map(width, page.splitlines())) <= 80
    assert unstyle(entry(REGISTRY.of(kind)[name], "netdsl", color=True)) == page


def test_the_whole_list_fits() -> None:
    listed = vocabulary(REGISTRY).splitlines()
    assert max(map(width, listed)) <= 80
    words = {line.split()[0].rstrip("*") for line in listed if line.startswith("  ")}
    assert {layer.name for layer in variants(REGISTRY.layers.values())} <= words


def variants(layers: Sequence[Layer]) -> list[Layer]:
    first = {layer.function: layer for layer in reversed(list(layers))}
    return list(first.values())

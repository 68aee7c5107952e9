"""Whatever is wrong with a net, it is drawn as far as it is known, and every mistake is told."""

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest

from netdsl.checker import check
from netdsl.core.diagnostics import errors
from netdsl.core.source import Source
from netdsl.drawing.diagram import Box, Frame, Parallel, Series
from netdsl.drawing.drawing import Drawing
from netdsl.plugins.registry import load_registry
from tests.drawing.nets import ROOT
from tests.effort import most_calls

MISTAKES = sorted((ROOT / "tests" / "golden" / "checker").glob("*.net"))


@pytest.mark.parametrize("path", MISTAKES, ids=lambda path: path.stem)
def test_a_faulty_net_is_drawn(path: Path) -> None:
    source = Source(path.name, path.read_text(encoding="utf-8"))
    experiment, diagnostics = check(source, load_registry(installed=False), folder=path.parent)
    drawing = Drawing(source, experiment, diagnostics)
    ElementTree.fromstring(drawing.svg)
    areas = [box.area for box in drawing.picture.boxes]
    assert [pair for pair in combinations(areas, 2) if pair[0].overlaps(pair[1])] == []
    assert len(drawing.diagram.notes) == len(errors(diagnostics))
    for name in ("html", "mmd", "dot", "tikz"):
        drawing.write(name).decode()
    ElementTree.fromstring(Drawing(source, experiment, diagnostics, style="volumes").svg)


FAULTY = {
    "unknown": ("input 3x8x8; conv 4 k3; frobnicate 7 as x; conv 4->2 k3", ["conv", "FROBNICATE", "conv"]),
    "unknown at the end": ("input 3x8x8; conv 4 k3\nfrobnicate  # what?", ["conv", "FROBNICATE"]),
    "alone": ("input 3x8x8; frobnicate", ["FROBNICATE"]),
    "half written": ("input 3x8x8\nconv 4 k3\nflatten; linear (\nlinear 2", ["conv", "flatten", "LINEAR", "linear"]),
    "wrong sizes": ("input 3x8x8; conv 5->4 k3; relu", ["CONV", "relu"]),
    "no such label": ("input 3x8x8; conv 4 k3; add nowhere", ["conv", "ADD"]),
    "in a block": (
        "block b w { conv w k3; frobnicate; relu }\ninput 3x8x8; b 4; b 8",
        ["<", "conv", "FROBNICATE", ">", "<", "conv", "FROBNICATE", ">"],
    ),
    "in a repeat": (
        "input 3x8x8; repeat 2 { conv 4 k3 p1; frobnicate }\nconv 4->2 k3",
        ["conv", "FROBNICATE", "conv"],
    ),
    "a repeat of nothing else": (
        "input 3x8x8; relu; repeat 2 { frobnicate }; linear 9->7",
        ["relu", "FROBNICATE", "linear"],
    ),
    "in a body": ("input 3x8x8; residual { conv 3 k3 p1; frobnicate }", ["RESIDUAL"]),
    "data": ("input 3x32x32; flatten; linear 10\ndata cifar10 bach=3 { fliip }\nlet y = ", ["flatten", "linear"]),
}


@pytest.mark.parametrize("name", FAULTY)
def test_each_faulty_statement_is_drawn_in_its_place(name: str) -> None:
    written, expected = FAULTY[name]
    source = Source("net.net", written)
    experiment, diagnostics = check(source, load_registry(installed=False))
    drawing = Drawing(source, experiment, diagnostics)
    assert list(names_of(drawing.diagram.root)) == expected
    assert all(box.span.text.startswith(box.title) for box in drawing.diagram.root.boxes() if not box.family)


def test_a_closed_block_with_a_faulty_statement_is_faulty() -> None:
    source = Source("net.net", FAULTY["in a block"][0])
    experiment, diagnostics = check(source, load_registry(installed=False))
    boxes = list(Drawing(source, experiment, diagnostics, depth=0).diagram.root.boxes())
    assert [box.messages for box in boxes] == [("unknown layer `frobnicate`",)] * 2


def test_a_thousand_mistakes_are_drawn_at_once() -> None:
    source = Source("net.net", "input 8\n" + "conv(\nadd { add { 8, } }\n3)ding=7); relu\n" * 3_000)
    experiment, diagnostics = check(source, load_registry(installed=False))
    with most_calls(4_000_000):
        assert Drawing(source, experiment, diagnostics).svg


def names_of(series: Series) -> Iterator[str]:
    """The statements in their order, faulty ones in capital letters, frames in `<>`."""
    for part in series.parts:
        match part:
            case Box(title=title, messages=messages):
                yield title.upper() if messages else title
            case Frame(content=content):
                yield "<"
                yield from names_of(content)
                yield ">"
            case Parallel(arms=arms, join=join, box=box):
                for arm in arms:
                    yield from names_of(arm)
                yield f"faulty {join.sign}" if box.messages else join.sign

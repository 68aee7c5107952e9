"""Whatever is wrong with a net, it is drawn as far as it is known, and every mistake is told."""

from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest

from netdsl.checker import check
from netdsl.core.diagnostics import errors
from netdsl.core.source import Source
from netdsl.drawing.drawing import Drawing
from netdsl.plugins.registry import load_registry
from tests.drawing.nets import ROOT

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

"""A net that can be written as a picture in any format."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal
from zlib import crc32

from netdsl.core.diagnostics import Diagnostic
from netdsl.core.errors import WrongPath
from netdsl.core.files import write_atomically
from netdsl.core.source import Source
from netdsl.core.text import join_or, text
from netdsl.drawing.compose import compose
from netdsl.drawing.diagram import Diagram, make_diagram
from netdsl.drawing.laid import Direction
from netdsl.drawing.picture import Picture
from netdsl.drawing.svg import write_svg
from netdsl.drawing.themes import THEMES, Theme
from netdsl.program import Experiment

Style = Literal["blocks", "volumes"]
ThemeName = Literal["light", "dark", "print"]

MOST_LEVELS, MOST_BOXES = 6, 600
"""What a page holds at most, so that a browser opens it at once."""


@dataclass(frozen=True, repr=False)
class Drawing:
    """A net as it is drawn. In a notebook it shows itself.

    Args:
        source: the text.
        experiment: the checked text, as far as it is known; None where there is no net.
        diagnostics: what is wrong with it.
        style: `blocks`, a box a statement; `volumes`, the feature maps in perspective.
        depth: how many levels of blocks are opened; None opens them as long as the picture stays small.
        theme: the colours.
        direction: where the data flow; None lets the net decide.
    """

    source: Source
    experiment: Experiment | None
    diagnostics: Sequence[Diagnostic]
    style: Style = "blocks"
    depth: int | None = None
    theme: ThemeName = "light"
    direction: Direction | None = None

    @cached_property
    def diagram(self) -> Diagram:
        """The tree of what is drawn."""
        return make_diagram(self.source, self.experiment, self.diagnostics, self.depth)

    @cached_property
    def picture(self) -> Picture:
        """Everything in its place."""
        return self.compose(self.diagram)

    def compose(self, diagram: Diagram, *, foldable: bool = False) -> Picture:
        """A diagram of its net in its style; one that is `foldable` has the closed box of each of its blocks too."""
        if self.style == "volumes":
            from netdsl.drawing.volumes import compose_volumes

            return compose_volumes(diagram, foldable=foldable)
        return compose(diagram, self.direction, foldable=foldable)

    @property
    def colors(self) -> Theme:
        """The colours of its theme."""
        return THEMES[self.theme]

    @property
    def svg(self) -> str:
        """The picture as SVG."""
        return write_svg(self.picture, self.colors)

    def opened(self, depth: int) -> Drawing:
        """The same net with its blocks opened to another depth."""
        return replace(self, depth=depth)

    def write(self, format: str = "svg") -> bytes:
        """The content of a file of one of the `FORMATS`.

        Raises:
            ExportError: a library that the format needs is not installed.
        """
        return FORMATS[format](self)

    def save(self, path: str | Path) -> None:
        """Writes a file, in the format that its name ends in.

        Raises:
            WrongPath: the name ends in no format.
            OSError: the file cannot be written.
        """
        write_atomically(Path(path), self.write(find_format(path)))

    def __repr__(self) -> str:
        return text("<Drawing of {name}: {style}>", name=self.source.name, style=self.style)

    def _repr_svg_(self) -> str:
        # It stands on a page that has styles of its own, and other drawings: the name is another for another one.
        name = f"net-{crc32(self.svg.encode()):08x}"
        return write_svg(self.picture, self.colors, prefix=f"{name}-", scope=name)


def find_format(path: str | Path) -> str:
    """The format that a file's name ends in.

    Raises:
        WrongPath: there is none of that name.
    """
    ending = Path(path).suffix.lower().removeprefix(".")
    ending = ALIASES.get(ending, ending)
    if ending not in FORMATS:
        known = join_or(f"`.{name}`" for name in FORMATS)
        raise WrongPath(text("`{path}` ends in no format of pictures: write {formats}", path=path, formats=known))
    return ending


# Each writer is imported where it is used: most drawings are SVG, and a command should start fast.


def _as_svg(drawing: Drawing) -> bytes:
    return drawing.svg.encode()


def _as_png(drawing: Drawing) -> bytes:
    from netdsl.drawing.raster import write_png

    return write_png(drawing.svg)


def _as_pdf(drawing: Drawing) -> bytes:
    from netdsl.drawing.raster import write_pdf

    return write_pdf(drawing.svg)


def _as_html(drawing: Drawing) -> bytes:
    from netdsl.drawing.html import write_html

    open_to = drawing.diagram.depth
    diagram = open_further(drawing).diagram
    picture = drawing.compose(diagram, foldable=True)
    return write_html(diagram, picture, drawing.colors, open_to).encode()


def open_further(drawing: Drawing) -> Drawing:
    """The net with as many levels of blocks open as a page holds, and those that its author asked for."""
    for depth in range(drawing.diagram.depth + 1, MOST_LEVELS + 1):
        if not any(box.closed for box in drawing.diagram.root.boxes()):
            break
        further = drawing.opened(depth)
        if sum(1 for _ in further.diagram.root.boxes()) > MOST_BOXES:
            break
        drawing = further
    return drawing


def _as_mermaid(drawing: Drawing) -> bytes:
    from netdsl.drawing.mermaid import write_mermaid

    return write_mermaid(drawing.diagram, drawing.colors, drawing.direction or "down").encode()


def _as_dot(drawing: Drawing) -> bytes:
    from netdsl.drawing.dot import write_dot

    return write_dot(drawing.diagram, drawing.colors, drawing.direction or "down").encode()


def _as_tikz(drawing: Drawing) -> bytes:
    from netdsl.drawing.tikz import write_tikz

    return write_tikz(drawing.picture, drawing.colors).encode()


FORMATS: dict[str, Callable[[Drawing], bytes]] = {
    "svg": _as_svg,
    "png": _as_png,
    "pdf": _as_pdf,
    "html": _as_html,
    "mmd": _as_mermaid,
    "dot": _as_dot,
    "tikz": _as_tikz,
}
ALIASES = {"tex": "tikz", "gv": "dot", "mermaid": "mmd"}
"""Other endings of the same formats."""

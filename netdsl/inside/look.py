"""A look inside a net that shows itself: as a table in a terminal, with pictures in a notebook and in files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from netdsl.core.errors import DataError, WrongPath
from netdsl.core.files import write_atomically
from netdsl.core.text import text
from netdsl.inside.flow import SampleFlow, Stage
from netdsl.inside.page import panels_html, write_flow_page
from netdsl.inside.pictures import Panel, draw_panels, stack_panels
from netdsl.inside.table import flow_text, is_small
from netdsl.render.html import pre_html

FORMATS = (".html", ".png")


@dataclass(frozen=True, eq=False, repr=False)
class Look:
    """One sample on its way through a net. Printed, it is the table of `netdsl look`; a notebook shows pictures too.

    Args:
        flow: the sample, and the output of every statement for it.
        stages: the statements that are shown.
        is_chosen: whether the user chose them; then every output is drawn.
    """

    flow: SampleFlow
    stages: tuple[Stage, ...]
    is_chosen: bool = False

    @classmethod
    def at(cls, flow: SampleFlow, layer: str | None = None) -> Look:
        """All statements, or those that a name means.

        Raises:
            DataError: the net has no such layer.
        """
        return cls(flow, flow.stages) if layer is None else cls(flow, flow.choose(layer), is_chosen=True)

    @cached_property
    def panels(self) -> tuple[Panel, ...]:
        """The pictures: sample, saliency, kernels, feature maps, attention."""
        return tuple(draw_panels(self.flow, self.stages, chosen=self.is_chosen))

    @property
    def is_small(self) -> bool:
        """Whether the table shows all numbers, so that nobody needs pictures."""
        return is_small(self.flow, self.stages)

    def table(self, *, color: bool = False, columns: int = 80) -> str:
        """The table of `netdsl look`, and below it all tensors if they are small."""
        return flow_text(self.flow, self.stages, color=color, columns=columns)

    def write(self, format: str = ".html") -> bytes:
        """The content of a file in one of the `FORMATS`.

        Raises:
            DataError: a PNG is asked for, but the net has no pictures.
        """
        if format == ".html":
            return write_flow_page(self.flow, self.stages, self.panels).encode()
        if not self.panels:
            raise DataError("this net has only numbers, no pictures", "write `.html` instead of `.png`")
        return stack_panels(self.panels)

    def save(self, path: str | Path) -> None:
        """Writes a file, `.html` or `.png`.

        Raises:
            WrongPath: the name ends in neither.
            DataError: a PNG is asked for, but the net has no pictures.
            OSError: the file cannot be written.
        """
        write_atomically(Path(path), self.write(find_format(path)))

    def __str__(self) -> str:
        return self.table(columns=100).rstrip("\n")

    def __repr__(self) -> str:
        return text(
            "<Look at {sample} in {name}>", sample=self.flow.name, name=Path(self.flow.network.source.name).name
        )

    def _repr_html_(self) -> str:
        return pre_html(self.table(columns=120)) + panels_html(self.panels)


def find_format(path: str | Path) -> str:
    """The format that a file's name ends in.

    Raises:
        WrongPath: it ends in none.
    """
    ending = Path(path).suffix.lower()
    if ending not in FORMATS:
        raise WrongPath(text("`{path}` ends in neither `.html` nor `.png`", path=path))
    return ending

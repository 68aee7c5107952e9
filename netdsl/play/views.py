"""What the page shows of a text, as plain data: mistakes, hints, picture, table, and what a run of it needs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from netdsl.core.diagnostics import Diagnostic
from netdsl.core.sizes import format_shape
from netdsl.core.source import Source, Span
from netdsl.drawing.diagram import count_parts
from netdsl.drawing.drawing import Drawing
from netdsl.drawing.html import describe_box
from netdsl.drawing.svg import write_svg
from netdsl.editor import Reading, hints
from netdsl.program import Experiment, Network, tensors_in_words
from netdsl.render.rows import Sample, TableRows
from netdsl.render.table import totals

Answer = dict[str, Any]

MOST_BOXES = 1_500
"""What a browser draws at once."""

MOST_ROWS = 2_000
"""The most lines of the table."""

PLANE = (2,)
"""The shape of a sample that is a point of the plane."""


class CodeUnits:
    """Places of a text as a browser counts them: in units of UTF-16, of which a rare character has two."""

    def __init__(self, written: str) -> None:
        self._text = written
        self._same = not written or max(written) <= "\uffff"

    def at(self, offset: int) -> int:
        """The place of a character."""
        return offset if self._same else len(self._text[:offset].encode("utf-16-le", "surrogatepass")) // 2

    def offset(self, unit: int) -> int:
        """The character at a place."""
        if self._same:
            return min(unit, len(self._text))
        return len(self._text.encode("utf-16-le", "surrogatepass")[: 2 * unit].decode("utf-16-le", "ignore"))


def describe_diagnostic(diagnostic: Diagnostic, source: Source, units: CodeUnits) -> Answer:
    """A mistake as the page shows it; what stands in another file has a line, and no place in this text."""
    span = diagnostic.span
    own = span.source is source
    described = {
        "code": str(diagnostic.code),
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "file": span.source.name,
        "line": span.position.line,
        "column": span.position.column,
        "place": _place(span, units) if own else None,
        "caption": diagnostic.caption,
        "help": diagnostic.help,
        "labels": [
            {"text": label.text, "line": label.span.position.line, "place": _place(label.span, units)}
            for label in diagnostic.labels
            if label.span.source is source
        ],
        "fix": None,
    }
    found = diagnostic.fix
    if found is not None and all(edit.span.source is source for edit in found.edits):
        described["fix"] = {"message": found.message, "safe": found.safe}
    return described


def _place(span: Span, units: CodeUnits) -> list[int]:
    return [units.at(span.start), units.at(span.end)]


def describe_picture(drawing: Drawing) -> Answer:
    """The picture as SVG, and what is said of each statement in it."""
    least = count_parts(drawing.experiment.network) if drawing.experiment else 0
    # Of what is too large nothing is made: a press of a key has no time for it.
    boxes = list(drawing.diagram.root.boxes()) if least <= MOST_BOXES else []
    count = max(least, len(boxes))
    if count > MOST_BOXES:
        return {"picture": None, "facts": {}, "boxes": count}
    facts: dict[str, Answer] = {}
    for box in boxes:
        own = box.span.source is drawing.source
        line = box.span.position.line if own else None
        facts.setdefault(box.path, describe_box(drawing.diagram, box) | {"line": line})
    opened = any(box.closed for box in boxes)
    return {
        "picture": write_svg(drawing.picture, drawing.colors, keyed=True, opens=opened),
        "facts": facts,
        "boxes": count,
        "depth": drawing.diagram.depth,
        "opens": opened,
    }


def describe_table(network: Network, source: Source) -> Answer:
    """The table of `netdsl shapes`."""
    sample = Sample.of(network)
    found = TableRows(source, sample).of(network.nodes)
    return {
        "rows": [row._asdict() for row in islice(found, MOST_ROWS)],
        "cut": next(found, None) is not None,
        "totals": totals(network, sample, 1),
        "shapes": f"{tensors_in_words(network.all_inputs)} → {tensors_in_words(network.all_outputs)}",
    }


def describe_hints(reading: Reading) -> list[Answer]:
    """For each line the shapes that its statements leave behind."""
    found: dict[int, dict[str, bool]] = {}
    for hint in hints(reading):
        if hint.kind == "output":
            shapes = found.setdefault(reading.source.position(hint.offset).line, {})
            shapes[hint.text.removeprefix("→").strip()] = hint.kept
    return [
        {"line": line, "text": " · ".join(shapes), "kept": all(shapes.values())}
        for line, shapes in sorted(found.items())
    ]


def describe_experiment(experiment: Experiment) -> Answer | None:
    """What the page needs to know to train a net; None where the text has no `data` line."""
    data, optimizer = experiment.data, experiment.optimizer
    if data is None or optimizer is None:
        return None
    shape = data.shape
    rate = optimizer.arguments.get("lr", getattr(optimizer.component.parameters.get("lr"), "default", None))
    return {
        "data": data.component.name,
        "input": format_shape(shape) if shape else None,
        "plane": shape == PLANE and data.facts.classes is not None,
        "image": _image(data.facts.input),
        "classes": data.facts.classes,
        "names": list(data.facts.names),
        "optimizer": optimizer.component.name,
        "rate": rate if isinstance(rate, (int, float)) else None,
        "batch": data.settings.batch,
        "epochs": experiment.train.epochs,
        "samples": data.facts.sizes[0] if data.facts.sizes else None,
    }


def _image(shape: Sequence[Any] | None) -> list[int] | None:
    """Channels, height and width of what can be drawn by hand."""
    if shape is None or len(shape) != 3 or not all(isinstance(size, int) for size in shape) or shape[0] not in (1, 3):
        return None
    return list(shape)

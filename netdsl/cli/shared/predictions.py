"""What is predicted of samples, as people read it, as JSON, as a table, and as pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import click

from netdsl.cli.shared.output import write_output
from netdsl.core.errors import WrongPath
from netdsl.core.files import reason
from netdsl.core.text import text

if TYPE_CHECKING:
    from collections.abc import Callable

Of = Literal["number", "class", "steps", "mask", "text"]
"""What is predicted of a sample: numbers, a class, a class for each step or pixel, or a text that is written."""


class Predicted(NamedTuple):
    """A sample with what is predicted of it.

    Args:
        path: the file, or the text or the numbers themselves.
        row: which sample of a file it is, from 1; None where the file is one.
        of: what `found` is.
        mask: the file that its mask was written to.
    """

    path: Path | str
    row: int | None
    found: Any
    of: Of
    kind: Literal["image", "file", "numbers", "text"] = "file"
    mask: Path | None = None

    def record(self, top: int) -> dict[str, Any]:
        """What `--json` prints; of a mask all the classes that occur."""
        where: dict[str, Any] = {self.kind: str(self.path)}
        if self.row is not None:
            where["row"] = self.row
        if self.of == "number":
            return {**where, "value": self.found}
        if self.of == "mask":
            names, (height, width) = self.found.names, self.found.mask.shape
            shares = self.found.top(len(names))
            classes = [{"name": name, "class": names.index(name), "share": share} for name, share in shares]
            written = {"mask": str(self.mask)} if self.mask else {}
            return {**where, "height": height, "width": width, "classes": classes, **written}
        if self.of == "text":
            return {**where, "text": self.found}
        if self.of == "steps":
            return {**where, "steps": [_best(step, 1)[0] for step in self.found]}
        return {**where, "classes": _best(self.found, top)}

    def cells(self) -> list[object]:
        """What a table says of it."""
        if self.of == "mask":
            return [self.found.shares[name] for name in self.found.names]
        if self.of == "text":
            return [self.found]
        if self.of == "steps":
            return [step.label for step in self.found]
        return [self.found.label] if self.of == "class" else list(_flat(self.found))

    def line(self, top: int) -> str:
        """What people read."""
        place = str(self.path) if self.row is None else f"{self.path}:{self.row}"
        return "  ".join([place, *self._words(top)])

    def _words(self, top: int) -> list[str]:
        if self.of == "class":
            return [f"{self.found.names[index]} {100 * share:.1f} %" for index, share in self.found.top(top)]
        if self.of == "mask":
            return [f"{name} {100 * share:.1f} %" for name, share in self.found.top(top)]
        if self.of == "steps":
            return [" ".join(step.label for step in self.found)]
        values = self.found if isinstance(self.found, list) else [self.found]
        return [f"{value:.6g}" if isinstance(value, float) else str(value) for value in values]


def _best(found: Any, top: int) -> list[dict[str, Any]]:
    return [{"name": found.names[index], "class": index, "probability": share} for index, share in found.top(top)]


def _flat(value: Any) -> Iterator[float]:
    """The numbers of a prediction, whatever its axes are."""
    if isinstance(value, list):
        for one in value:
            yield from _flat(one)
    else:
        yield value


def write_table(
    samples: Sequence[Predicted], targets: Sequence[str], id_column: str | None, ids: Sequence[str]
) -> bytes:
    """The predictions as a table: what the sample is, and its class, its numbers, or the shares of a mask's classes."""
    import csv
    import io

    several = len({sample.path for sample in samples}) > 1
    file, row = several or any(sample.row is None for sample in samples), any(sample.row for sample in samples)
    # Who asks for a column of ids hands the file to somebody who wants nothing else.
    places = [id_column] if id_column else [*(["file"] if file else []), *(["row"] if row else [])]
    lines = []
    for index, sample in enumerate(samples):
        place = [ids[index]] if id_column else [*([sample.path] if file else []), *([sample.row] if row else [])]
        lines.append([*place, *sample.cells()])
    width = max((len(line) for line in lines), default=len(places) + 1) - len(places)
    heads = list(samples[0].found.names) if samples and samples[0].of == "mask" else list(targets)
    if len(heads) != width:
        heads = ["prediction"] if width == 1 else [f"prediction_{number}" for number in range(1, width + 1)]
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows([[*places, *heads], *lines])
    return written.getvalue().encode()


def check_pictures_option(option: str, place: str, samples: int) -> None:
    """Refuses what is neither a PNG file for one sample nor a folder."""
    suffix, is_folder = Path(place).suffix.lower(), Path(place).is_dir()
    if suffix == ".png" and not is_folder and samples > 1:
        raise click.UsageError(
            text(
                "`{option} {file}` holds one picture, but {count} samples are given: name a folder",
                option=option,
                file=place,
                count=samples,
            )
        )
    if suffix not in ("", ".png") and not is_folder:
        raise click.UsageError(text("`{option} {file}` is neither `.png` nor a folder", option=option, file=place))


def picture_paths(samples: Sequence[Predicted], place: str, option: str) -> list[Path]:
    """A PNG file for each sample: the one that is named, or one in the folder that is named, called as the sample."""
    check_pictures_option(option, place, len(samples))
    if Path(place).suffix.lower() == ".png" and not Path(place).is_dir():
        return [Path(place)]
    names = [Path(one.path).stem if one.row is None else f"{Path(one.path).stem}-{one.row}" for one in samples]
    if len(set(names)) < len(names):
        name = next(name for name in names if names.count(name) > 1)
        raise click.UsageError(text("two samples are called `{name}`: give them one after the other", name=name))
    return [Path(place) / f"{name}.png" for name in names]


def write_pictures(samples: Sequence[Predicted], paths: Sequence[Path], draw: Callable[[Any], bytes]) -> None:
    """Draws what is predicted of each sample into its file; a folder that is not there is made."""
    for sample, path in zip(samples, paths, strict=True):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WrongPath(text("`{path}` cannot be written: {reason}", path=path, reason=reason(error))) from error
        write_output(draw(sample.found), str(path))

"""What is predicted of samples, as people read it, as JSON, as a table, and as pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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


class Answer(NamedTuple):
    """What one output of a net says of a sample.

    Args:
        found: the prediction.
        of: what it is.
        mask: the file that its mask was written to.
    """

    found: Any
    of: Of
    mask: Path | None = None

    def record(self, top: int) -> dict[str, Any]:
        """What `--json` prints; of a mask all the classes that occur."""
        if self.of == "number":
            return {"value": self.found}
        if self.of == "mask":
            names, (height, width) = self.found.names, self.found.mask.shape
            shares = self.found.top(len(names))
            classes = [{"name": name, "class": names.index(name), "share": share} for name, share in shares]
            written = {"mask": str(self.mask)} if self.mask else {}
            return {"height": height, "width": width, "classes": classes, **written}
        if self.of == "text":
            return {"text": self.found}
        if self.of == "steps":
            return {"steps": [_best(step, 1)[0] for step in self.found]}
        return {"classes": _best(self.found, top)}

    def cells(self) -> list[object]:
        """What a table says of it."""
        if self.of == "mask":
            return [self.found.shares[name] for name in self.found.names]
        if self.of == "text":
            return [self.found]
        if self.of == "steps":
            return [step.label for step in self.found]
        return [self.found.label] if self.of == "class" else list(_flat(self.found))

    def words(self, top: int) -> list[str]:
        """What people read."""
        if self.of == "class":
            return [f"{self.found.names[index]} {100 * share:.1f} %" for index, share in self.found.top(top)]
        if self.of == "mask":
            return [f"{name} {100 * share:.1f} %" for name, share in self.found.top(top)]
        if self.of == "steps":
            return [" ".join(step.label for step in self.found)]
        values = self.found if isinstance(self.found, list) else [self.found]
        return [f"{value:.6g}" if isinstance(value, float) else str(value) for value in values]


class Predicted(NamedTuple):
    """A sample with what is predicted of it.

    Args:
        path: the file, or the text or the numbers themselves.
        row: which sample of a file it is, from 1; None where the file is one.
        answers: what each output says, by its name; an only output has none.
    """

    path: Path | str
    row: int | None
    answers: Mapping[str, Answer]
    kind: Literal["image", "file", "numbers", "text"] = "file"

    @property
    def main(self) -> Answer:
        """What the last output says, which tests and metrics look at."""
        return list(self.answers.values())[-1]

    def with_mask(self, mask: Path) -> Predicted:
        """The same, with the file that the mask was written to."""
        main = list(self.answers)[-1]
        return self._replace(answers={**self.answers, main: self.main._replace(mask=mask)})

    def record(self, top: int) -> dict[str, Any]:
        """What `--json` prints."""
        where: dict[str, Any] = {self.kind: str(self.path)}
        if self.row is not None:
            where["row"] = self.row
        if len(self.answers) == 1:
            return {**where, **self.main.record(top)}
        return {**where, "outputs": {name: answer.record(top) for name, answer in self.answers.items()}}

    def lines(self, top: int) -> Iterator[str]:
        """What people read: a line for each output."""
        place = str(self.path) if self.row is None else f"{self.path}:{self.row}"
        for name, answer in self.answers.items():
            yield "  ".join([place, *([f"{name}:"] if len(self.answers) > 1 else []), *answer.words(top)])


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
    """The predictions as a table: what the sample is, and its class, its numbers, or the shares of a mask's classes.

    Of several outputs each has columns of its own.
    """
    import csv
    import io

    several = len({sample.path for sample in samples}) > 1
    file, row = several or any(sample.row is None for sample in samples), any(sample.row for sample in samples)
    # Who asks for a column of ids hands the file to somebody who wants nothing else.
    places = [id_column] if id_column else [*(["file"] if file else []), *(["row"] if row else [])]
    lines: list[list[object]] = []
    for index, sample in enumerate(samples):
        place = [ids[index]] if id_column else [*([sample.path] if file else []), *([sample.row] if row else [])]
        lines.append([*place])
    heads = []
    for name in samples[0].answers if samples else [""]:
        answers = [sample.answers[name] for sample in samples]
        cells = [answer.cells() for answer in answers]
        width = max(map(len, cells), default=1)
        heads += _heads(name, answers, targets, width)
        for line, own in zip(lines, cells, strict=True):
            # The cells of the next output stand below its own heads.
            line += own if name == "" else [*own, *[""] * (width - len(own))]
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows([[*places, *heads], *lines])
    return written.getvalue().encode()


def _heads(name: str, answers: Sequence[Answer], targets: Sequence[str], width: int) -> list[str]:
    """What the columns of an output are called: after itself, where a net has several."""
    own = list(answers[0].found.names) if answers and answers[0].of == "mask" else list(targets)
    if not name:
        return own if len(own) == width else _numbered("prediction", width)
    return [f"{name}_{one}" for one in own] if len(own) == width > 1 else _numbered(name, width)


def _numbered(name: str, width: int) -> list[str]:
    return [name] if width == 1 else [f"{name}_{number}" for number in range(1, width + 1)]


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
        write_output(draw(sample.main.found), str(path))

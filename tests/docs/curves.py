"""The curves of the gallery and of the course: `python -m tests.docs.curves` trains what learns in seconds, and draws.

Another machine may compute other last digits, so that no test compares these pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import netdsl
from netdsl.reports.chart import ChartLine, draw_lines
from netdsl.reports.record import read_record
from tests.docs.blocks import ROOT, read_blocks

TRAINED = ("digits", "linear_regression", "logistic_regression", "spirals")
"""The examples that train in seconds on data that come with netdsl."""

LESSON, LEARNT_BY_HEART = ROOT / "docs" / "course" / "09-training.md", "overfit.net"
"""The lesson about training, and the net of it that overfits."""

PICTURES = ROOT / "docs" / "pictures"
STYLE = """\
text{font:12px Helvetica,Arial,sans-serif;fill:#5b6875}.grid{stroke:#e3e8ee}.axis{stroke:#9aa7b4}
.line{fill:none;stroke:currentColor;stroke-width:2}.dot{fill:currentColor;stroke:none}
.train{color:#2f6fb1}.test{color:#c05621}"""


def main() -> None:
    """Trains, and writes a picture of the loss for each."""
    with TemporaryDirectory() as folder:
        for net in trained_nets(Path(folder)):
            netdsl.train(net, out=Path(folder, net.stem), quiet=True)
            picture = PICTURES / f"{net.stem}-curves.svg"
            picture.write_text(draw_losses(Path(folder, net.stem), net.name), encoding="utf-8", newline="\n")
            print(f"{picture.relative_to(ROOT)}: {picture.stat().st_size:,} bytes")


def trained_nets(folder: Path) -> Iterator[Path]:
    """The files that are trained; the lesson's net is written into the folder."""
    yield from (ROOT / "examples" / f"{name}.net" for name in TRAINED)
    net = folder / LEARNT_BY_HEART
    net.write_text(next(one.text for one in read_blocks(LESSON) if one.marks.get("file") == net.name), encoding="utf-8")
    yield net


def draw_losses(run: Path, name: str) -> str:
    """The SVG of the losses of a run."""
    record = read_record(run)
    lines = [
        ChartLine("training", record.train_curve("loss"), "train"),
        ChartLine("test", record.test_curve("loss"), "test"),
    ]
    drawn = draw_lines(lines, f"{name}: loss of training (blue) and test (orange)", "epoch")
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {drawn.removeprefix("<svg ").partition(">")[0]}>'
    background = '<rect width="100%" height="100%" fill="#fff"/>'
    return f"{head}<style>{STYLE}</style>{background}{drawn.partition('>')[2]}\n"


if __name__ == "__main__":
    main()

"""The curves of the gallery: `python -m tests.docs.curves` trains the examples whose data come along, and draws them.

Another machine may compute other last digits, so that no test compares these pictures.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import netdsl
from netdsl.reports.chart import ChartLine, draw_lines
from netdsl.reports.record import read_record
from tests.docs.blocks import ROOT

TRAINED = ("digits", "linear_regression", "logistic_regression", "spirals")
"""The examples that train in seconds on data that come with netdsl."""

PICTURES = ROOT / "docs" / "pictures"
STYLE = """\
text{font:12px Helvetica,Arial,sans-serif;fill:#5b6875}.grid{stroke:#e3e8ee}.axis{stroke:#9aa7b4}
.line{fill:none;stroke:currentColor;stroke-width:2}.dot{fill:currentColor;stroke:none}
.train{color:#2f6fb1}.test{color:#c05621}"""


def main() -> None:
    """Trains, and writes a picture of the loss for each."""
    for name in TRAINED:
        with TemporaryDirectory() as folder:
            netdsl.train(ROOT / "examples" / f"{name}.net", out=Path(folder, name), quiet=True)
            record = read_record(Path(folder, name))
        lines = [
            ChartLine("training", record.train_curve("loss"), "train"),
            ChartLine("test", record.test_curve("loss"), "test"),
        ]
        drawn = draw_lines(lines, f"{name}.net: loss of training (blue) and test (orange)", "epoch")
        head = f'<svg xmlns="http://www.w3.org/2000/svg" {drawn.removeprefix("<svg ").partition(">")[0]}>'
        body = drawn.partition(">")[2]
        picture = PICTURES / f"{name}-curves.svg"
        background = '<rect width="100%" height="100%" fill="#fff"/>'
        picture.write_text(f"{head}<style>{STYLE}</style>{background}{body}\n", encoding="utf-8", newline="\n")
        print(f"{picture.relative_to(ROOT)}: {picture.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()

"""The page of a run, read as a browser reads it; its numbers are those of the run's files."""

from __future__ import annotations

import base64
import io
import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from netdsl.cli import netdsl
from netdsl.data.datasets.shapes import load as load_shapes
from netdsl.data.overlays import overlay_mask
from netdsl.data.samples import Tensors
from netdsl.reports.record import read_record
from netdsl.reports.sections import PICTURE, write_report

from ..machine_failures import POSIX

VOID = {"meta", "img", "source", "br", "link", "input"}
DIGITS = "conv 4 k3; relu; flatten; linear 10\ndata digits batch=64 limit=300\ntrain epochs=3 every=2\n"
NUMBERS = """let table = "{table}"
linear 3->4; relu; linear 4->1
data csv table target=petal_width drop=species split=0.2 {{ normalize }}
metrics rmse
train epochs=2
"""
TABLE = Path(__file__).parents[2] / "examples" / "iris.csv"


class Page(HTMLParser):
    """A page: its tags in order, its words, and whether every tag is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words += [data.strip()] if data.strip() else []


def call(*arguments: str) -> Any:
    return CliRunner().invoke(netdsl, list(arguments))


def run(folder: Path, text: str, name: str = "run") -> Path:
    (folder / "a.net").write_text(text, encoding="utf-8")
    result = call("run", str(folder / "a.net"), "--out", str(folder / name), "--quiet", "--device", "cpu")
    assert result.exit_code == 0, result.output
    return folder / name


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(tmp_path_factory.mktemp("digits"), DIGITS)


@pytest.fixture(scope="module")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(tmp_path_factory.mktemp("numbers"), NUMBERS.format(table=TABLE.as_posix()))


def read(folder: Path) -> Page:
    return Page((folder / "report.html").read_text("utf-8"))


def test_the_page_is_one_file_that_loads_nothing(digits: Path) -> None:
    page = read(digits)
    addresses = [value for _, found in page.tags for key, value in found.items() if key in ("src", "href", "srcset")]
    assert addresses
    assert all(str(address).startswith("data:image/") for address in addresses)
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in page.tags}
    assert "url(" not in (digits / "report.html").read_text("utf-8")


def test_everything_that_is_seen_is_said_too(digits: Path) -> None:
    page = read(digits)
    pictures = [found for tag, found in page.tags if tag == "img"]
    assert all(found.get("alt") for found in pictures)
    assert all(found.get("aria-label") and found.get("role") == "img" for tag, found in page.tags if tag == "svg")
    assert [found for tag, found in page.tags if tag == "html"] == [{"lang": "en"}]


def test_a_classifier_has_all_parts(digits: Path) -> None:
    page = read(digits)
    for word in (
        "Curves",
        "Confusion matrix of epoch 3",
        "Test samples of epoch 3",
        "Net",
        "Layers",
        "Speed",
        "Settings",
        "predicted class",
        "true class",
        "learning rate",
    ):
        assert word in page.words, word
    findings = json.loads((digits / "last_test.json").read_text("utf-8"))
    assert len(findings["random"]) == 10
    assert len(findings["worst"]) == min(10, findings["wrong"])
    pictures = [found for tag, found in page.tags if tag == "img" and str(found["alt"]).startswith("test sample")]
    assert len(pictures) == 10 + len(findings["worst"])
    assert sum(map(sum, findings["confusion"])) == findings["tested"] == 300
    assert sum(map(sum, findings["confusion"])) - findings["wrong"] == sum(
        row[place] for place, row in enumerate(findings["confusion"])
    )


def test_the_numbers_of_the_page_are_those_that_were_logged(digits: Path) -> None:
    lines = [json.loads(line) for line in (digits / "metrics.jsonl").read_text("utf-8").splitlines()]
    words = read(digits).words
    epochs = [line for line in lines if "epoch" in line]
    assert len(epochs) == 3
    for line in epochs:
        for name in ("test/loss", "test/accuracy", "train/eval_loss", "train/accuracy", "train/epoch_loss"):
            assert f"{line[name]:.6g}" in words
    record = read_record(digits)
    assert [point.y for point in record.train_curve("accuracy")] == [line["train/accuracy"] for line in epochs]
    assert [point.y for point in record.test_curve("loss")] == [line["test/loss"] for line in epochs]
    assert record.best == max(epochs, key=lambda line: line["test/accuracy"])
    last = json.loads((digits / "last_test.json").read_text("utf-8"))
    right = 1 - last["wrong"] / last["tested"]
    assert right == pytest.approx(epochs[-1]["test/accuracy"])


def test_layers_are_named_by_statement_and_line(digits: Path) -> None:
    layers = json.loads((digits / "last_test.json").read_text("utf-8"))["layers"]
    assert [(one["written"], one["line"]) for one in layers] == [("conv 4 k3", 1), ("relu", 1), ("linear 10", 1)]
    assert ["weights" in one for one in layers] == ["gradients" in one for one in layers] == [True, False, True]
    assert layers[1]["units"] == 4


def test_a_regression_has_rows_with_the_names_of_the_columns(numbers: Path) -> None:
    page = read(numbers)
    assert {"Predictions of epoch 2", "true value", "predicted value", "largest errors"} <= set(page.words)
    findings = json.loads((numbers / "last_test.json").read_text("utf-8"))
    assert findings["columns"] == ["sepal_length", "sepal_width", "petal_length"]
    assert "petal_length" in page.words
    errors = [abs(one["true"][0] - one["predicted"][0]) for one in findings["worst"]]
    assert errors == sorted(errors, reverse=True)
    assert len(findings["scatter"]) == 30
    # As they stand in the table, and not as the net receives them.
    assert all(0.9 <= value <= 8.0 for one in findings["random"] for value in one["values"])


def test_masks_are_shown_beside_their_images(tmp_path: Path) -> None:
    folder = run(tmp_path, "conv 8 k3 p1; relu; conv 4 k3 p1\ndata shapes size=40\ntrain epochs=1\n")
    findings = json.loads((folder / "last_test.json").read_text())
    shown = [one[name] for one in findings["random"] for name in ("picture", "true_mask", "predicted_mask")]
    assert len(shown) == 3 * len(findings["random"]) > 0
    assert all(PICTURE.fullmatch(one) for one in shown)
    test = load_shapes(tmp_path, size=40).test
    assert isinstance(test, Tensors)
    first = findings["random"][0]
    pixels = np.array(Image.open(io.BytesIO(base64.b64decode(first["true_mask"].partition(",")[2]))))
    expected = overlay_mask(test.x[first["number"]], test.y[first["number"]], findings["names"])
    assert np.abs(pixels.astype(int) - expected.permute(1, 2, 0).numpy()).max() <= 1
    page = read(folder)
    assert {"background", "circle", "square", "triangle"} <= set(page.words)
    assert sum(tag == "img" and attributes.get("src") in shown for tag, attributes in page.tags) >= len(shown)


def test_the_page_is_made_again_from_the_files(digits: Path) -> None:
    before = (digits / "report.html").read_text("utf-8")
    (digits / "report.html").unlink()
    result = call("report", str(digits))
    assert result.output == f"report: {digits / 'report.html'}\n"
    assert (digits / "report.html").read_text("utf-8") == before


def test_several_runs_are_compared(digits: Path, numbers: Path, tmp_path: Path) -> None:
    page = tmp_path / "both.html"
    assert call("report", str(digits), str(numbers), "-o", str(page)).exit_code == 0
    words = Page(page.read_text("utf-8")).words
    assert {"2 runs compared", "Best values", "Settings that differ", "Texts that differ", "train.epochs"} <= set(words)
    alone = call("report", str(digits), "-o", "-").stdout
    assert Page(alone).words[0] == "a.net: report"


def test_words_of_a_file_are_never_taken_for_html(digits: Path) -> None:
    record = read_record(digits)
    evil = '"><script>alert(1)</script>'
    findings = {**(record.findings or {}), "names": [evil] * 10, "learned": evil}
    findings["random"] = [{"true": [1.0], "predicted": [2.0], "sure": 0.5, "picture": f"data:image/png;base64,{evil}"}]
    object.__setattr__(record, "findings", findings)
    object.__setattr__(record, "net", evil)
    record.about["name"] = evil
    assert "script" not in {tag for tag, _ in Page(write_report(record)).tags}


@pytest.mark.parametrize("content", ["", "{", "[]", '{"epoch": "one"}', '{"layers": [{"line": {}}]}', "[" * 100_000])
def test_a_damaged_file_is_a_warning_and_the_rest_stands(digits: Path, content: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("run.json", "run.net", "metrics.jsonl"):
        (copy / name).write_bytes((digits / name).read_bytes())
    (copy / "last_test.json").write_text(content, encoding="utf-8")
    result = call("report", str(copy))
    assert result.exit_code == 0
    assert f"warning: `{copy / 'last_test.json'}` cannot be read: " in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert "Curves" in read(copy).words


def test_a_run_without_any_value_has_a_page(digits: Path, tmp_path: Path) -> None:
    about = json.loads((digits / "run.json").read_text("utf-8"))
    del about["result"]
    (tmp_path / "run.json").write_text(json.dumps(about), encoding="utf-8")
    (tmp_path / "run.net").write_text("", encoding="utf-8")
    assert "no value has been logged yet" in Page(write_report(read_record(tmp_path))).words


def test_a_run_that_has_lost_its_curves_says_so(digits: Path, tmp_path: Path) -> None:
    for name in ("run.json", "run.net", "last_test.json"):
        (tmp_path / name).write_bytes((digits / name).read_bytes())
    words = Page(write_report(read_record(tmp_path))).words
    assert f"`{tmp_path / 'metrics.jsonl'}` is missing: there are no curves" in words
    assert "no value has been logged yet" not in words


def test_what_is_no_run_is_one_message(tmp_path: Path) -> None:
    result = call("report", str(tmp_path))
    assert (result.exit_code, result.stderr.splitlines()[0]) == (1, f"error: `{tmp_path}` is no run")


def test_a_net_that_has_mistakes_by_now_is_left_out(digits: Path, tmp_path: Path) -> None:
    for name in ("run.json", "metrics.jsonl", "last_test.json"):
        (tmp_path / name).write_bytes((digits / name).read_bytes())
    (tmp_path / "run.net").write_text("conv", encoding="utf-8")
    result = call("report", str(tmp_path))
    assert result.exit_code == 0
    assert result.stderr.startswith(f"warning: the report of `{tmp_path}` lacks the net, which has a mistake: `conv`")
    assert {"Curves", "Layers"} <= set(read(tmp_path).words)


def test_a_damaged_run_is_one_message(digits: Path, tmp_path: Path) -> None:
    for name in ("run.json", "run.net"):
        (tmp_path / name).write_bytes((digits / name).read_bytes())
    (tmp_path / "metrics.jsonl").write_text('{"step": 1}\nx}\n', encoding="utf-8")
    result = call("report", str(tmp_path))
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: `{tmp_path / 'metrics.jsonl'}` is damaged: ")
    (tmp_path / "run.json").write_text("", encoding="utf-8")
    assert call("report", str(tmp_path)).stderr.splitlines()[0] == f"error: `{tmp_path}` is no run"


@POSIX
def test_a_device_in_the_place_of_a_file_is_not_read(digits: Path, tmp_path: Path) -> None:
    for name in ("run.json", "run.net"):
        (tmp_path / name).write_bytes((digits / name).read_bytes())
    (tmp_path / "last_test.json").symlink_to("/dev/null")
    record = read_record(tmp_path)
    assert record.findings is None
    assert record.notes[0] == f"`{tmp_path / 'last_test.json'}` cannot be read: not a regular file"
    (tmp_path / "metrics.jsonl").symlink_to("/dev/null")
    assert (
        call("report", str(tmp_path)).stderr
        == f"error: cannot read `{tmp_path / 'metrics.jsonl'}`: not a regular file\n"
    )

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from PIL import Image

from netdsl.cli import netdsl as door
from netdsl.training.reporting.plots import confusion_png, curves_png

NET = """conv 1->8 k3; relu; flatten; linear 10
data digits
optimizer adam
train epochs=2 speed=contiguous keep=2
metrics accuracy f1
"""


def netdsl(*arguments: object) -> Result:
    return CliRunner().invoke(door, list(map(str, arguments)), prog_name="netdsl")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("runs")
    (folder / "digits.net").write_text(NET)
    result = netdsl("run", folder / "digits.net", "--out", folder / "one", "--quiet")
    assert result.exit_code == 0, result.output
    other = netdsl("run", folder / "digits.net", "--out", folder / "two", "--quiet", "--set", "optimizer.lr=0.01")
    assert other.exit_code == 0, other.output
    return folder / "one"


def about(run: Path) -> Any:
    return json.loads((run / "run.json").read_text())


def test_eval_finds_what_the_run_found(run: Path) -> None:
    results = json.loads(netdsl("eval", run, "--json").stdout)
    best = about(run)["result"]["best"]
    for name in ("loss", "accuracy", "f1"):
        assert results[name] == pytest.approx(best[f"test/{name}"])
    assert results["weights"] == str(run / "checkpoints" / f"epoch-{best['epoch']:04}.safetensors")
    assert sum(map(sum, results["confusion"])) == 360


def test_eval_of_a_kept_epoch_uses_its_weights(run: Path) -> None:
    results = json.loads(netdsl("eval", run, "--weights", 1, "--json").stdout)
    lines = map(json.loads, (run / "metrics.jsonl").read_text().splitlines())
    first = next(line for line in lines if line.get("epoch") == 1)
    assert results["loss"] == pytest.approx(first["test/loss"])
    assert "weights of epoch 9 are not kept" in netdsl("eval", run, "--weights", 9).stderr
    message = "no such weights: `bst`: write best, last, or the number of an epoch"
    assert message in netdsl("eval", run, "--weights", "bst").stderr


def test_eval_tests_the_best_epoch_and_says_so(run: Path, tmp_path: Path) -> None:
    shutil.copytree(run, tmp_path / "run")
    found = about(run)
    found["result"]["best"] = {"epoch": 1}  # not the last
    (tmp_path / "run" / "run.json").write_text(json.dumps(found))

    def test(*arguments: object) -> tuple[str, str]:
        which, loss, *_ = netdsl("eval", *arguments).stdout.splitlines()
        return which, loss

    first, second = test(run, "--epoch", 1)[1], test(run, "--epoch", 2)[1]
    assert first != second
    assert test(tmp_path / "run") == ("weights of epoch 1, the best by accuracy", first)
    assert test(tmp_path / "run", "--weights", "best") == test(tmp_path / "run")
    assert test(tmp_path / "run", "--weights", "last") == ("weights of epoch 2, the last", second)
    (tmp_path / "run" / "checkpoints" / "epoch-0001.safetensors").unlink()
    assert test(tmp_path / "run") == ("weights of epoch 2, the last", second)
    (tmp_path / "run" / "checkpoints" / "epoch-0002.safetensors").unlink()
    assert test(tmp_path / "run", "--epoch", 2) == ("weights of epoch 2", second)
    (tmp_path / "run" / "model.safetensors").unlink()
    (checkpoint,) = (tmp_path / "run" / "checkpoints").glob("step-*")
    for path in (tmp_path / "run", checkpoint):
        assert test(path) == (f"weights of step {int(checkpoint.stem[5:])}", second)


def test_eval_tells_what_is_confused_and_draws_it(run: Path) -> None:
    lines = netdsl("eval", run).stdout.splitlines()[1:]
    assert [line.split()[0] for line in lines[:3]] == ["loss", "accuracy", "f1"]
    assert all(" taken for " in line for line in lines[3:-1])
    assert lines[-1] == f"confusion matrix: {run / 'confusion.png'}"
    with Image.open(run / "confusion.png") as image:
        assert min(image.size) > 200


def test_eval_on_other_data(run: Path) -> None:
    results = json.loads(netdsl("eval", run, "--data", "digits limit=50", "--json").stdout)
    assert sum(map(sum, results["confusion"])) == 50


@pytest.fixture
def images(run: Path, tmp_path: Path) -> tuple[Path, list[int]]:
    """The first test digits as pictures."""
    from netdsl.data.datasets.digits import UNIT, load

    test = load(tmp_path).test
    for index, x in enumerate(test.x[:40]):
        pixels = (x[0].float() * (255 / UNIT)).round().byte().numpy()
        Image.fromarray(pixels).save(tmp_path / f"{index:02}.png")
    return tmp_path, test.y[:40].tolist()


def test_predict_goes_the_way_of_the_test_set(run: Path, images: tuple[Path, list[int]]) -> None:
    folder, classes = images
    found = json.loads(netdsl("predict", run, folder, "--json", "--top", 10).stdout)
    assert [Path(each["image"]).name for each in found] == [f"{index:02}.png" for index in range(40)]
    assert all(sum(best["probability"] for best in each["classes"]) == pytest.approx(1) for each in found)
    right = sum(each["classes"][0]["class"] == label for each, label in zip(found, classes, strict=True))
    results = json.loads(netdsl("eval", run, "--data", "digits limit=40", "--json").stdout)
    assert right / 40 > results["accuracy"] - 0.25


def test_predict_says_the_likeliest_first(run: Path, images: tuple[Path, list[int]]) -> None:
    line = netdsl("predict", run, images[0] / "00.png", "--top", 2).stdout
    name, first, second = line.strip().split("  ")
    assert name.endswith("00.png")
    assert float(first.split()[1]) >= float(second.split()[1])


def test_an_image_of_another_size_is_made_to_fit(run: Path, tmp_path: Path) -> None:
    Image.new("RGB", (40, 30), (200, 10, 10)).save(tmp_path / "red.png")
    assert netdsl("predict", run, tmp_path / "red.png").exit_code == 0


@pytest.mark.parametrize(
    ("content", "status", "message"),
    [(None, 1, "cannot read"), (b"no image", 1, "as an image")],
)
def test_what_is_no_image_is_told(run: Path, tmp_path: Path, content: bytes | None, status: int, message: str) -> None:
    if content is not None:
        (tmp_path / "a.png").write_bytes(content)
    result = netdsl("predict", run, tmp_path / "a.png")
    assert (result.exit_code, message in result.stderr) == (status, True)


def test_a_folder_without_images_is_a_wrong_usage(run: Path, tmp_path: Path) -> None:
    assert netdsl("predict", run, tmp_path).exit_code == 2


def test_runs_are_listed_the_best_first(run: Path) -> None:
    heading, *rows = netdsl("runs", run.parent).stdout.splitlines()
    assert heading.split() == ["run", "epochs", "best", "test", "loss", "time", "status"]
    values = [float(row.split("accuracy ")[1].split(" %")[0]) for row in rows]
    assert len(values) == 2
    assert values == sorted(values, reverse=True)
    assert [each["status"] for each in json.loads(netdsl("runs", run.parent, "--json").stdout)] == ["finished"] * 2


@pytest.mark.parametrize("content", ['{"status": ', "[]", ""])
def test_a_damaged_run_is_left_out_of_the_list(run: Path, tmp_path: Path, content: str) -> None:
    shutil.copytree(run, tmp_path / "whole")
    for name, text in (("damaged", content), ("begun", "{}")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.json").write_text(text)
    result = netdsl("runs", tmp_path)
    assert result.stderr == f"warning: `{tmp_path / 'damaged'}` is left out, because its `run.json` is damaged\n"
    _, whole, begun = result.stdout.splitlines()
    assert whole.endswith("finished")
    assert begun.split()[1:] == ["0", "-", "-", "0", "s", "-"]


def test_two_runs_are_compared(run: Path, tmp_path: Path) -> None:
    result = netdsl("runs", "--compare", run, run.parent / "two", "--out", tmp_path / "c.png")
    assert "optimizer.lr: 0.001 | 0.01" in result.stdout.splitlines()
    with Image.open(tmp_path / "c.png") as image:
        assert image.format == "PNG"


def test_runs_are_compared_by_what_a_setting_was_without_being_told(run: Path, tmp_path: Path) -> None:
    settings = ["train.seed=3", "data.batch=32", "train.epochs=3", "optimizer=sgd"]
    for name, value in (entry.split("=") for entry in settings):
        about = json.loads((run / "run.json").read_text())
        about["source"]["overrides"] = {name: value}
        other = tmp_path / name
        shutil.copytree(run, other)
        (other / "run.json").write_text(json.dumps(about))
    shown = {
        name: netdsl("runs", "--compare", run, tmp_path / name, "--out", tmp_path / "c.png").stdout.splitlines()
        for name, _ in (entry.split("=") for entry in settings)
    }
    assert "data.batch: 64 | 32" in shown["data.batch"]
    assert "train.epochs: 2 | 3" in shown["train.epochs"]
    assert "optimizer: adam | sgd" in shown["optimizer"]


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    rows = "".join(f"{n % 7},{n % 5},{n}.5,{'xy'[n % 2]}\n" for n in range(40))
    (folder / "table.csv").write_text("a,b,y,kind\n" + rows)
    (folder / "rows.csv").write_text("a,b\n1,2\n3,4\n")
    for name, line in (("numbers", "linear 2->1; target=y drop=kind"), ("classes", "linear 2; target=kind drop=y")):
        net, data = line.split("; ")
        (folder / f"{name}.net").write_text(f'{net}\ndata csv "table.csv" {data} split=0.25\ntrain epochs=1\n')
        assert netdsl("run", folder / f"{name}.net", "--out", folder / name, "--quiet").exit_code == 0
    return folder


def test_predict_gives_numbers_for_the_rows_of_a_table(tables: Path) -> None:
    found = json.loads(netdsl("predict", tables / "numbers", tables / "rows.csv", "--json").stdout)
    assert [(each["file"], each["row"]) for each in found] == [(str(tables / "rows.csv"), row) for row in (1, 2)]
    lines = netdsl("predict", tables / "numbers", tables / "rows.csv").stdout.splitlines()
    assert lines == [f"{each['file']}:{each['row']}  {each['value']:.6g}" for each in found]


def test_predict_gives_classes_for_the_rows_of_a_table(tables: Path) -> None:
    first, _ = netdsl("predict", tables / "classes", tables / "rows.csv").stdout.splitlines()
    assert {part.split()[0] for part in first.split("  ")[1:]} == {"x", "y"}


def test_predict_takes_numbers_on_the_command_line(tables: Path) -> None:
    (found,) = json.loads(netdsl("predict", tables / "numbers", "1", "-2.5e0", "--json").stdout)
    one = write(tables / "one.csv", "a,b\n1,-2.5\n")
    (row,) = json.loads(netdsl("predict", tables / "numbers", one, "--json").stdout)
    assert found == {"numbers": "1 -2.5e0", "value": row["value"]}
    assert netdsl("predict", tables / "classes", "1", "2").stdout.startswith("1 2  ")


def test_predict_writes_a_table_with_the_ids(tables: Path) -> None:
    rows = write(tables / "test.csv", "Id,a,b\nx7,1,2\nx9,3,4\n")
    values = [one["value"] for one in json.loads(netdsl("predict", tables / "numbers", rows, "--json").stdout)]
    result = netdsl("predict", tables / "numbers", rows, "-o", tables / "submission.csv", "--id", "Id")
    assert (result.exit_code, result.stdout) == (0, "")
    written = (tables / "submission.csv").read_text()
    assert written == f"Id,y\nx7,{values[0]}\nx9,{values[1]}\n"
    netdsl("predict", tables / "classes", rows, "-o", tables / "classes.csv")
    header, first, _ = (tables / "classes.csv").read_text().splitlines()
    assert header == "row,kind"
    assert first in ("1,x", "1,y")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["1"], "error: 1 value is given for 2 columns: a, b\n"),
        (["1", "--tpo", "3"], "error: no such option: `--tpo`; did you mean `--top`?\n"),
        (["1", "2", "--id", "a"], "error: `--id` names a column of a table, for the file that `-o` writes\n"),
        (["rows.csv", "--id", "a"], "error: `--id` names a column of a table, for the file that `-o` writes\n"),
        (["rows.csv", "-o", "o.csv", "--id", "Id"], "error: `rows.csv` has no column `Id`; its columns are a, b\n"),
        (["rows.csv", "-o", "none/o.csv"], "error: `none/o.csv` cannot be written: no such file or directory\n"),
        (
            ["other.csv"],
            "error: `other.csv` lacks a column that the net needs: `b`\n"
            "help: give a table with the columns of the training table; this one has a, c\n",
        ),
    ],
)
def test_what_cannot_be_predicted_is_told(
    tables: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    write(tables / "other.csv", "a,c\n1,2\n")
    monkeypatch.chdir(tables)
    result = netdsl("predict", tables / "numbers", *arguments)
    assert message in result.stderr
    assert result.exit_code in (1, 2)


def write(path: Path, content: str) -> Path:
    path.write_text(content)
    return path


@pytest.fixture(scope="module")
def masks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("masks")
    net = "conv 8 k3 p1; relu; conv 4 k3 p1\ndata shapes size=40\ntrain epochs=1 speed=contiguous report=false\n"
    (folder / "masks.net").write_text(net)
    result = netdsl("run", folder / "masks.net", "--out", folder / "run", "--quiet")
    assert result.exit_code == 0, result.output
    for name, size in (("a.png", (40, 30)), ("b.png", (32, 32))):
        Image.new("RGB", size, (200, 10, 10)).save(folder / name)
    np.save(folder / "several.npy", np.zeros((2, 3, 32, 32), np.uint8))
    return folder


def test_predict_says_how_many_pixels_each_class_has(masks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(masks)
    (found,) = json.loads(netdsl("predict", "run", "a.png", "--json").stdout)
    assert (found["image"], found["height"], found["width"]) == ("a.png", 30, 40)
    assert sum(one["share"] for one in found["classes"]) == pytest.approx(1)
    best = found["classes"][0]
    result = netdsl("predict", "run", "a.png")
    assert result.stdout.startswith(f"a.png  {best['name']} {100 * best['share']:.1f} %")
    assert result.stderr == "weights of epoch 1, the best by accuracy\n"
    netdsl("predict", "run", "a.png", "-o", "shares.csv")
    assert (masks / "shares.csv").read_text().startswith("file,background,circle,square,triangle\na.png,")


def test_predict_writes_masks_and_overlays(masks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(masks)
    result = netdsl("predict", "run", "a.png", "-o", "mask.png", "--overlay", "overlay.png")
    assert (result.exit_code, result.stdout) == (0, "")
    (found,) = json.loads(netdsl("predict", "run", "a.png", "--json").stdout)
    with Image.open("mask.png") as mask, Image.open("overlay.png") as overlay:
        assert (mask.mode, mask.size) == ("P", (40, 30))
        counts = dict(enumerate(mask.histogram()))
        assert {one["class"]: one["share"] * 1200 for one in found["classes"]} == pytest.approx(
            {number: count for number, count in counts.items() if count}
        )
        assert overlay.width == 40 * (256 // 40)
    records = json.loads(netdsl("predict", "run", "a.png", "b.png", "several.npy", "-o", "new/masks", "--json").stdout)
    written = ["a.png", "b.png", "several-1.png", "several-2.png"]
    assert [record["mask"] for record in records] == [str(Path("new/masks") / name) for name in written]
    assert sorted(path.name for path in Path("new/masks").iterdir()) == written


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.png", "b.png", "-o", "m.png"], "`-o m.png` holds one picture, but 2 samples are given: name a folder"),
        (["several.npy", "-o", "m.png"], "`-o m.png` holds one picture, but 2 samples are given: name a folder"),
        (["a.png", "-o", "m.jpg"], "`-o m.jpg` is neither `.png` nor a folder"),
        (["a.png", "./a.png", "-o", "m"], "two samples are called `a`: give them one after the other"),
        (["a.png", "-o", "a.png/m"], "`a.png/m/a.png` cannot be written: "),
        (["a.png", "--overlay", "a.txt"], "`--overlay a.txt` is neither `.png` nor a folder"),
    ],
)
def test_pictures_of_masks_need_their_places(
    masks: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(masks)
    result = netdsl("predict", "run", *arguments)
    assert f"error: {message}" in result.stderr
    assert result.exit_code in (1, 2)
    assert not Path("m.png").exists()


def test_overlays_are_for_masks(run: Path, images: tuple[Path, list[int]]) -> None:
    result = netdsl("predict", run, images[0] / "00.png", "--overlay", "x.png")
    assert "error: `--overlay` is for nets that give each pixel of an image a class" in result.stderr


def test_predict_writes_json_into_the_file_that_is_named(tables: Path) -> None:
    shown = netdsl("predict", tables / "numbers", tables / "rows.csv", "--json").stdout
    result = netdsl("predict", tables / "numbers", tables / "rows.csv", "--json", "-o", tables / "rows.json")
    assert (result.stdout, (tables / "rows.json").read_text()) == ("", shown)


def test_predict_says_what_is_no_table(tables: Path) -> None:
    result = netdsl("predict", tables / "numbers", tables / "a.csv")
    assert (result.exit_code, result.stderr) == (
        1,
        f"error: cannot read `{tables / 'a.csv'}`: no such file or directory\n",
    )


@pytest.mark.parametrize("command", [["eval"], ["predict", "x.png"], ["runs"], ["runs", "--compare", "a", "b"]])
def test_what_is_no_run_is_told(tmp_path: Path, command: list[str]) -> None:
    name, *others = command
    arguments = [name, *others] if others[:1] == ["--compare"] else [name, tmp_path, *others]
    result = netdsl(*arguments)
    assert result.exit_code == 1
    assert "no run" in result.stderr


def test_weights_of_another_net_are_refused(run: Path, tmp_path: Path) -> None:
    shutil.copytree(run, tmp_path / "run")
    (tmp_path / "run" / "run.net").write_text(NET.replace("1->8", "1->9"))
    result = netdsl("eval", tmp_path / "run")
    assert result.exit_code == 1
    assert "do not fit its net" in result.stderr


def test_a_run_without_weights_says_how_to_get_them(run: Path, tmp_path: Path) -> None:
    shutil.copytree(run, tmp_path / "run")
    (tmp_path / "run" / "model.safetensors").unlink()
    assert netdsl("eval", tmp_path / "run").exit_code == 0
    shutil.rmtree(tmp_path / "run" / "checkpoints")
    result = netdsl("eval", tmp_path / "run")
    assert result.stderr.endswith(f"help: go on with `netdsl run --resume {tmp_path / 'run'}`\n")


@pytest.mark.parametrize("classes", [1, 2, 10, 100, 300])
def test_a_confusion_matrix_of_any_size_can_be_drawn(classes: int) -> None:
    matrix = torch.randint(0, 9, (classes, classes)).tolist()
    assert confusion_png(matrix, [f"class {index}" for index in range(classes)]).startswith(b"\x89PNG")


@pytest.mark.parametrize("curve", [[], [(1.0, 2.0)], [(1.0, 2.0), (2.0, float("nan")), (3.0, 2.0)]])
def test_curves_of_any_length_can_be_drawn(curve: list[tuple[float, float]]) -> None:
    assert curves_png({"a": curve, "b": [(0.0, 1.0), (5.0, 3.0)]}, "loss").startswith(b"\x89PNG")

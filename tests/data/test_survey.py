import json
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

from netdsl.cli import netdsl
from netdsl.data.overlays import STRENGTH
from netdsl.data.survey import survey
from netdsl.render.palette import class_color

from .test_folders import RESIZE, photos, write_image  # noqa: F401  # a fixture among them
from .test_mask_folders import write as write_mask

HALF = {"split": 0.5}
EXAMPLES = Path(__file__).parents[2] / "examples"


def test_a_survey_counts_the_classes_of_both_parts(data_use):
    found = survey(data_use("digits"))
    assert [sum(part) for part in zip(*found.counts, strict=True)] == [1437, 360]
    assert found.counts[0] == (143, 35)
    assert (found.facts.mean, found.facts.std) == (
        pytest.approx((0.3054,), abs=1e-4),
        pytest.approx((0.3755,), abs=1e-4),
    )
    assert found.stored == ((1, 8, 8), (1, 8, 8))


def test_samples_are_shown_as_stored_and_as_the_net_sees_them(data_use):
    found = survey(data_use("digits", ("resize", {"size": 16})))
    assert [sample.shape for sample in (found.raw[0], found.transformed[0])] == [(1, 8, 8), (1, 16, 16)]
    assert found.raw[0][0, 0].tolist() == [round(value / 16 * 255) for value in (0, 0, 5, 13, 9, 1, 0, 0)]
    assert len(found.raw) == len(found.transformed) == 32


@pytest.mark.parametrize("cache", ["ram", "none"])
def test_a_folder_is_surveyed_in_its_own_sizes(data_use, photos, cache):  # noqa: F811
    (photos / "val" / "bee" / "00.png").write_bytes(b"no image")
    settings = {"cache": cache, "workers": 0, "on_error": "skip"}
    found = survey(data_use("folder", RESIZE, "normalize", path=photos, settings=settings))
    assert found.stored == ((3, 20, 30), (3, 32, 32))
    assert found.counts == ((9, 4), (9, 4))
    assert found.raw[1].shape == (3, 24, 16)
    assert {tuple(sample.shape) for sample in found.transformed} == {(3, 8, 8)}
    assert (torch.stack(found.transformed).min(), torch.stack(found.transformed).max()) == (0, 255)
    assert len(found.skipped) == 1


def test_numbers_have_a_range(data_use):
    found = survey(data_use("csv", path=EXAMPLES / "iris.csv", target="petal_width", drop="species"))
    low, mean, high = found.targets
    assert (low, high) == pytest.approx((0.1, 2.5))
    assert low < mean < high
    assert found.raw == found.transformed == ()


def run(*arguments):
    return CliRunner().invoke(netdsl, ["data", *map(str, arguments)], prog_name="netdsl")


def test_the_command_prints_what_there_is_and_pictures_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run(EXAMPLES / "digits.net")
    assert result.exit_code == 0
    assert result.output.splitlines()[:5] == [
        "digits: 1,437 to train on and 360 to test, 10 classes",
        "served    resident: 1,437 + 360 images, uint8 on cpu",
        "samples   1x8x8; the net receives 1x8x8",
        "",
        "channel        mean   deviation",
    ]
    assert "9            143         37" in result.output
    picture = np.array(Image.open("digits-samples.png"))
    assert picture.shape == (8 * (96 + 21 + 14) + 14, 4 * (2 * 96 + 2 + 14) + 14, 3)
    first = picture[14 : 14 + 96 : 12, 14 : 14 + 96 : 12, 0]
    assert first[0].tolist() == [round(value / 16 * 255) for value in (0, 0, 5, 13, 9, 1, 0, 0)]


def test_a_class_stands_below_each_picture(data_use):
    found = survey(data_use("fake", shape=(3, 8, 8), size=20, classes=3))
    assert len(found.labels) == len(found.raw)
    assert found.labels[0] in ("0: 0", "0: 1", "0: 2")


def test_masks_of_any_sizes_count_their_pixels_and_lie_over_their_images(tmp_path, data_use, monkeypatch):
    write_mask(tmp_path, "a")
    write_mask(tmp_path, "b", mask=[[2] * 9] * 5, size=(9, 5))
    use = data_use("masks", ("resize", {"size": (8, 8)}), path=tmp_path, names=("wall", "cat", "dog"), settings=HALF)
    found = survey(use)
    assert [sum(counts) for counts in found.counts] == [12, 4, 4 + 45]
    assert found.mask_classes == ("wall", "cat", "dog")
    assert "pixels of class   training       test\nwall " in str(found)
    # The image that trains is all dog.
    (raw,), (transformed,) = found.raw, found.transformed
    assert raw[:, 0, 0].tolist() == [10, 20, 30]
    dog = class_color(2, found.mask_classes)
    assert transformed[:, 0, 0].tolist() == [
        round(was + STRENGTH * (color - was)) for was, color in zip((10, 20, 30), dog, strict=True)
    ]
    monkeypatch.chdir(tmp_path)
    assert run("-e", 'data masks "." names=wall,cat,dog split=0.5 { resize 8x8 }', "--sample", 0).exit_code == 0
    assert np.array(Image.open("text-sample-0.png")).shape[0] > 96 + 21 + 28


def test_a_column_has_its_range_or_its_words(tmp_path, data_use):
    (tmp_path / "t.csv").write_text("size,city,price\n" + "1,上海,2\n3,Bonn,4\n" * 10)
    found = survey(data_use("csv", path=tmp_path / "t.csv", target="price"))
    size, city = found.columns
    assert (size.name, size.numbers[0], size.numbers[2]) == ("size", 1, 3)
    assert {word for word, _ in city.words} == {"上海", "Bonn"}
    assert sum(count for _, count in city.words) == 16
    assert "city  " in str(found)


def test_one_sample_is_shown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shown = run("-e", "data digits { normalize }", "--sample", 3).output
    assert "training sample 3\ntarget    " in shown
    assert "stored    1x8x8, 0 … 15, mean 4.172" in shown
    assert "received  1x8x8, -0.8133 … 1.683" in shown
    assert np.array(Image.open("text-sample-3.png")).shape[1::-1] == (2 * 96 + 2 + 28, 96 + 21 + 28)
    monkeypatch.chdir(EXAMPLES)
    row = run("-e", 'data csv "iris.csv" target=species { normalize }', "--sample", 0).output
    assert "petal_width   " in row
    assert "setosa" in row or "versicolor" in row or "virginica" in row
    assert not (EXAMPLES / "text-sample-0.png").exists()
    assert run("-e", "data digits", "--sample", 1437).stderr.endswith("help: samples are 0…1436\n")


def test_a_file_needs_no_net_to_look_at_its_data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run("-e", "data fake 3x8x8 size=20", "--no-grid")
    assert result.exit_code == 0
    assert result.output.startswith("fake: 20 to train on and 2 to test, 10 classes\n")
    assert not list(tmp_path.iterdir())


def test_mistakes_in_the_net_are_no_matter_and_those_in_the_data_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("-e", "data digits; flatten; linear 65->10", "--no-grid").exit_code == 0
    wrong = run("-e", "data digits { hflip 2 }; flatten; linear 64->10")
    assert wrong.exit_code == 1
    assert "a probability lies between 0 and 1; 2 does not" in wrong.output
    assert run("-e", "data digit").exit_code == 1


def test_without_a_data_line_there_is_nothing_to_look_at():
    result = run("-e", "linear 8->2")
    assert result.exit_code == 1
    assert result.output == (
        "error: `<text>` has no `data` line\n"
        "help: write one, such as `data fake 8 classes=2`; `netdsl layers datasets` lists the data sets\n"
    )


def test_data_that_cannot_be_had_are_one_message(tmp_path):
    (tmp_path / "a.net").write_text("data folder photos\n")
    result = run(tmp_path / "a.net")
    assert result.exit_code == 1
    assert "there is no folder `photos`" in result.output
    assert "NET116" not in result.output  # the file needs no net


def test_json_holds_the_same(tmp_path):
    result = run(EXAMPLES / "digits.net", "--json", "--grid", tmp_path / "grid.png")
    found = json.loads(result.output)
    assert found["sizes"] == [1437, 360]
    assert found["classes"][3] == {"name": "3", "train": 146, "test": 37}
    assert found["grid"] == str(tmp_path / "grid.png")


def test_large_and_odd_images_fit_their_tiles(tmp_path):
    from netdsl.data.sample_grid import GAP, LARGEST, LETTERS, MARGIN, grid_png

    images = [torch.full((channels, *size), 90, dtype=torch.uint8) for channels, size in ((1, (9, 400)), (4, (300, 2)))]
    long = "a name that is much longer than its pictures " * 3
    (tmp_path / "grid.png").write_bytes(grid_png(images, images, ["蚂蚁", long]))
    picture = np.array(Image.open(tmp_path / "grid.png"))
    width, height = 2 * LARGEST + GAP + MARGIN, LARGEST + LETTERS + 6 + MARGIN
    assert picture.shape == (height + MARGIN, 2 * width + MARGIN, 3)
    assert (picture[MARGIN, MARGIN : MARGIN + LARGEST] == 90).all()
    # words end before the margin
    assert (picture[:, -MARGIN:] == 255).all()

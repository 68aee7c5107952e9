"""Images beside masks: what is found, what is read, and what is said of files that are damaged."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from netdsl.components import Dataset, Refusal
from netdsl.core.errors import DataError
from netdsl.data import open_data
from netdsl.data.datasets import mask_folders
from netdsl.data.transforms.base import NO_CLASS
from tests.data.conftest import REGISTRY

SIZE = {"split": 0.5, "batch": 2, "shuffle": False}


def write(folder, name="a", *, mask=None, mode="L", size=(6, 4)):
    """An image of 4×6 pixels and its mask."""
    for inner in ("images", "masks"):
        (folder / inner).mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (10, 20, 30)).save(folder / "images" / f"{name}.png")
    values = np.array([[0, 1, 2, 255, 0, 0]] * 4, "u1") if mask is None else np.asarray(mask, "u1")
    picture = Image.fromarray(values)
    if mode == "P":
        picture.putpalette([value for index in range(256) for value in (255 - index, index, 0)])
    picture.save(folder / "masks" / f"{name}.png")


def facts(folder, **arguments):
    return REGISTRY.of(Dataset)["masks"].facts(path=folder, **arguments)


@pytest.mark.parametrize("mode", ["L", "P"])
def test_masks_are_class_numbers_and_255_is_no_class(data_use, tmp_path, mode):
    for name in "abcd":
        write(tmp_path, name, mode=mode)
    use = data_use("masks", path=tmp_path, settings=SIZE)
    assert use.facts.classes == 3
    x, y = next(iter(open_data(use, "cpu", seed=0).train.epoch(0)))
    assert x.shape == (2, 3, 4, 6)
    assert torch.equal(y[0], torch.tensor([[0, 1, 2, NO_CLASS, 0, 0]] * 4))


def test_black_and_white_masks_are_two_classes(data_use, tmp_path):
    for name in "abcd":
        write(tmp_path, name, mask=[[0, 255] * 3] * 4)
    use = data_use("masks", path=tmp_path, settings=SIZE)
    assert use.facts.classes == 2
    _, y = next(iter(open_data(use, "cpu", seed=0).train.epoch(0)))
    assert y[0].tolist() == [[0, 1] * 3] * 4
    for arguments in ({"classes": 2}, {"names": ("wall", "cat")}):
        data = open_data(data_use("masks", path=tmp_path, settings=SIZE, **arguments), "cpu", seed=0)
        assert next(iter(data.train.epoch(0))).y[0].tolist() == [[0, 1] * 3] * 4
        assert data.facts.names == arguments.get("names", ())


def test_names_say_how_many_classes_there_are(tmp_path):
    write(tmp_path)
    assert facts(tmp_path, names=("a", "b", "c", "d")).classes == 4
    with pytest.raises(Refusal, match="`classes` is 3, but 2 names are given"):
        facts(tmp_path, names=("a", "b"), classes=3)
    with pytest.raises(Refusal, match="two classes are called `a`"):
        facts(tmp_path, names=("a", "b", "a"))


def test_train_and_val_are_the_parts(data_use, tmp_path):
    for part, names in (("train", "abc"), ("val", "d")):
        for name in names:
            write(tmp_path / part, name)
    data = open_data(data_use("masks", path=tmp_path), "cpu", seed=0)
    assert data.facts.sizes == (3, 1)


def remove_mask(folder):
    (folder / "masks" / "a.png").unlink()


def in_color(folder):
    Image.new("RGB", (6, 4)).save(folder / "masks" / "a.png")


def cut(folder):
    path = folder / "masks" / "a.png"
    path.write_bytes(path.read_bytes()[:45])


def no_image(folder):
    (folder / "masks" / "a.png").write_text("hello")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (remove_mask, ("a.png` has no mask", "masks/a.png` is missing")),
        (in_color, ("`a.png` is in colour (RGB)",)),
        (cut, ("a.png` cannot be read",)),
        (no_image, ("a.png` cannot be read: its format is not known",)),
    ],
)
def test_what_is_wrong_is_said_when_classes_are_counted(tmp_path, damage, words):
    write(tmp_path)
    damage(tmp_path)
    with pytest.raises(Refusal) as refusal:
        facts(tmp_path)
    assert all(word in refusal.value.message for word in words)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (in_color, "`a.png` is in colour (RGB)"),
        (cut, "the mask `"),
        (no_image, "its format is not known"),
        (lambda folder: write(folder, mask=[[0, 1]]), "has 1x2 pixels, but the image 4x6"),
        (lambda folder: write(folder, mask=[[7] * 6] * 4), "has the class 7, but there are 3, counted from 0"),
    ],
)
def test_what_is_wrong_is_said_when_they_are_read(data_use, tmp_path, damage, words):
    for name in "abcd":
        write(tmp_path, name)
    damage(tmp_path)
    with pytest.raises(DataError) as error:
        open_data(data_use("masks", path=tmp_path, classes=3, settings=SIZE), "cpu", seed=0)
    assert words in str(error.value)
    assert "a.png" in str(error.value)


def test_a_folder_of_another_layout_is_described(tmp_path):
    with pytest.raises(Refusal, match="no folders `images/` and `masks/`"):
        facts(tmp_path)
    with pytest.raises(Refusal, match="there is no folder"):
        facts(tmp_path / "absent")
    write(tmp_path)
    with pytest.raises(Refusal, match="`classes` is 0 but must be 1…255"):
        facts(tmp_path, classes=0)


def test_masks_are_kept_on_the_disk_until_one_changes(data_use, tmp_path, monkeypatch):
    for name in "abcdefgh":
        write(tmp_path, name)
    read, paths = mask_folders.read_image, []
    monkeypatch.setattr(mask_folders, "read_image", lambda path: paths.append(path) or read(path))

    def served(cache):
        paths.clear()
        use = data_use("masks", path=tmp_path, classes=3, settings={**SIZE, "cache": cache})
        batches = list(open_data(use, "cpu", seed=0).train.epoch(0))
        return len(paths), torch.cat([batch.x for batch in batches]), torch.cat([batch.y for batch in batches])

    _, *expected = served("ram")
    for least, most in ((8, 99), (0, 4)):  # a first sample of each part may be looked at
        count, *found = served("disk")
        assert least <= count <= most
        assert all(map(torch.equal, found, expected))
    for name in "abcdefgh":
        write(tmp_path, name, mask=np.full((4, 6), 2, np.uint8))
    count, _, y = served("disk")
    assert count >= 8
    assert y.eq(2).all()


def test_voc_has_palettes_and_outlines_without_a_class(data_use, tmp_path):
    base = tmp_path / "VOCdevkit" / "VOC2012"
    for inner in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (base / inner).mkdir(parents=True)
    for part, name in (("train", "2007_000032"), ("val", "2007_000033")):
        (base / "ImageSets" / "Segmentation" / f"{part}.txt").write_text(f"{name}\n")
        write(tmp_path / "made", name, mask=[[0, 20, 255, 0, 0, 0]] * 4, mode="P")
        Image.open(tmp_path / "made" / "images" / f"{name}.png").save(base / "JPEGImages" / f"{name}.jpg")
        (tmp_path / "made" / "masks" / f"{name}.png").rename(base / "SegmentationClass" / f"{name}.png")
    data = open_data(data_use("voc_masks", settings={"root": tmp_path}), "cpu", seed=0)
    _, y = next(iter(data.train.epoch(0)))
    assert y[0, 0].tolist() == [0, 20, NO_CLASS, 0, 0, 0]
    assert len(data.facts.names) == data.facts.classes == 21


def test_pets_count_their_masks_from_one(data_use, tmp_path):
    base = tmp_path / "oxford-iiit-pet"
    for inner in ("images", "annotations/trimaps"):
        (base / inner).mkdir(parents=True)
    for part, name in (("trainval", "Beagle_1"), ("test", "Beagle_2")):
        (base / "annotations" / f"{part}.txt").write_text(f"{name} 1 2 1\n")
        write(tmp_path / "made", name, mask=[[1, 2, 3, 1, 1, 1]] * 4)
        Image.open(tmp_path / "made" / "images" / f"{name}.png").save(base / "images" / f"{name}.jpg")
        (tmp_path / "made" / "masks" / f"{name}.png").rename(base / "annotations" / "trimaps" / f"{name}.png")
    data = open_data(data_use("oxford_iiit_pet_masks", settings={"root": tmp_path}), "cpu", seed=0)
    _, y = next(iter(data.train.epoch(0)))
    assert y[0, 0].tolist() == [0, 1, 2, 0, 0, 0]
    assert data.facts.names == ("pet", "background", "outline")

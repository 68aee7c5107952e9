from multiprocessing import active_children
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from netdsl.components import Refusal
from netdsl.data import DataError, open_data
from netdsl.data.image_files import Paths, read_image
from netdsl.data.random_stream import LIMIT, permutation

SIZES = ((20, 30), (24, 16), (32, 32))
RESIZE = ("resize", {"size": (8, 8)})


def write_image(path: Path, seed: int, size: tuple[int, int] = (12, 12), **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, **options)
    return path


@pytest.fixture
def photos(tmp_path):
    """Two classes in `train/` and `val/`, images of three sizes."""
    root = tmp_path / "photos"
    for part, count in (("train", 9), ("val", 4)):
        for label, name in enumerate(("ant", "bee")):
            for n in range(count):
                write_image(root / part / name / f"{n:02}.png", 100 * label + n, SIZES[n % 3])
    return root


@pytest.fixture
def hymenoptera(tmp_path):
    """The layout of the course: images in one folder, their labels in files of the same names in another."""
    root = tmp_path / "hymenoptera"
    for name in ("ants", "bees"):
        for n in range(5):
            write_image(root / f"{name}_image" / f"{n:04}.jpg", n)
            label = root / f"{name}_label" / f"{n:04}.txt"
            label.parent.mkdir(exist_ok=True)
            label.write_text(name)
    return root


def everything(pipeline, epoch=0):
    batches = list(pipeline.epoch(epoch))
    return torch.cat([batch.x for batch in batches]), torch.cat([batch.y for batch in batches])


def settings(**given):
    return {"shuffle": False, "workers": 0} | given


def test_class_folders_are_classes_in_the_order_of_their_names(data_use, photos):
    data = open_data(data_use("folder", RESIZE, path=photos, settings=settings()), "cpu", seed=0)
    x, y = everything(data.train)
    assert y.tolist() == [0] * 9 + [1] * 9
    assert data.facts.names == ("ant", "bee")
    assert data.facts.sizes == (18, 8)
    first = torch.nn.functional.interpolate(
        read_image(str(photos / "train" / "ant" / "00.png"))[None].float(), (8, 8), mode="bilinear", antialias=True
    )
    assert torch.equal(x[0], first[0].round() / 255)
    assert data.description == "resident: 18 + 8 images, uint8 on cpu (1 MiB decoded)"


def test_a_folder_without_parts_is_split(data_use, photos):
    data = open_data(data_use("folder", RESIZE, path=photos / "train", settings=settings(split=0.5)), "cpu", seed=0)
    assert data.facts.sizes == (9, 9)


def test_pairs_of_folders_are_joined_and_labelled_by_their_texts(data_use, hymenoptera):
    (hymenoptera / "ants_label" / "0003.txt").write_text("bees\n")
    data = open_data(data_use("pairs", path=hymenoptera, settings=settings(split=0.2)), "cpu", seed=0)
    assert data.facts.names == ("ants", "bees")
    assert data.facts.sizes == (8, 2)
    labels = torch.cat((everything(data.train)[1], everything(data.test)[1]))
    assert labels.bincount().tolist() == [4, 6]


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("folder", lambda root: root / "nowhere", "there is no folder `{path}`"),
        ("folder", lambda root: root / "train" / "ant", "`{path}` holds `00.png`, `01.png`, `02.png`, `03.png`"),
        ("folder", lambda root: root / "train" / "ant" / "00.png", "`{path}` is a file; a folder is expected"),
        ("pairs", lambda root: root / "train", "`{path}` holds `ant`, `bee`; expected pairs of folders"),
    ],
)
def test_another_layout_is_refused_with_what_was_found(data_use, photos, name, change, message):
    path = change(photos)
    with pytest.raises(Refusal) as error:
        data_use(name, path=path)
    assert error.value.message.startswith(message.format(path=path))


def test_a_class_that_only_tests_is_refused(data_use, photos):
    write_image(photos / "val" / "wasp" / "1.png", 0)
    with pytest.raises(Refusal, match="`val/` has the class `wasp`, which `train/` does not have"):
        data_use("folder", path=photos)


def test_an_image_without_a_label_is_named(data_use, hymenoptera):
    (hymenoptera / "bees_label" / "0002.txt").unlink()
    with pytest.raises(DataError, match=r"`0002.jpg` has no label: `bees_label/0002.txt` is missing"):
        open_data(data_use("pairs", path=hymenoptera, settings=settings()), "cpu", seed=0)


def test_a_label_folder_that_is_missing_is_named(data_use, hymenoptera):
    (hymenoptera / "bees_label").rename(hymenoptera / "labels")
    with pytest.raises(Refusal, match="`bees_image/` has no `bees_label/` beside it"):
        data_use("pairs", path=hymenoptera)


@pytest.mark.parametrize("cache", ["ram", "disk", "none"])
def test_images_of_different_sizes_need_a_resize(data_use, photos, cache):
    with pytest.raises(DataError) as error:
        open_data(data_use("folder", path=photos, settings=settings(cache=cache)), "cpu", seed=0)
    assert error.value.message == "the images have different sizes, 3x20x30 and 3x24x16 for example"
    assert error.value.help == "write `{ resize 64x64 }` after the data set"


@pytest.mark.parametrize("cache", ["disk", "none"])
def test_all_ways_of_serving_serve_the_same(data_use, photos, cache):
    steps = RESIZE, "hflip", ("cutout", {"size": 3}), ("randomcrop", {"size": 8, "padding": 1})
    epochs = []
    for way in ("ram", cache):
        use = data_use("folder", *steps, path=photos, settings={"batch": 5, "cache": way, "workers": 0})
        data = open_data(use, "cpu", seed=3)
        epochs.append([*data.train.epoch(2), *data.train.epoch(3, start=2), *data.test.epoch(0)])
    for one, other in zip(*epochs, strict=True):
        assert torch.equal(one.x, other.x)
        assert torch.equal(one.y, other.y)


def test_workers_change_nothing_and_stay_for_the_next_epoch(data_use, photos):
    steps = ("randomresizedcrop", {"size": 8}), "hflip"
    alone, helped = (
        open_data(data_use("folder", *steps, path=photos, settings={"batch": 4, "workers": workers}), "cpu", seed=3)
        for workers in (0, 2)
    )
    pids = []
    for epoch in (0, 1):
        found = everything(helped.train, epoch)
        pids.append({child.pid for child in active_children()})
        assert all(torch.equal(*pair) for pair in zip(everything(alone.train, epoch), found, strict=True))
    assert len(pids[0]) == 2
    assert pids[0] == pids[1]
    helped.close()
    assert not active_children()


def test_ranks_stream_their_shares_of_the_same_batches(data_use, photos):
    use = data_use("folder", RESIZE, "hflip", path=photos, settings={"batch": 5, "cache": "none", "workers": 0})
    whole = open_data(use, "cpu", seed=1)
    ranks = [open_data(use, "cpu", seed=1, rank=rank, world=2) for rank in range(2)]
    for one, *shares in zip(whole.train.epoch(1), *(data.train.epoch(1) for data in ranks), strict=True):
        assert torch.equal(one.x, torch.cat([share.x for share in shares]))
        assert torch.equal(one.y, torch.cat([share.y for share in shares]))


def test_a_random_resized_crop_is_cut_from_the_original_and_repeats_itself(data_use, photos):
    steps = ("randomresizedcrop", {"size": 8}), "hflip"
    use = data_use("folder", *steps, path=photos, settings={"batch": 5, "workers": 0})
    data = open_data(use, "cpu", seed=0)
    assert data.description == "streaming: 18 + 8 images, 0 workers (each image is cropped anew in every epoch)"
    first, again, other = (everything(data.train, epoch)[0] for epoch in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    resumed = torch.cat([batch.x for batch in data.train.epoch(0, start=2)])
    assert torch.equal(first[10:], resumed)
    with pytest.raises(DataError, match="`cache=ram` needs images of one size before the first random transform"):
        open_data(data_use("folder", *steps, path=photos, settings=settings(cache="ram")), "cpu", seed=0)


@pytest.mark.parametrize("cache", ["ram", "disk", "none"])
@pytest.mark.parametrize("damage", [b"", b"no image at all", None])
def test_a_broken_image_stops_by_name_or_is_skipped_and_listed(data_use, photos, cache, damage):
    path = photos / "train" / "bee" / "04.png"
    path.write_bytes(path.read_bytes()[:200] if damage is None else damage)

    def opened(on_error):
        use = data_use("folder", RESIZE, path=photos, settings=settings(cache=cache, on_error=on_error, batch=6))
        return open_data(use, "cpu", seed=0)

    with pytest.raises(DataError, match=r"`.*bee/04.png` cannot be read: .+") as error:
        everything(opened("stop").train)
    assert "on_error=skip" in (error.value.help or "")
    data = opened("skip")
    assert len(everything(data.train)[1]) == 17
    assert everything(data.train)[1].tolist() == [0] * 9 + [1] * 8
    assert [line.rpartition("/")[2][:8] for line in data.skipped] == ["04.png: "]
    assert data.description.endswith(", 1 broken left out") == (cache != "none")
    with pytest.raises(DataError, match=r"bee/04.png` cannot be read"):
        everything(opened("stop").train)


def test_an_image_that_vanishes_under_a_run_is_named(data_use, photos):
    use = data_use("folder", RESIZE, path=photos, settings=settings(cache="none", batch=5, workers=2))
    data = open_data(use, "cpu", seed=0)
    (photos / "train" / "bee" / "08.png").unlink()
    with pytest.raises(DataError, match=r"bee/08.png` cannot be read: no such file or directory"):
        everything(data.train)


def test_a_worker_that_dies_is_one_message(data_use, photos):
    use = data_use("folder", RESIZE, path=photos, settings=settings(cache="none", batch=2, workers=1))
    data = open_data(use, "cpu", seed=0)
    batches = data.train.epoch(0)
    next(batches)
    (worker,) = active_children()
    worker.kill()
    with pytest.raises(DataError, match="a process that reads the data has died"):
        list(batches)


def test_the_mean_and_deviation_of_a_folder_are_computed_where_they_are_wanted(data_use, photos):
    for cache in ("ram", "none"):
        use = data_use("folder", RESIZE, "normalize", path=photos, settings=settings(cache=cache))
        data = open_data(use, "cpu", seed=0)
        x = everything(data.train)[0]
        assert x.mean().abs() < 1e-5
        assert abs(x.std(correction=0) - 1) < 1e-3
        assert len(data.facts.mean) == 3
    assert sorted(permutation(18, LIMIT)[:1024].tolist()) == list(range(18))


def test_grey_and_transparent_images_come_in_colour(tmp_path):
    Image.new("L", (4, 3), 200).save(tmp_path / "grey.png")
    Image.new("RGBA", (4, 3), (10, 20, 30, 0)).save(tmp_path / "clear.png")
    Image.new("P", (4, 3)).save(tmp_path / "palette.gif")
    assert read_image(str(tmp_path / "grey.png")).shape == (3, 3, 4)
    assert read_image(str(tmp_path / "clear.png"))[:, 0, 0].tolist() == [10, 20, 30]
    assert read_image(str(tmp_path / "palette.gif")).shape == (3, 3, 4)
    assert read_image(str(tmp_path / "clear.png"), "L").shape == (1, 3, 4)


def test_paths_come_out_as_they_went_in():
    names = ["a/b.png", "", "ä/ü.jpg", "x" * 300, b"\xff".decode("utf-8", "surrogateescape")]
    packed = Paths.of(names)
    assert len(packed) == 5
    assert [packed[index] for index in range(5)] == names

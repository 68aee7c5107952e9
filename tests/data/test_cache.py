import time
from multiprocessing import get_context

import pytest
import torch

from netdsl.data import DataError, open_data
from netdsl.data.cache import FOLDER

from .test_folders import everything, photos, settings, write_image  # noqa: F401  # a fixture among them

RESIZE = ("resize", {"size": (8, 8)})


@pytest.fixture
def decoded(monkeypatch):
    """How many images have been decoded."""
    import netdsl.data.image_files as images

    read, paths = images.read_image, []
    monkeypatch.setattr(images, "read_image", lambda path, mode: paths.append(path) or read(path, mode))
    return paths


def mapped(data_use, path, *steps, **given):
    return open_data(data_use("folder", *steps, path=path, settings=settings(cache="disk", **given)), "cpu", seed=0)


def files(path):
    return sorted(file.name for file in path.rglob(f"{FOLDER}/*") if not file.name.startswith("."))


def test_images_are_decoded_once_for_all_runs(data_use, photos, decoded):  # noqa: F811
    first = mapped(data_use, photos, RESIZE)
    assert first.description == f"mapped: 18 + 8 images, uint8 from {FOLDER}"
    before = len(decoded)
    second = mapped(data_use, photos, RESIZE)
    assert len(decoded) - before <= 2  # the first image of each part may be looked at
    assert torch.equal(everything(first.train)[0], everything(second.train)[0])


@pytest.mark.parametrize(
    "change",
    [
        lambda root: write_image(root / "train" / "ant" / "00.png", 999, (20, 30)),
        lambda root: write_image(root / "train" / "ant" / "99.png", 999),
        lambda root: (root / "train" / "ant" / "00.png").unlink(),
        lambda root: (root / "train" / "ant" / "00.png").rename(root / "train" / "bee" / "99.png"),
    ],
)
def test_a_change_of_the_files_is_seen(data_use, photos, change):  # noqa: F811
    before = everything(mapped(data_use, photos, RESIZE).train)
    time.sleep(0.01)
    change(photos)
    after = everything(mapped(data_use, photos, RESIZE).train)
    fresh = everything(open_data(data_use("folder", RESIZE, path=photos, settings=settings()), "cpu", seed=0).train)
    assert all(torch.equal(one, other) for one, other in zip(after, fresh, strict=True))
    assert not (before[0].shape == after[0].shape and torch.equal(before[0], after[0]))


def test_each_size_has_a_file_of_its_own(data_use, photos):  # noqa: F811
    small, large = mapped(data_use, photos, RESIZE), mapped(data_use, photos, ("resize", {"size": (9, 9)}))
    assert (small.shape, large.shape) == ((3, 8, 8), (3, 9, 9))


def test_what_an_interrupted_run_left_is_swept_up(data_use, photos):  # noqa: F811
    mapped(data_use, photos, RESIZE)
    whole = files(photos)
    for file in (photos / FOLDER).glob("*.npy"):
        if "labels" not in file.name:
            file.unlink()
    (photos / FOLDER / "0123.part").write_bytes(b"half")
    mapped(data_use, photos, RESIZE)
    assert files(photos) == whole


def decode(data_use, root, sign, pause, results):
    """Decodes in a process of its own, which stops for a while at the twelfth image and gives a sign."""
    import netdsl.data.image_files as images

    read, paths = images.read_image, []

    def slow(path, mode):
        paths.append(path)
        if len(paths) == 12:
            sign.touch()
            time.sleep(pause)
        return read(path, mode)

    images.read_image = slow
    results.put(everything(mapped(data_use, root, RESIZE).train)[0].double().sum().item())


def begun(*arguments):
    process = get_context("fork").Process(target=decode, args=arguments)
    process.start()
    wait_for(arguments[2])
    return process


def wait_for(path):
    deadline = time.monotonic() + 120
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_killed_run_and_a_second_process_do_no_harm(data_use, photos, tmp_path):  # noqa: F811
    results = get_context("fork").SimpleQueue()
    killed = begun(data_use, photos, tmp_path / "killed", 600, results)
    killed.kill()
    killed.join()
    assert not list((photos / FOLDER).glob("*.npy"))
    first = begun(data_use, photos, tmp_path / "first", 0.5, results)
    second = get_context("fork").Process(target=decode, args=(data_use, photos, tmp_path / "second", 0, results))
    second.start()
    first.join()
    second.join()
    expected = everything(mapped(data_use, photos, RESIZE).train)[0].double().sum().item()
    assert [results.get(), results.get()] == [expected, expected]
    assert not (tmp_path / "second").exists()  # it waited, and had nothing left to decode


def test_a_folder_that_cannot_be_written_is_one_message(data_use, photos):  # noqa: F811
    (photos / FOLDER).write_text("in the way")
    with pytest.raises(DataError, match=r"`.*\.netdsl-cache` cannot hold decoded images: ") as error:
        mapped(data_use, photos, RESIZE)
    assert error.value.help == "write `cache=none`"

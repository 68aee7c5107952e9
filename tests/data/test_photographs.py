"""torchvision's larger sets, read through torchvision from small trees of files in their true layouts."""

import inspect
import json
from pathlib import Path
from urllib.error import URLError

import pytest
import torchvision

from netdsl.components import Dataset
from netdsl.data import DataError, open_data
from netdsl.data.datasets import torchvision_large
from netdsl.data.datasets.torchvision_large import Vision
from netdsl.plugins.registry import load_registry

from .test_folders import write_image

SETS = {name: value for name, value in vars(torchvision_large).items() if isinstance(value, Vision)}
RESIZE = ("resize", {"size": (8, 8)})


def class_folders(folder: Path, names, each: int = 2, suffix: str = ".jpg") -> None:
    for label, name in enumerate(names):
        for n in range(each):
            write_image(folder / name / f"{n}{suffix}", 10 * label + n)


def eurosat(root):
    class_folders(root / "eurosat" / "2750", ["Forest", "River"])


def country211(root):
    for part in ("train", "test"):
        class_folders(root / "country211" / part, ["AD", "AE"])


def rendered_sst2(root):
    for part in ("train", "valid", "test"):
        class_folders(root / "rendered-sst2" / part, ["negative", "positive"], suffix=".png")


def imagenette(root):
    for part in ("train", "val"):
        class_folders(root / "imagenette2-160" / part, ["n01440764", "n02102040"], suffix=".jpeg")


def food101(root):
    class_folders(root / "food-101" / "images", ["apple_pie", "waffles"])
    for part in ("train", "test"):
        listed = {name: [f"{name}/0", f"{name}/1"] for name in ("apple_pie", "waffles")}
        path = root / "food-101" / "meta" / f"{part}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(listed))


def gtsrb(root):
    class_folders(root / "gtsrb" / "GTSRB" / "Training", ["00000", "00001"], suffix=".ppm")
    for n in range(2):
        write_image(root / "gtsrb" / "GTSRB" / "Final_Test" / "Images" / f"{n}.ppm", n)
    (root / "gtsrb" / "GT-final_test.csv").write_text("Filename;Width;ClassId\n0.ppm;12;1\n1.ppm;12;0\n")


def dtd(root):
    class_folders(root / "dtd" / "dtd" / "images", ["banded", "woven"])
    labels = root / "dtd" / "dtd" / "labels"
    labels.mkdir()
    for part in ("train", "test"):
        (labels / f"{part}3.txt").write_text("banded/0.jpg\nwoven/1.jpg\n")


def oxford_iiit_pet(root):
    base = root / "oxford-iiit-pet"
    (base / "annotations").mkdir(parents=True)
    for part in ("trainval", "test"):
        lines = []
        for label, name in enumerate(("Beagle", "Sphynx"), 1):
            write_image(base / "images" / f"{name}_1.jpg", label)
            lines.append(f"{name}_1 {label} 1 1")
        (base / "annotations" / f"{part}.txt").write_text("\n".join(lines))


def fgvc_aircraft(root):
    folder = root / "fgvc-aircraft-2013b" / "data"
    folder.mkdir(parents=True)
    (folder / "families.txt").write_text("A320\nBoeing 747\n")
    for part in ("trainval", "test"):
        (folder / f"images_family_{part}.txt").write_text("0001 Boeing 747\n0002 A320\n")
    for n in (1, 2):
        write_image(folder / "images" / f"{n:04}.jpg", n)


def sun397(root):
    folder = root / "SUN397"
    for label, name in enumerate(("abbey", "airport")):
        for n in range(2):
            write_image(folder / "a" / name / f"sun_{label}{n}.jpg", n)
    (folder / "ClassName.txt").write_text("/a/abbey\n/a/airport\n")


def caltech256(root):
    for label, name in enumerate(("001.ak47", "002.flag"), 1):
        for n in (1, 2):
            write_image(root / "caltech256" / "256_ObjectCategories" / name / f"{label:03}_{n:04}.jpg", n)


@pytest.mark.parametrize(
    ("write", "arguments", "sizes", "names"),
    [
        (eurosat, {}, (2, 2), ("Forest", "River")),
        (country211, {}, (4, 4), ("AD", "AE")),
        (rendered_sst2, {}, (4, 4), ("negative", "positive")),
        (imagenette, {"size": 160}, (4, 4), ("tench, Tinca tinca", "English springer, English springer spaniel")),
        (food101, {}, (4, 4), ("apple_pie", "waffles")),
        (gtsrb, {}, (4, 2), ()),
        (dtd, {"partition": 3}, (2, 2), ("banded", "woven")),
        (oxford_iiit_pet, {}, (2, 2), ("Beagle", "Sphynx")),
        (fgvc_aircraft, {"level": "family"}, (2, 2), ("A320", "Boeing 747")),
        (sun397, {}, (2, 2), ("abbey", "airport")),
        (caltech256, {}, (2, 2), ("001.ak47", "002.flag")),
    ],
)
def test_sets_are_read_from_their_own_layouts(data_use, tmp_path, write, arguments, sizes, names):
    write(tmp_path)
    settings = {"root": str(tmp_path), "workers": 0} | ({} if SETS[write.__name__].test else {"split": 0.5})
    data = open_data(data_use(write.__name__, RESIZE, settings=settings, **arguments), "cpu", seed=0)
    assert data.facts.sizes == sizes
    assert data.facts.names == names
    labels = {label for part in (data.train, data.test) for batch in part.epoch(0) for label in batch.y.tolist()}
    assert labels == {0, 1}
    assert data.shape == (3, 8, 8)


def test_a_broken_image_of_a_set_is_named(data_use, tmp_path):
    eurosat(tmp_path)
    path = tmp_path / "eurosat" / "2750" / "River" / "1.jpg"
    path.write_bytes(b"no image")
    use = data_use("eurosat", settings={"root": str(tmp_path), "workers": 0, "split": 0.5})
    with pytest.raises(DataError, match=f"`{path}` cannot be read"):
        open_data(use, "cpu", seed=0)


@pytest.mark.parametrize("name", SETS)
def test_torchvision_takes_the_arguments(name):
    found = SETS[name]
    made = getattr(torchvision.datasets, found.name)
    component = load_registry().of(Dataset)[name]
    defaults = {parameter.name: parameter.default for parameter in component.parameters.values()}
    for part in (found.train, found.test):
        if part is not None:
            inspect.signature(made.__init__).bind(None, "root", **part, **found.options(**defaults))
    for archive in found.archives(made):
        assert archive.url.startswith("http")
        assert archive.file


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("food101", "food-101.tar.gz (md5 85eeb15f3717b99a5da872d97d918f87) from http"),
        ("oxford_iiit_pet", "oxford-iiit-pet/annotations.tar.gz (md5 95a8c909bbe2e81eed6a22bccdf3f68f)"),
        ("voc_masks", "VOCtrainval_11-May-2012.tar (md5 6cd6e144f989b92b3379bac3b3de84fd)"),
        ("oxford_iiit_pet_masks", "oxford-iiit-pet/annotations.tar.gz (md5 95a8c909bbe2e81eed6a22bccdf3f68f)"),
        ("gtsrb", "torchvision's manual of `GTSRB` says which files are expected in"),
        ("fer2013", "torchvision's manual of `FER2013`"),
    ],
)
def test_what_cannot_be_downloaded_is_said_with_what_to_do(data_use, tmp_path, monkeypatch, name, wanted):
    def refuse(*_, **__):
        raise URLError("no route to host")

    monkeypatch.setattr("torchvision.datasets.utils._get_redirect_url", refuse)
    with pytest.raises(DataError, match=f"(cannot download|torchvision does not download) `{name}`") as error:
        open_data(data_use(name, RESIZE, settings={"root": str(tmp_path)}), "cpu", seed=0)
    assert wanted in (error.value.help or "")


def test_a_missing_package_is_named(data_use, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(DataError, match="torchvision reads `pcam` with h5py") as error:
        open_data(data_use("pcam", settings={"root": str(tmp_path)}), "cpu", seed=0)
    assert error.value.help == "run `pip install h5py`"

"""Loaders of torchvision's larger sets, whose images are read one by one through torchvision's own classes."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from netdsl.core.errors import DataError
from netdsl.core.text import text
from netdsl.data.data_folder import locked
from netdsl.data.datasets.mask_folders import mask_tensor
from netdsl.data.downloads import FAILURES, Archive, by_hand, describe_failure, patience
from netdsl.data.image_files import state_of_file, to_tensor
from netdsl.data.samples import Splits
from netdsl.data.transforms.base import NO_CLASS

Arguments = Mapping[str, Any]
FILES = ("_image_files", "_images", "images", "filename", "samples", "_samples", "imgs")
"""The attributes in which torchvision's classes keep the paths of their images, for messages."""


@dataclass(frozen=True, eq=False)
class Pictures:
    """A data set of torchvision: pictures of PIL and their targets. In masks, class 0 is stored as `first`."""

    dataset: Any
    title: str
    folder: str
    mode: str
    first: int | None = None

    def __len__(self) -> int:
        return len(self.dataset)

    def read(self, index: int) -> tuple[Tensor, int | Tensor]:
        """One picture and its target."""
        picture, target = self.dataset[index]
        return to_tensor(picture, self.mode), self._target(target, index)

    def _target(self, target: Any, index: int) -> int | Tensor:
        if isinstance(target, Image.Image):
            classes = mask_tensor(target, f"{Path(self.name(index)).stem}.png")
            first = self.first or 0
            return torch.where(classes >= first, classes - first, NO_CLASS)
        return target.float() if isinstance(target, Tensor) else int(target)

    def name(self, index: int) -> str:
        """The path of a picture, or its number."""
        for attribute in FILES:
            paths = getattr(self.dataset, attribute, None)
            if isinstance(paths, Sequence) and len(paths) == len(self):
                path = paths[index]
                return str(path[0] if isinstance(path, tuple) else path)
        return f"{self.title}[{index}]"

    def label(self, index: int) -> int | None:
        """None: only reading a picture tells its class."""
        return None

    def identity(self, index: int) -> str:
        """The state of its file."""
        return f"{state_of_file(self.name(index), self.folder)}\0None"


@dataclass(frozen=True)
class Vision:
    """How torchvision knows a data set: its class, the arguments for each part, and what it downloads.

    `needs` are packages that torchvision needs for it. `options` turns netdsl's arguments into torchvision's.
    The classes of masks begin at `first`; it is None for other targets.
    """

    title: str
    name: str
    train: Arguments = field(default_factory=dict)
    test: Arguments | None = None
    archives: Callable[[Any], Sequence[Archive]] = lambda _: ()
    needs: tuple[str, ...] = ()
    mode: str = "RGB"
    options: Callable[..., Arguments] = dict
    first: int | None = None

    def __call__(self, root: Path, **arguments: Any) -> Splits:
        """Finds the data below the root, or downloads them there."""
        for package in self.needs:
            if importlib.util.find_spec(package) is None:
                raise DataError(
                    text("torchvision reads `{dataset}` with {package}", dataset=self.title, package=package),
                    text("run `pip install {package}`", package=package),
                )
        import torchvision

        made = getattr(torchvision.datasets, self.name)
        options = self.options(**arguments)
        parts = [self._part(made, root, {**part, **options}) for part in (self.train, self.test) if part is not None]
        return Splits(
            parts[0], parts[1] if len(parts) > 1 else None, () if self.first is not None else _names(parts[0].dataset)
        )

    def _part(self, made: Any, root: Path, arguments: Arguments) -> Pictures:
        try:
            found = made(str(root), **arguments)
        except FAILURES:
            found = self._downloaded(made, root, arguments)
        return Pictures(found, self.title, str(root), self.mode, self.first)

    def _downloaded(self, made: Any, root: Path, arguments: Arguments) -> Any:
        try:
            with locked(root), patience():
                return made(str(root), **arguments, download=True)
        except (*FAILURES, TypeError, ValueError, ImportError) as error:
            archives = self.archives(made)
            advice = (
                by_hand(root, archives)
                if archives
                else text(
                    "torchvision's manual of `{dataset}` says which files are expected in `{root}`",
                    dataset=made.__name__,
                    root=root,
                )
            )
            if isinstance(error, TypeError):
                message: str = text("torchvision does not download `{dataset}`", dataset=self.title)
            else:
                message = describe_failure(self.title, root, archives, error)
            raise DataError(message, advice) from error


def _names(dataset: Any) -> tuple[str, ...]:
    classes = getattr(dataset, "classes", None) or getattr(dataset, "categories", None) or ()
    return tuple(name if isinstance(name, str) else ", ".join(name) for name in classes)


def _archive(folder: str = "", url: str = "_URL", md5: str = "_MD5") -> Callable[[Any], Sequence[Archive]]:
    """One archive. Torchvision's class holds its address as an attribute."""
    return lambda made: [Archive(getattr(made, url), getattr(made, md5, None), folder)]


def _listed(*archives: Archive) -> Callable[[Any], Sequence[Archive]]:
    """Archives whose addresses stand inside torchvision's functions."""
    return lambda _: archives


SPLIT, TEST = {"split": "train"}, {"split": "test"}

caltech101 = Vision(
    "caltech101",
    "Caltech101",
    needs=("scipy",),
    archives=_listed(
        Archive(
            "https://data.caltech.edu/records/mzrjq-6wc02/files/caltech-101.zip",
            "3138e1922a9193bfa496528edbbc45d0",
            "caltech101",
        )
    ),
)
caltech256 = Vision(
    "caltech256",
    "Caltech256",
    archives=_listed(
        Archive(
            "https://data.caltech.edu/records/nyy15-4j048/files/256_ObjectCategories.tar",
            "67b4f42ca05d46448c6bb8ecd2220f6d",
            "caltech256",
        )
    ),
)
clevr = Vision("clevr", "CLEVRClassification", SPLIT, {"split": "val"}, _archive("clevr"))
country211 = Vision("country211", "Country211", SPLIT, TEST, _archive())
dtd = Vision("dtd", "DTD", SPLIT, TEST, _archive("dtd"), options=lambda partition=1: {"partition": partition})
celeba = Vision("celeba", "CelebA", SPLIT, TEST, needs=("gdown",))
eurosat = Vision("eurosat", "EuroSAT")
fer2013 = Vision("fer2013", "FER2013", SPLIT, TEST, mode="L")
fgvc_aircraft = Vision(
    "fgvc_aircraft",
    "FGVCAircraft",
    {"split": "trainval"},
    TEST,
    _archive(),
    options=lambda level="variant": {"annotation_level": level},
)
flowers102 = Vision("flowers102", "Flowers102", SPLIT, TEST, needs=("scipy",))
food101 = Vision("food101", "Food101", SPLIT, TEST, _archive())
gtsrb = Vision("gtsrb", "GTSRB", SPLIT, TEST)
imagenet = Vision("imagenet", "ImageNet", SPLIT, {"split": "val"}, needs=("scipy",))
inaturalist = Vision("inaturalist", "INaturalist", {"version": "2021_train"}, {"version": "2021_valid"})
imagenette = Vision(
    "imagenette",
    "Imagenette",
    SPLIT,
    {"split": "val"},
    lambda made: [Archive(*found) for found in made._ARCHIVES.values()],
    options=lambda size=None: {"size": f"{size}px" if size else "full"},
)
lfw_people = Vision("lfw_people", "LFWPeople", {"split": "10fold"})
omniglot = Vision("omniglot", "Omniglot", mode="L")
oxford_iiit_pet = Vision(
    "oxford_iiit_pet",
    "OxfordIIITPet",
    {"split": "trainval"},
    TEST,
    lambda made: [Archive(url, md5, "oxford-iiit-pet") for url, md5 in made._RESOURCES],
)
oxford_iiit_pet_masks = replace(
    oxford_iiit_pet,
    title="oxford_iiit_pet_masks",
    options=lambda: {"target_types": "segmentation"},
    first=1,
)
voc_masks = Vision(
    "voc_masks",
    "VOCSegmentation",
    {"image_set": "train"},
    {"image_set": "val"},
    first=0,
    archives=_listed(
        Archive(
            "https://thor.robots.ox.ac.uk/pascal/VOC/voc2012/VOCtrainval_11-May-2012.tar",
            "6cd6e144f989b92b3379bac3b3de84fd",
        )
    ),
)
pcam = Vision("pcam", "PCAM", SPLIT, TEST, needs=("h5py",))
places365 = Vision(
    "places365", "Places365", {"split": "train-standard"}, {"split": "val"}, options=lambda small=True: {"small": small}
)
rendered_sst2 = Vision("rendered_sst2", "RenderedSST2", SPLIT, TEST, _archive())
stanford_cars = Vision("stanford_cars", "StanfordCars", SPLIT, TEST, needs=("scipy",))
sun397 = Vision("sun397", "SUN397", archives=_archive(url="_DATASET_URL", md5="_DATASET_MD5"))

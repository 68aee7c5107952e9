"""torchvision's larger sets: photographs of many sizes, read as they are needed unless they fit into memory.

Give them one size with `resize`. Those without a test part of their own hold out `split`, a fifth if nothing is said.
"""

from __future__ import annotations

from typing import Literal

from netdsl.builtins.datasets.local import PHOTOGRAPHS
from netdsl.components import Facts, Refusal, dataset
from netdsl.core.text import text

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's training images."""

VOC = (
    "background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable",
    "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
)  # fmt: skip

AIRCRAFT_CLASSES = {"variant": 100, "family": 70, "manufacturer": 30}


@dataset(
    "netdsl.data.datasets.torchvision_large:imagenet",
    example="data imagenet { randomresizedcrop 224; hflip; normalize }",
)
def imagenet() -> Facts:
    """ImageNet's 1.3 million photographs of a thousand kinds of things (Russakovsky and others 2015).

    Its archives cannot be downloaded without an account; put them into the root. Needs scipy.
    """
    return Facts(PHOTOGRAPHS, 1_000, mean=MEAN, std=STD, sizes=(1_281_167, 50_000))


@dataset(
    "netdsl.data.datasets.torchvision_large:imagenette", example="data imagenette size=160 { resize 128 fit=cover }"
)
def imagenette(size: int | None = None) -> Facts:
    """13,394 photographs of ten easy classes of ImageNet; `size` is 160, 320 or left out for the originals."""
    if size not in (None, 160, 320):
        raise Refusal(text("imagenette comes in sizes of 160 and 320 pixels, not {size}", size=size), "size")
    return Facts(PHOTOGRAPHS, 10, mean=MEAN, std=STD, sizes=(9_469, 3_925))


@dataset("netdsl.data.datasets.torchvision_large:food101", example="data food101 { resize 224 fit=cover }")
def food101() -> Facts:
    """101,000 photographs of 101 dishes (Bossard, Guillaumin, Van Gool 2014)."""
    return Facts(PHOTOGRAPHS, 101, sizes=(75_750, 25_250))


@dataset("netdsl.data.datasets.torchvision_large:flowers102", example="data flowers102 { resize 224 fit=cover }")
def flowers102() -> Facts:
    """Photographs of 102 kinds of flowers, ten of each to train on (Nilsback, Zisserman 2008). Needs scipy."""
    return Facts(PHOTOGRAPHS, 102, sizes=(1_020, 6_149))


@dataset(
    "netdsl.data.datasets.torchvision_large:oxford_iiit_pet", example="data oxford_iiit_pet { resize 224 fit=cover }"
)
def oxford_iiit_pet() -> Facts:
    """7,349 photographs of 37 breeds of cats and dogs (Parkhi and others 2012)."""
    return Facts(PHOTOGRAPHS, 37, sizes=(3_680, 3_669))


@dataset(
    "netdsl.data.datasets.torchvision_large:oxford_iiit_pet_masks",
    example="data oxford_iiit_pet_masks { resize 128x128; hflip }",
)
def oxford_iiit_pet_masks() -> Facts:
    """The photographs of `oxford_iiit_pet` with a class for each pixel: the pet, what is behind it, or its outline."""
    names = ("pet", "background", "outline")
    return Facts(PHOTOGRAPHS, 3, target=PHOTOGRAPHS[1:], names=names, sizes=(3_680, 3_669))


@dataset("netdsl.data.datasets.torchvision_large:voc_masks", example="data voc_masks { resize 256x256; hflip }")
def voc_masks() -> Facts:
    """2,913 photographs with a class for each pixel, of 20 kinds of things or the background (PASCAL VOC 2012).

    Pixels along the outlines have no class, and count nowhere.
    """
    return Facts(PHOTOGRAPHS, len(VOC), target=PHOTOGRAPHS[1:], names=VOC, sizes=(1_464, 1_449))


@dataset("netdsl.data.datasets.torchvision_large:stanford_cars", example="data stanford_cars { resize 224 fit=cover }")
def stanford_cars() -> Facts:
    """16,185 photographs of 196 models of cars (Krause and others 2013). Needs scipy; no longer downloadable."""
    return Facts(PHOTOGRAPHS, 196, sizes=(8_144, 8_041))


@dataset("netdsl.data.datasets.torchvision_large:fgvc_aircraft", example="data fgvc_aircraft family { resize 224x224 }")
def fgvc_aircraft(level: Literal["variant", "family", "manufacturer"] = "variant") -> Facts:
    """10,000 photographs of aircraft, by variant, family or manufacturer (Maji and others 2013)."""
    return Facts(PHOTOGRAPHS, AIRCRAFT_CLASSES[level], sizes=(6_667, 3_333))


@dataset("netdsl.data.datasets.torchvision_large:gtsrb", example="data gtsrb { resize 32x32 }")
def gtsrb() -> Facts:
    """39,270 photographs of 43 German traffic signs (Stallkamp and others 2012)."""
    return Facts(PHOTOGRAPHS, 43, sizes=(26_640, 12_630))


@dataset("netdsl.data.datasets.torchvision_large:eurosat", example="data eurosat { vflip; hflip; normalize }")
def eurosat() -> Facts:
    """27,000 satellite images of ten kinds of land, 64×64 in colour (Helber and others 2019)."""
    return Facts((3, 64, 64), 10)


@dataset("netdsl.data.datasets.torchvision_large:dtd", example="data dtd { resize 128 fit=cover }")
def dtd(partition: int = 1) -> Facts:
    """3,760 photographs of 47 textures, in one of ten partitions (Cimpoi and others 2014)."""
    if not 1 <= partition <= 10:
        raise Refusal(text("`partition` is one of 1 to 10, not {partition}", partition=partition), "partition")
    return Facts(PHOTOGRAPHS, 47, sizes=(1_880, 1_880))


@dataset("netdsl.data.datasets.torchvision_large:caltech101", example="data caltech101 { resize 128 fit=cover }")
def caltech101() -> Facts:
    """8,677 photographs of 101 kinds of things (Fei-Fei, Fergus, Perona 2004). Needs scipy."""
    return Facts(PHOTOGRAPHS, 101)


@dataset("netdsl.data.datasets.torchvision_large:caltech256", example="data caltech256 { resize 128 fit=cover }")
def caltech256() -> Facts:
    """30,607 photographs of 256 kinds of things, and one class of clutter (Griffin, Holub, Perona 2007)."""
    return Facts(PHOTOGRAPHS, 257)


@dataset("netdsl.data.datasets.torchvision_large:sun397", example="data sun397 { resize 224 fit=cover }")
def sun397() -> Facts:
    """108,754 photographs of 397 kinds of places (Xiao and others 2010)."""
    return Facts(PHOTOGRAPHS, 397)


@dataset("netdsl.data.datasets.torchvision_large:places365", example="data places365 { resize 224x224 }")
def places365(small: bool = True) -> Facts:
    """1.8 million photographs of 365 kinds of places, of 256×256 pixels or, with `small=false`, larger (Zhou 2017)."""
    return Facts(PHOTOGRAPHS, 365, sizes=(1_803_460, 36_500))


@dataset("netdsl.data.datasets.torchvision_large:country211", example="data country211 { resize 224 fit=cover }")
def country211() -> Facts:
    """52,750 photographs by the country that they were taken in (Radford and others 2021)."""
    return Facts(PHOTOGRAPHS, 211, sizes=(31_650, 21_100))


@dataset("netdsl.data.datasets.torchvision_large:inaturalist", example="data inaturalist { resize 224 fit=cover }")
def inaturalist() -> Facts:
    """2.8 million photographs of 10,000 species, the edition of 2021 (Van Horn and others 2021)."""
    return Facts(PHOTOGRAPHS, 10_000, sizes=(2_686_843, 100_000))


@dataset("netdsl.data.datasets.torchvision_large:lfw_people", example="data lfw_people { resize 96x96 }")
def lfw_people() -> Facts:
    """13,233 faces of 5,749 people, most of whom have one picture (Huang and others 2007)."""
    return Facts(PHOTOGRAPHS, 5_749)


@dataset(
    "netdsl.data.datasets.torchvision_large:celeba", example="data celeba { resize 64 fit=cover }; loss bce_with_logits"
)
def celeba() -> Facts:
    """202,599 faces, each with forty yes-or-no attributes, which are the targets (Liu and others 2015). Needs gdown."""
    return Facts((3, 218, 178), None, target=(40,), sizes=(162_770, 19_962))


@dataset("netdsl.data.datasets.torchvision_large:pcam", example="data pcam { hflip; vflip; normalize }")
def pcam() -> Facts:
    """Patches of tissue with and without metastases, 96×96 in colour (Veeling and others 2018). Needs h5py."""
    return Facts((3, 96, 96), 2, sizes=(262_144, 32_768))


@dataset("netdsl.data.datasets.torchvision_large:rendered_sst2", example="data rendered_sst2 { resize 224x224 }")
def rendered_sst2() -> Facts:
    """8,741 sentences about films, printed as images; the class is whether they praise (Radford and others 2021)."""
    return Facts(PHOTOGRAPHS, 2, sizes=(6_920, 1_821))


@dataset("netdsl.data.datasets.torchvision_large:clevr", example="data clevr { resize 128x192 }")
def clevr() -> Facts:
    """85,000 pictures of blocks and balls; the class is their number, up to ten (Johnson and others 2017)."""
    return Facts(PHOTOGRAPHS, 11, sizes=(70_000, 15_000))


@dataset("netdsl.data.datasets.torchvision_large:omniglot", example="data omniglot split=0.25 { resize 28x28 }")
def omniglot() -> Facts:
    """19,280 handwritten characters of 964 kinds, 105×105 in black and white (Lake and others 2015)."""
    return Facts((1, 105, 105), 964)


@dataset("netdsl.data.datasets.torchvision_large:fer2013", example="data fer2013 { hflip; normalize }")
def fer2013() -> Facts:
    """35,887 faces with one of seven emotions, 48×48 in grey (Goodfellow and others 2013).

    Download its table by hand, which needs an account, and put `fer2013.csv` into `fer2013/` below the root.
    """
    return Facts((1, 48, 48), 7, sizes=(28_709, 7_178))

"""torchvision's sets for image classification. Downloaded once, to `root=`, `$NETDSL_DATA` or the user's cache.

Mean and deviation are the published ones of the training images; where there are none they are computed when the images
are read.
"""

from __future__ import annotations

from typing import Literal

from netdsl.components import Facts, dataset

DIGITS = tuple("0123456789")
CIFAR10_NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
FASHION_NAMES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
STL10_NAMES = ("airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck")


@dataset(
    "netdsl.data.datasets.torchvision_small:cifar10",
    example="data cifar10 batch=128 { randomcrop 32 padding=4; hflip; normalize }",
)
def cifar10() -> Facts:
    """60,000 photographs of ten kinds of animals and vehicles, 32×32 in colour (Krizhevsky 2009)."""
    mean, std = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
    return Facts((3, 32, 32), 10, names=CIFAR10_NAMES, mean=mean, std=std, sizes=(50_000, 10_000))


@dataset("netdsl.data.datasets.torchvision_small:cifar100", example="data cifar100")
def cifar100() -> Facts:
    """60,000 photographs of a hundred kinds of things, 32×32 in colour (Krizhevsky 2009)."""
    mean, std = (0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762)
    return Facts((3, 32, 32), 100, mean=mean, std=std, sizes=(50_000, 10_000))


@dataset("netdsl.data.datasets.torchvision_small:mnist", example="data mnist { normalize }")
def mnist() -> Facts:
    """70,000 handwritten digits, 28×28 in grey (LeCun, Cortes, Burges 1998)."""
    return Facts((1, 28, 28), 10, names=DIGITS, mean=(0.1307,), std=(0.3081,), sizes=(60_000, 10_000))


@dataset("netdsl.data.datasets.torchvision_small:fashion_mnist", example="data fashion_mnist")
def fashion_mnist() -> Facts:
    """70,000 pieces of clothing of ten kinds, 28×28 in grey (Xiao, Rasul, Vollgraf 2017)."""
    return Facts((1, 28, 28), 10, names=FASHION_NAMES, mean=(0.2860,), std=(0.3530,), sizes=(60_000, 10_000))


@dataset("netdsl.data.datasets.torchvision_small:kmnist", example="data kmnist")
def kmnist() -> Facts:
    """70,000 handwritten Japanese characters of ten kinds, 28×28 in grey (Clanuwat and others 2018)."""
    names = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")
    return Facts((1, 28, 28), 10, names=names, mean=(0.1918,), std=(0.3483,), sizes=(60_000, 10_000))


@dataset("netdsl.data.datasets.torchvision_small:qmnist", example="data qmnist")
def qmnist() -> Facts:
    """MNIST's training digits and all 60,000 of its test digits, 28×28 in grey (Yadav, Bottou 2019)."""
    return Facts((1, 28, 28), 10, names=DIGITS, sizes=(60_000, 60_000))


EMNIST_CLASSES = {"byclass": 62, "bymerge": 47, "balanced": 47, "letters": 26, "digits": 10, "mnist": 10}
EMNIST_SIZES = {
    "byclass": (697_932, 116_323),
    "bymerge": (697_932, 116_323),
    "balanced": (112_800, 18_800),
    "letters": (124_800, 20_800),
    "digits": (240_000, 40_000),
    "mnist": (60_000, 10_000),
}


@dataset("netdsl.data.datasets.torchvision_small:emnist", example="data emnist letters")
def emnist(part: Literal["byclass", "bymerge", "balanced", "letters", "digits", "mnist"] = "balanced") -> Facts:
    """Handwritten digits and letters, 28×28 in grey, upright (Cohen and others 2017). `letters` has only a to z."""
    return Facts((1, 28, 28), EMNIST_CLASSES[part], sizes=EMNIST_SIZES[part])


@dataset("netdsl.data.datasets.torchvision_small:svhn", example="data svhn")
def svhn() -> Facts:
    """99,289 house numbers cut into digits, 32×32 in colour (Netzer and others 2011). Needs scipy."""
    mean, std = (0.4377, 0.4438, 0.4728), (0.1980, 0.2010, 0.1970)
    return Facts((3, 32, 32), 10, names=DIGITS, mean=mean, std=std, sizes=(73_257, 26_032))


@dataset("netdsl.data.datasets.torchvision_small:stl10", example="data stl10 { resize 48 }")
def stl10() -> Facts:
    """13,000 photographs of ten kinds of animals and vehicles, 96×96 in colour (Coates, Ng, Lee 2011)."""
    return Facts((3, 96, 96), 10, names=STL10_NAMES, sizes=(5_000, 8_000))


@dataset("netdsl.data.datasets.torchvision_small:usps", example="data usps")
def usps() -> Facts:
    """9,298 handwritten digits from envelopes, 16×16 in grey (Hull 1994)."""
    return Facts((1, 16, 16), 10, names=DIGITS, sizes=(7_291, 2_007))


@dataset("netdsl.data.datasets.torchvision_small:semeion", example="data semeion split=0.2")
def semeion() -> Facts:
    """1,593 handwritten digits, 16×16 in black and white (Buscema 1998); `split` is the share to test on."""
    return Facts((1, 16, 16), 10, names=DIGITS)

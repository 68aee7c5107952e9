"""The transforms: what the body of a `data` line may do to a sample on its way to the net.

They stand in the order in which they act; values are scaled to 0…1 by themselves. Random ones act in training only,
with a draw of their own for every sample.
"""

from __future__ import annotations

from typing import Literal

from netdsl.components import INFERRED, Refusal, Size, per_axis, transform
from netdsl.core.sizes import UNKNOWN, Dim, Shape, Unknown, format_shape
from netdsl.core.text import text

Interpolation = Literal["nearest", "bilinear", "bicubic"]
Range = tuple[float, float]

GEOMETRY = "netdsl.data.transforms.geometry"
WARP = "netdsl.data.transforms.affine"
COLOR = "netdsl.data.transforms.color"
MIXING = "netdsl.data.transforms.mixing"
POLICY = "netdsl.data.transforms.random_policies"


def _image(x: Shape, name: str) -> tuple[Dim, Dim, Dim]:
    if len(x) != 3:
        raise Refusal(
            text("`{transform}` expects an image, C×H×W, but receives {shape}", transform=name, shape=format_shape(x))
        )
    return x[0], x[1], x[2]


def _color(x: Shape, name: str) -> Shape:
    channels, *_ = _image(x, name)
    if channels != 3 and not isinstance(channels, Unknown):
        raise Refusal(
            text(
                "`{transform}` expects 3 channels (red, green, blue) but receives {channels}",
                transform=name,
                channels=channels,
            )
        )
    return x


def _resized(x: Shape, size: Size, name: str) -> Shape:
    channels, *_ = _image(x, name)
    height, width = per_axis(size, 2, "size")
    if min(height, width) < 1:
        raise Refusal(text("a size is at least 1, not {size}", size=min(height, width)), "size")
    return channels, height, width


def _probability(p: float) -> None:
    if not 0 <= p <= 1:
        raise Refusal(text("a probability lies between 0 and 1; {p:g} does not", p=p), "p")


@transform(f"{GEOMETRY}:Resize", example="data folder photos { resize 224 fit=cover }")
def resize(
    x: Shape,
    size: Size,
    *,
    fit: Literal["stretch", "cover", "contain"] | None = None,
    interpolation: Interpolation = "bilinear",
    antialias: bool = True,
) -> Shape:
    """Scales images: `resize 64` makes the shorter side 64 pixels long, `resize 48x64` makes 48 rows of 64 pixels.

    One number keeps the proportions, as torchvision's `Resize(64)` does: a photograph of 300×400 becomes 64×85. Two
    numbers stretch the image to that size. `fit=` decides for either: `fit=stretch` ignores the proportions;
    `fit=cover` keeps them and cuts the ends of the longer side off, as torchvision's `Resize(n)` and `CenterCrop(n)` do
    together; `fit=contain` keeps them and fills the rest with black.
    """
    if fit is not None or not isinstance(size, int):
        # The size of the image does not matter here, so that images of unknown size get a known shape.
        return _resized(x, size, "resize")
    channels, height, width = _image(x, "resize")
    # Only for its refusals; the shape comes from the proportions below.
    _resized(x, size, "resize")
    if not isinstance(height, int) or not isinstance(width, int):
        return channels, UNKNOWN, UNKNOWN
    return channels, *scale_shorter_side(height, width, size)


def scale_shorter_side(height: int, width: int, length: int) -> tuple[int, int]:
    """The size of an image whose shorter side is scaled to a length, rounded down as torchvision rounds it."""
    if height <= width:
        return length, int(length * width / height)
    return int(length * height / width), length


@transform(f"{GEOMETRY}:CenterCrop", example="data stl10 { centercrop 64 }")
def centercrop(x: Shape, size: Size) -> Shape:
    """Takes the middle of the image; where the image is smaller, the rest is black."""
    return _resized(x, size, "centercrop")


@transform(f"{GEOMETRY}:RandomCrop", random=True, example="data cifar10 { randomcrop 32 padding=4; hflip; normalize }")
def randomcrop(
    x: Shape,
    size: Size,
    *,
    padding: Size = 0,
    padding_mode: Literal["constant", "edge", "reflect"] = "constant",
    fill: float = 0.0,
) -> Shape:
    """Takes a piece of the image at a random place, after putting `padding` pixels around it; in testing, the middle.

    `fill` is the value of constant padding, from 0 (black) to 1.
    """
    _, *axes = _image(x, "randomcrop")
    pads, sizes = per_axis(padding, 2, "padding"), per_axis(size, 2, "size")
    for length, pad, wanted in zip(axes, pads, sizes, strict=True):
        if pad < 0:
            raise Refusal(text("a padding is at least 0, not {pad}", pad=pad), "padding")
        if isinstance(length, int) and length + 2 * pad < wanted:
            raise Refusal(
                text(
                    "`randomcrop` takes {wanted} pixels but the image has {length}, padding included",
                    wanted=wanted,
                    length=length + 2 * pad,
                ),
                "size",
                text("write `padding={padding}` or more, or `resize` before it", padding=-(-(wanted - length) // 2)),
            )
        # The reflection leaves the outermost pixel out, so that one less than the length is the most.
        if padding_mode == "reflect" and isinstance(length, int) and pad >= length:
            raise Refusal(
                text("`padding_mode=reflect` needs a padding below the image's {length} pixels", length=length),
                "padding",
            )
    return _resized(x, size, "randomcrop")


@transform(f"{GEOMETRY}:RandomResizedCrop", random=True, example="data imagenet { randomresizedcrop 224; hflip }")
def randomresizedcrop(
    x: Shape,
    size: Size,
    *,
    # The ranges of Szegedy et al., 2015, which torchvision has as defaults too.
    scale: Range = (0.08, 1.0),
    ratio: Range = (3 / 4, 4 / 3),
    interpolation: Literal["nearest", "bilinear"] = "bilinear",
) -> Shape:
    """Takes a random part of the image and scales it to one size.

    `scale` limits the part's share of the area, `ratio` its width divided by its height. In testing it takes the whole
    image, as `resize fit=cover` does.
    """
    return _resized(x, size, "randomresizedcrop")


@transform(f"{GEOMETRY}:HorizontalFlip", random=True, example="data cifar10 { hflip }")
def hflip(x: Shape, p: float = 0.5) -> Shape:
    """Mirrors left and right with probability `p`."""
    _probability(p)
    _image(x, "hflip")
    return x


@transform(f"{GEOMETRY}:VerticalFlip", random=True, example="data eurosat { vflip }")
def vflip(x: Shape, p: float = 0.5) -> Shape:
    """Mirrors top and bottom with probability `p`."""
    _probability(p)
    _image(x, "vflip")
    return x


@transform(f"{GEOMETRY}:AlternatingFlip", random=True, example="data cifar10 { altflip }")
def altflip(x: Shape) -> Shape:
    """Mirrors each image in every second epoch; chance decides whether it begins with the first (Jordan 2024).

    Two epochs then show every image both ways; `hflip` would repeat half of them.
    """
    _image(x, "altflip")
    return x


@transform("netdsl.data.transforms.values:Normalize", example="data cifar10 { normalize }")
def normalize(x: Shape, mean: tuple[float, ...] = INFERRED, std: tuple[float, ...] = INFERRED) -> Shape:
    """Subtracts `mean` from each channel and divides it by `std`.

    Left out, they are those of the data set's training part: published values where there are some, otherwise computed
    when the data are read. The columns of a table that are 0 or 1, of a word or of what is missing, then stay as they
    are.
    """
    for name, given in (("mean", mean), ("std", std)):
        # An unknown number of channels comes from an error that is reported already.
        if given and len(given) not in (1, x[0]) and not isinstance(x[0], Unknown):
            raise Refusal(
                text(
                    "`{parameter}` has {values} values but the input has {channels} channels",
                    parameter=name,
                    values=len(given),
                    channels=x[0],
                ),
                name,
            )
    if std and min(std) <= 0:
        raise Refusal(text("a standard deviation is above 0; {std:g} is not", std=min(std)), "std")
    return x


@transform(f"{GEOMETRY}:Cutout", random=True, example="data cifar10 { cutout 8 }")
def cutout(x: Shape, size: Size, *, p: float = 1.0, fill: float = 0.0) -> Shape:
    """Fills a rectangle of `size` around a random pixel; it may reach beyond the image (DeVries 2017).

    `fill` is a value from 0 (black) to 1; after `normalize`, it is a normalised value.
    """
    _probability(p)
    _resized(x, size, "cutout")
    return x


@transform(f"{WARP}:Rotation", random=True, example="data mnist { rotation 10 }")
def rotation(
    x: Shape, degrees: float, *, interpolation: Literal["nearest", "bilinear"] = "bilinear", fill: float = 0.0
) -> Shape:
    """Turns the image about its middle by up to `degrees` either way; the corners are filled with `fill`."""
    _image(x, "rotation")
    return x


@transform(f"{WARP}:Affine", random=True, example="data mnist { affine 10 translate=0.1,0.1 scale=0.9,1.1 }")
def affine(
    x: Shape,
    degrees: float = 0.0,
    *,
    translate: Range = (0.0, 0.0),
    scale: Range = (1.0, 1.0),
    shear: float = 0.0,
    interpolation: Literal["nearest", "bilinear"] = "bilinear",
    fill: float = 0.0,
) -> Shape:
    """Turns, moves, scales and shears the image about its middle, each by a random amount.

    `translate` is the largest move to the side and up or down, as shares of the width and height. `scale` is the
    smallest and the largest factor. `degrees` and `shear` are the largest angles either way.
    """
    _image(x, "affine")
    if min(scale) <= 0:
        raise Refusal(text("a scale is above 0; {scale:g} is not", scale=min(scale)), "scale")
    return x


@transform(
    f"{COLOR}:ColorJitter", random=True, example="data folder photos { resize 64x64; colorjitter 0.4 0.4 0.4 0.1 }"
)
def colorjitter(
    x: Shape, brightness: float = 0.0, contrast: float = 0.0, saturation: float = 0.0, hue: float = 0.0
) -> Shape:
    """Changes brightness, contrast and saturation by random factors of 1 − b … 1 + b, and the hue.

    The hue is moved by up to `hue` of the colour circle either way.
    """
    for name, given in (("brightness", brightness), ("contrast", contrast), ("saturation", saturation)):
        if given < 0:
            raise Refusal(text("`{name}` is at least 0, not {given:g}", name=name, given=given), name)
    if not 0 <= hue <= 0.5:
        raise Refusal(text("`hue` lies between 0 and 0.5; {hue:g} does not", hue=hue), "hue")
    # Saturation and hue exist in colours only; brightness and contrast work on grey images too.
    if saturation or hue:
        return _color(x, "colorjitter")
    _image(x, "colorjitter")
    return x


@transform(f"{COLOR}:Grayscale", example="data cifar10 { grayscale }")
def grayscale(x: Shape, channels: int = 1) -> Shape:
    """Turns colours into brightness, 0.2989·red + 0.587·green + 0.114·blue, in one channel or three equal ones."""
    if channels not in (1, 3):
        raise Refusal(text("a grey image has 1 channel or 3 equal ones, not {channels}", channels=channels), "channels")
    _, height, width = _image(_color(x, "grayscale"), "grayscale")
    return channels, height, width


@transform(f"{MIXING}:Mixup", random=True, example="data cifar10 { normalize; mixup 0.2 }")
def mixup(x: Shape, alpha: float = 1.0, *, classes: int = INFERRED) -> Shape:
    """Mixes two images, and their classes, in a random proportion (Zhang and others 2017).

    The share is drawn from Beta(`alpha`, `alpha`); with an `alpha` near 0, it hardly mixes. Needs
    `loss cross_entropy`.
    """
    return _mixing(x, alpha)


@transform(f"{MIXING}:CutMix", random=True, example="data cifar10 { normalize; cutmix }")
def cutmix(x: Shape, alpha: float = 1.0, *, classes: int = INFERRED) -> Shape:
    """Pastes in a rectangle of another image, and mixes the classes by its area (Yun and others 2019).

    The area is drawn from Beta(`alpha`, `alpha`). Needs `loss cross_entropy`.
    """
    # A rectangle needs two axes; mixup adds any two samples.
    _image(x, "cutmix")
    return _mixing(x, alpha)


def _mixing(x: Shape, alpha: float) -> Shape:
    if alpha <= 0:
        raise Refusal(text("`alpha` is above 0; {alpha:g} is not", alpha=alpha), "alpha")
    return x


@transform(f"{POLICY}:RandAugment", random=True, example="data cifar10 { randaugment 2 9 }")
def randaugment(
    x: Shape, num_ops: int = 2, magnitude: int = 9, *, num_magnitude_bins: int = 31, fill: float = 0.0
) -> Shape:
    """Applies `num_ops` of fourteen operations, all at strength `magnitude` (Cubuk and others 2019)."""
    if not 0 <= magnitude < num_magnitude_bins:
        raise Refusal(
            text(
                "`magnitude` lies between 0 and {largest}; {magnitude} does not",
                largest=num_magnitude_bins - 1,
                magnitude=magnitude,
            ),
            "magnitude",
        )
    return _color(x, "randaugment")


@transform(f"{POLICY}:TrivialAugment", random=True, example="data cifar10 { trivialaugment }")
def trivialaugment(x: Shape, *, num_magnitude_bins: int = 31, fill: float = 0.0) -> Shape:
    """Applies one of fourteen operations at a random strength: nothing has to be tuned (Müller, Hutter 2021)."""
    return _color(x, "trivialaugment")

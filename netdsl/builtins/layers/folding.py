"""Images as columns of windows, and back: what underlies a convolution."""

from __future__ import annotations

from math import prod

from netdsl.builtins.layers.windows import SHORTS, fit, sizes, slide, windows
from netdsl.components import Requirement, Result, Size, call, layer
from netdsl.core.sizes import Shape, Unknown, product
from netdsl.core.text import text


@layer(
    "convolution",
    shorts=SHORTS,
    aliases={"kernel": "kernel_size"},
    accepts=("CHW",),
    assumes="CHW",
    formula=(
        "channels·kernel_size², then the product over both axes of "
        "(size + 2·padding − dilation·(kernel_size − 1) − 1)/stride + 1"
    ),
    example="unfold k3 p1",
    traits={"affine"},
)
def unfold(x: Shape, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1) -> Result:
    """Writes out each window as a column: what a convolution multiplies with its kernels.

    The result has a row for each element of a window of all channels, and a column for each place of the window.
    """
    sliding = windows(2, kernel_size, stride, padding, dilation)
    spatial = x[1:]
    # The right side goes: only the product of both axes is a size of the output.
    axes = [window.formula(size).rpartition(" = ")[0] for window, size in zip(sliding, spatial, strict=True)]
    places = product(slide(sliding, spatial))
    return Result(
        (x[0] * prod(window.kernel for window in sliding), places),
        call("torch.nn:Unfold", kernel_size=kernel_size, dilation=dilation, padding=padding, stride=stride),
        formula=() if isinstance(places, Unknown) else (f"({axes[0]})·({axes[1]}) = {places}",),
        requires=fit(sliding, spatial),
    )


@layer(
    "convolution",
    shorts=SHORTS,
    aliases={"kernel": "kernel_size"},
    accepts=("CL",),
    assumes="CL",
    formula="channels/kernel_size², then `output_size`",
    example="fold 8x8 k2 s2",
    traits={"affine"},
)
def fold(
    x: Shape, output_size: Size, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1
) -> Result:
    """Puts columns back as windows of an image, and sums where they overlap: the converse of `unfold`.

    `output_size` is the image's; there must be a column for each place of the window in it.
    """
    image = sizes(output_size, 2, "output_size")
    sliding = windows(2, kernel_size, stride, padding, dilation)
    rows = prod(window.kernel for window in sliding)
    places = product(slide(sliding, image))
    channels = x[0] // rows
    return Result(
        (channels, *image),
        call(
            "torch.nn:Fold",
            output_size=output_size,
            kernel_size=kernel_size,
            dilation=dilation,
            padding=padding,
            stride=stride,
        ),
        formula=() if isinstance(channels, Unknown) else (f"{x[0]}/{rows} = {channels}",),
        requires=(
            *fit(sliding, image),
            Requirement(
                x[0],
                "==",
                channels * rows,
                text("{channels} rows are not a multiple of a window's {rows}", channels=x[0], rows=rows),
                "kernel_size",
            ),
            Requirement(
                x[1],
                "==",
                places,
                text("the window has {places} places but {columns} columns come", places=places, columns=x[1]),
                "output_size",
            ),
        ),
    )

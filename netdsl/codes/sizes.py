"""NET2xx: shapes."""

from __future__ import annotations

from netdsl.codes.page import Page

PAGES = (
    Page(
        "NET201",
        "a stated size is not the one received",
        "A size before `->` is a claim about the input, and the input is different. The marked line above made it so. "
        "Left out (`linear 64`), the size is taken from the input.",
        "input 3x32x32\nconv 3->32 k5 p2; maxpool 2\nflatten\nlinear 1024->64",
        "input 3x32x32\nconv 3->32 k5 p2; maxpool 2\nflatten\nlinear 8192->64",
    ),
    Page(
        "NET202",
        "an input that the layer cannot take",
        "The input has the wrong number of dimensions for the layer, or sizes that do not go together: branches that "
        "are to be added must have one shape.",
        "input 3x32x32\nconv 8 k3 p1\nresidual { conv 16 k3 p1 }",
        "input 3x32x32\nconv 8 k3 p1\nresidual { conv 16 k3 p1 } shortcut { conv 16 k1 }",
    ),
    Page(
        "NET203",
        "an argument that does not fit the input",
        "The argument is well formed, but not for this input: a window larger than the padded image, groups that do "
        "not divide the channels.",
        "input 3x4x4\nconv 8 k7",
        "input 3x4x4\nconv 8 k7 p3",
    ),
    Page(
        "NET204",
        "a size that a weight needs is not known",
        "The number of weights depends on this size, and the input leaves it open. Write the size, or an `input` line "
        "that fixes it, or pool it away with `gap`.",
        "input 3xHxW\nconv 8 k3; relu\nflatten\nlinear 10",
        "input 3xHxW\nconv 8 k3; relu\ngap; flatten\nlinear 10",
    ),
    Page(
        "NET206",
        "no input fits",
        "The sizes that the input leaves open have to meet several conditions, and no value meets all of them.",
        "conv 3->32 k5 p2; maxpool 2\nflatten\nlinear 1000->64",
        "conv 3->32 k5 p2; maxpool 2\nflatten\nlinear 1024->64",
    ),
    Page(
        "NET207",
        "nothing says what comes in",
        "Without an `input` line and without `data`, the shape of a sample comes from what the layers state. The first "
        "ones here state nothing.",
        "relu\ntanh",
        "input 8\nrelu\ntanh",
    ),
    Page(
        "NET208",
        "numbers of the wrong kind",
        "An embedding looks up whole numbers; every other layer calculates with real ones.",
        "input 8\nlinear 8\nembedding 100->16",
        "input 8\nembedding 100->16\nlinear 8",
    ),
)

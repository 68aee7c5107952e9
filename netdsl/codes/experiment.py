"""NET3xx: data, loss and training."""

from __future__ import annotations

from netdsl.codes.page import Page

PAGES = (
    Page(
        "NET301",
        "the net's output is not what the data asks for",
        "The loss compares the net's output with the target: a score is needed for each class, or a number for each "
        "number of the target.",
        "data mnist\nflatten\nlinear 64",
        "data mnist\nflatten\nlinear 10",
    ),
    Page(
        "NET302",
        "an unknown data set, loss, optimizer or the like",
        "Nothing of this kind has the name. `netdsl layers` lists every data set, loss, optimizer, "
        "schedule, transform, metric and logger.",
        "data mnits\nflatten\nlinear 10",
        "data mnist\nflatten\nlinear 10",
    ),
    Page(
        "NET303",
        "data that cannot be described",
        "The data set refuses its arguments, or a file that it has to look into cannot be read.",
        "data csv absent.csv\nlinear 1",
        "data fake 8\nlinear 10",
    ),
    Page(
        "NET304",
        "a loss or a metric for another kind of target",
        "Losses such as `cross_entropy` and metrics such as `accuracy` compare with classes, `mse` and `mae` with "
        "numbers. What the targets are is the data's to say.",
        "data mnist\nflatten\nlinear 10\nloss mse",
        "data mnist\nflatten\nlinear 10\nloss cross_entropy",
    ),
    Page(
        "NET305",
        "a transform that does not fit the sample",
        "The sample that reaches the transform has another shape than it can take, or an argument of it is out of its "
        "range.",
        "data fake 8 classes=2 { hflip }\nlinear 2",
        "data fake 3x8x8 classes=2 { hflip }\nflatten\nlinear 2",
    ),
    Page(
        "NET306",
        "the input line and the data disagree",
        "With a `data` line the input is what the data gives after its transforms. An `input` line may repeat it, not "
        "contradict it: images of another size are scaled by `resize`.",
        "input 3x64x64\ndata cifar10\nflatten\nlinear 10",
        "input 3x64x64\ndata cifar10 { resize 64 }\nflatten\nlinear 10",
    ),
    Page(
        "NET307",
        "a setting out of its range",
        "The value is of the right kind, but no training can use it: a learning rate below zero, a batch of none.",
        "data mnist batch=0\nflatten\nlinear 10",
        "data mnist batch=64\nflatten\nlinear 10",
    ),
)

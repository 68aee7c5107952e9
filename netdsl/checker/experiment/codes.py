"""The codes about data, loss and training."""

from __future__ import annotations

from netdsl.core.diagnostics import Code

WRONG_OUTPUT = Code(
    "NET301",
    title="the net's output does not fit the data",
    meaning=(
        "The loss compares the net's output with the target. The net needs one score for each class, or one number for "
        "each number of the target."
    ),
    example="data mnist\nflatten\nlinear 64",
    instead="data mnist\nflatten\nlinear 10",
)

UNKNOWN_COMPONENT = Code(
    "NET302",
    title="an unknown data set, loss, optimizer or the like",
    meaning=(
        "No component of this kind has this name. `netdsl layers` lists every data set, loss, optimizer, schedule, "
        "transform, metric and logger."
    ),
    example="data mnits\nflatten\nlinear 10",
    instead="data mnist\nflatten\nlinear 10",
)

UNUSABLE_DATA = Code(
    "NET303",
    title="data that cannot be described",
    meaning="The data set refuses its arguments, or a file that describes it cannot be read.",
    example="data csv absent.csv\nlinear 1",
    instead="data fake 8\nlinear 10",
)

WRONG_TARGET = Code(
    "NET304",
    title="a loss or a metric for another kind of target",
    meaning=(
        "Losses such as `cross_entropy` and metrics such as `accuracy` compare with classes, `mse` and `mae` "
        "with numbers. The data decide which kind the targets are."
    ),
    example="data mnist\nflatten\nlinear 10\nloss mse",
    instead="data mnist\nflatten\nlinear 10\nloss cross_entropy",
)

UNFIT_TRANSFORM = Code(
    "NET305",
    title="a transform that does not fit the sample",
    meaning=(
        "The sample that reaches the transform has another shape than it can take, or an argument of it is out "
        "of its range."
    ),
    example="data fake 8 classes=2 { hflip }\nlinear 2",
    instead="data fake 3x8x8 classes=2 { hflip }\nflatten\nlinear 2",
)

INPUT_CONTRADICTS_DATA = Code(
    "NET306",
    title="the input line and the data disagree",
    meaning=(
        "With a `data` line, the input is a sample of the data after its transforms. An `input` line may repeat "
        "this shape, but must not contradict it. `resize` scales images to another size."
    ),
    example="input 3x64x64\ndata cifar10\nflatten\nlinear 10",
    instead="input 3x64x64\ndata cifar10 { resize 64x64 }\nflatten\nlinear 10",
)

OUT_OF_RANGE = Code(
    "NET307",
    title="a setting out of its range",
    meaning="The value has the right kind, but training cannot use it: a learning rate below zero, a batch of zero.",
    example="data mnist batch=0\nflatten\nlinear 10",
    instead="data mnist batch=64\nflatten\nlinear 10",
)

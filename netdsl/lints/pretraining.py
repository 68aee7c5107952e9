"""What a file's `pretrained` line says of the images, beside what its `data` line gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from netdsl.language.statements import DATA
from netdsl.language.syntax import Statement
from netdsl.lints.program import Program
from netdsl.program import DataUse

if TYPE_CHECKING:
    from netdsl.builtins.torchvision_weights import ExpectedImages


class Pretraining(NamedTuple):
    """The images that the weights expect, the `data` line, and its statement in the file."""

    images: ExpectedImages
    data: DataUse
    line: Statement


def find_pretraining(program: Program) -> Pretraining | None:
    """None where there are no pretrained weights of torchvision's classifiers, or no colour images in the file."""
    if program.experiment.pretrained.source is None:
        return None
    from netdsl.builtins.torchvision_weights import expected_images  # few files have such a line

    data = program.experiment.data
    images = expected_images(program.experiment.pretrained.source)
    line = next((one for one in program.file.statements if one.name.text == DATA.name), None)
    if images is None or data is None or line is None:
        return None
    shape = data.shape
    is_colour = shape is not None and len(shape) == 3 and shape[0] == len(images.mean)
    return Pretraining(images, data, line) if is_colour else None

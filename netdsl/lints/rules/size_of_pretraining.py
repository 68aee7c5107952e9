"""NET925: images of another size than trained weights know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from netdsl.core.diagnostics import Code, Diagnostic, Edit, Fix
from netdsl.core.sizes import format_shape
from netdsl.core.text import text
from netdsl.language.statements import INPUT
from netdsl.language.syntax import Body, Number, Setting, Size, Statement
from netdsl.lints.edits import prepend_transforms
from netdsl.lints.lint import lint
from netdsl.lints.pretraining import Pretraining, find_pretraining
from netdsl.lints.program import Program

if TYPE_CHECKING:
    from netdsl.builtins.torchvision_weights import ExpectedImages

SIZE_OF_PRETRAINING = Code(
    "NET925",
    title="images of another size than the pretrained weights know",
    meaning=(
        "`pretrained` names weights that were trained on images of a certain size. On smaller or larger ones, things "
        "are smaller or larger than any that the kernels have seen, and the weights help less."
    ),
    example=(
        "conv 64 k7 s2 p3; relu; gap; flatten; linear 10\n"
        "data fake 3x32x32 classes=10 {\n"
        "  normalize mean=0.485,0.456,0.406 std=0.229,0.224,0.225\n"
        "}\n"
        "pretrained torchvision:resnet18"
    ),
    instead=(
        "conv 64 k7 s2 p3; relu; gap; flatten; linear 10\n"
        "data fake 3x32x32 classes=10 {\n"
        "  resize 256 fit=cover; centercrop 224\n"
        "  normalize mean=0.485,0.456,0.406 std=0.229,0.224,0.225\n"
        "}\n"
        "pretrained torchvision:resnet18"
    ),
)

CUTTING = frozenset({"centercrop", "randomcrop", "randomresizedcrop"})
"""The transforms that end in a piece of a certain size, which is their argument."""


@lint(SIZE_OF_PRETRAINING)
def find_size_of_pretraining(program: Program) -> Iterator[Diagnostic]:
    """Warns of images that are larger or smaller than those that the weights come from."""
    found = find_pretraining(program)
    if found is None or found.data.shape is None:
        return
    shape, side = found.data.shape, found.images.crop
    if shape[1:] == (side, side) or not all(isinstance(one, int) for one in shape[1:]):
        return
    message = text(
        "the pretrained weights expect images of {side}x{side}, but these are {found}",
        side=side,
        found=format_shape(shape[1:]),
    )
    edits = [*_resize(found), *_restate_input(program, found)]
    advice = text("make the images {side}x{side}, as the weights know them", side=side)
    yield Diagnostic(SIZE_OF_PRETRAINING, message, found.line.name.span, fix=Fix(advice, tuple(edits), safe=False))


def _resize(found: Pretraining) -> Iterator[Edit]:
    """Edits of the transforms that give the images their size; without any, those of the weights are added."""
    body = next((item for item in found.line.items if isinstance(item, Body)), None)
    statements = body.statements if body else ()
    cuts = [one for one in statements if one.name.text in CUTTING]
    sized = False
    for statement in statements:
        if statement.name.text == "resize":
            sized = True
            yield Edit(statement.span, _prepared(found.images, cuts=not cuts))
        elif statement in cuts and (edit := _set_size(statement, found.images.crop)):
            sized = True
            yield edit
    if not sized:
        yield prepend_transforms(found.line, _prepared(found.images, cuts=True))


def _prepared(images: ExpectedImages, *, cuts: bool) -> str:
    resize = f"resize {images.resize} fit=cover"
    return f"{resize}; centercrop {images.crop}" if cuts else resize


def _set_size(statement: Statement, side: int) -> Edit | None:
    """Writes another size into a transform."""
    for item in statement.items:
        value = item.value if isinstance(item, Setting) and item.name.text == "size" else item
        if isinstance(value, (Number, Size)):
            return Edit(value.span, f"{side}x{side}" if isinstance(value, Size) else str(side))
    return None


def _restate_input(program: Program, found: Pretraining) -> Iterator[Edit]:
    """Edits of an `input` line that repeats the size of the images."""
    for line in program.file.statements:
        if line.name.text == INPUT.name:
            for item in line.items:
                if isinstance(item, Size) and item.dims == found.data.shape:
                    yield Edit(item.span, f"{item.dims[0]}x{found.images.crop}x{found.images.crop}")

"""NET924: images on another scale than trained weights know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from netdsl.components import Transform
from netdsl.core.diagnostics import Code, Diagnostic, Edit, Fix
from netdsl.core.text import Text, text
from netdsl.lints.edits import append_transform
from netdsl.lints.lint import lint
from netdsl.lints.pretraining import find_pretraining
from netdsl.lints.program import Program
from netdsl.program import Use

if TYPE_CHECKING:
    from netdsl.builtins.torchvision_weights import ExpectedImages

SCALE_OF_PRETRAINING = Code(
    "NET924",
    title="images on another scale than the pretrained weights know",
    meaning=(
        "Trained weights make sense of numbers as large as those that they were trained on. `pretrained` names weights "
        "for which each channel was normalised with a certain mean and std, and `data` does not do the same."
    ),
    example=(
        "conv 64 k7 s2 p3; relu; gap; flatten; linear 10\ndata fake 3x224x224 classes=10 { normalize }\n"
        "pretrained torchvision:resnet18"
    ),
    instead=(
        "conv 64 k7 s2 p3; relu; gap; flatten; linear 10\n"
        "data fake 3x224x224 classes=10 {\n"
        "  normalize mean=0.485,0.456,0.406 std=0.229,0.224,0.225\n"
        "}\n"
        "pretrained torchvision:resnet18"
    ),
)

CLOSE = 0.01
"""How far a mean or a std may lie from the right one: rounded values are meant to be the same."""


@lint(SCALE_OF_PRETRAINING)
def find_scale_of_pretraining(program: Program) -> Iterator[Diagnostic]:
    """Warns of data that are not normalised as those were that the weights come from."""
    found = find_pretraining(program)
    if found is None:
        return
    expected, line = found.images, found.line
    use = next((one for one in reversed(found.data.transforms) if _normalizes(one)), None)
    if use is not None and _is_same(use, expected):
        return
    message = text(
        "the pretrained weights expect `{normalize}`, but the images are {found}",
        normalize=expected.normalize,
        found=_describe(use),
    )
    if use is None or use.span is None:
        yield Diagnostic(SCALE_OF_PRETRAINING, message, line.name.span, fix=append_transform(line, expected.normalize))
    else:
        fix = Fix(text("write `{text}`", text=expected.normalize), (Edit(use.span, expected.normalize),), safe=False)
        yield Diagnostic(SCALE_OF_PRETRAINING, message, use.span, fix=fix)


def _normalizes(use: Use[Transform]) -> bool:
    return "std" in use.component.parameters


def _is_same(use: Use[Transform], expected: ExpectedImages) -> bool:
    return all(
        name in use.arguments and _are_close(use.arguments[name], right)
        for name, right in (("mean", expected.mean), ("std", expected.std))
    )


def _are_close(found: Sequence[float], right: Sequence[float]) -> bool:
    # One value counts for all channels.
    pairs = zip_longest(found, right, fillvalue=found[0]) if len(found) == 1 else zip(found, right, strict=True)
    return all(abs(one - other) <= CLOSE for one, other in pairs)


def _describe(use: Use[Transform] | None) -> Text:
    if use is None:
        return text("not normalised")
    mean, std = use.arguments.get("mean"), use.arguments.get("std")
    if mean is None or std is None:
        return text("normalised with the mean and the std of the data themselves")
    written = (",".join(f"{one:g}" for one in values) for values in (mean, std))
    return text("normalised with mean={mean} std={std}", mean=next(written), std=next(written))

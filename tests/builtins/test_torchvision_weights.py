from typing import Any

import pytest
from torchvision import models

from netdsl.builtins.torchvision_weights import RESCALING, TABLE, ExpectedImages, expected_images, known_weights


def write_table() -> str:
    lines = [
        "# The trained models of torchvision: model, weights, and of a classifier the pixels of the shorter side and",
        "# of the middle piece and, if they are not ImageNet's, mean and std. `pytest --update-golden` writes it.",
    ]
    classifiers = models.list_models(module=models)
    for model in models.list_models():
        if model.startswith(("quantized_", "raft_")):  # their tensors are of other kinds than ours
            continue
        entries = models.get_model_weights(model)
        # What is taken unless told otherwise comes first.
        for entry in sorted(entries, key=lambda one: one is not entries.DEFAULT):
            images = _in_words(model, entry.transforms()) if model in classifiers else []
            lines.append(" ".join([model, entry.name, *images]))
    return "\n".join(lines) + "\n"


def _in_words(model: str, expected: Any) -> list[str]:
    images = ExpectedImages(
        resize=_side(expected.resize_size),
        crop=_side(expected.crop_size),
        # These two models change (x - mean) / std, of ImageNet, to (x - 0.5) / 0.5 themselves.
        mean=(0.5,) * 3 if model in RESCALING else tuple(expected.mean),
        std=(0.5,) * 3 if model in RESCALING else tuple(expected.std),
    )
    sides = [str(images.resize), str(images.crop)]
    if images == ExpectedImages(images.resize, images.crop):
        return sides
    return [*sides, *(",".join(f"{one:.6g}" for one in values) for values in (images.mean, images.std))]


def _side(sides: list[int]) -> int:
    assert len(set(sides)) == 1
    return sides[0]


def test_the_table_is_torchvision_s(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-golden"):
        TABLE.write_text(write_table(), encoding="utf-8")
    assert TABLE.read_text(encoding="utf-8") == write_table()


def test_default_weights_are_torchvision_s() -> None:
    for model, known in known_weights().items():
        assert next(iter(known)) == models.get_model_weights(model).DEFAULT.name


def test_weights_without_a_name_are_the_default_ones() -> None:
    assert expected_images("torchvision:resnet50") == expected_images("torchvision:resnet50:IMAGENET1K_V2")
    assert expected_images("torchvision:resnet50") != expected_images("torchvision:resnet50:IMAGENET1K_V1")
    assert expected_images("weights.pth") is expected_images(None) is None

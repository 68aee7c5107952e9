"""Loaders of photographs in folders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from netdsl.builtins.files.image_folders import (
    Item,
    Listing,
    class_folders,
    class_items,
    pair_items,
    paired_folders,
    text_folders,
)
from netdsl.builtins.files.labelled_texts import Encoding, read_text_folder
from netdsl.data.datasets.labelled_texts import text_splits
from netdsl.data.image_files import ImageFiles, Paths
from netdsl.data.samples import Splits


def load_folder(root: Path, path: Path, encoding: str = "utf-8", **given: Any) -> Splits:
    """A folder for each class, of images or of texts."""
    if texts := text_folders(path):
        found = read_text_folder(texts.train, texts.test, texts.classes, encoding)
        return text_splits(path, found, Encoding(**given))
    return _splits(class_folders(path), class_items)


def load_pairs(root: Path, path: Path) -> Splits:
    """Folders of images beside folders of their labels."""
    return _splits(paired_folders(path), pair_items)


def _splits(listing: Listing, items_of: Callable[[Path, tuple[str, ...]], list[Item]]) -> Splits:
    def files(folder: Path) -> ImageFiles:
        items = items_of(folder, listing.classes)
        labels = torch.tensor([item.label for item in items], dtype=torch.int64)
        return ImageFiles(Paths.of([item.path for item in items]), labels, str(folder))

    return Splits(files(listing.train), files(listing.test) if listing.test else None, listing.classes)

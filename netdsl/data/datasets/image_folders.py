"""Loaders of photographs in folders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from netdsl.builtins.files.image_folders import Item, Listing, class_folders, class_items, pair_items, paired_folders
from netdsl.data.image_files import ImageFiles, Paths
from netdsl.data.samples import Splits


def load_folder(root: Path, path: Path) -> Splits:
    """A folder for each class."""
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

"""Files that are whole or absent, whenever the power goes."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
from torch import Tensor, contiguous_format

TEMPORARY = ".partial"


def write_atomically(path: Path, content: bytes) -> None:
    """Puts a file in its place in one step: a reader sees the old content or the new, never a part."""
    partial = path.with_name(f".{path.name}{TEMPORARY}")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_json(path: Path, value: Any) -> None:
    """Writes a value as JSON that people can read, atomically."""
    write_atomically(path, (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode())


def safetensors_bytes(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> bytes:
    """A safetensors file with its header sorted, so that equal tensors make equal files."""
    row_major = {name: value.detach().cpu().clone(memory_format=contiguous_format) for name, value in tensors.items()}
    content = safetensors.torch.save(row_major, dict(metadata))
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.dumps(json.loads(content[8:end]), sort_keys=True).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + content[end:]


def sync_folder(folder: Path) -> None:
    """Makes renames in a folder last; Windows has no such call and needs none."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def remove_partial(folder: Path) -> None:
    """Removes what a killed writer left behind."""
    for leftover in folder.glob(f".*{TEMPORARY}"):
        leftover.unlink(missing_ok=True)

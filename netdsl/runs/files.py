"""How the files of a run are written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import safetensors.torch
from torch import Tensor, contiguous_format

from netdsl.core.files import TEMPORARY, write_atomically


def write_json(path: Path, value: object) -> None:
    """Writes a value as JSON that people can read, in one step."""
    write_atomically(path, (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode())


def safetensors_bytes(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> bytes:
    """The bytes of a safetensors file whose header is sorted, so that equal tensors make equal files."""
    row_major = {name: value.detach().cpu().clone(memory_format=contiguous_format) for name, value in tensors.items()}
    content = safetensors.torch.save(row_major, dict(metadata))
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.dumps(json.loads(content[8:end]), sort_keys=True).encode()
    header += b" " * (-len(header) % 8)  # the tensors behind it must begin at a multiple of 8 bytes
    return len(header).to_bytes(8, "little") + header + content[end:]


def remove_partial(folder: Path) -> None:
    """Removes the unfinished files of a process that was killed while it wrote."""
    for leftover in folder.glob(f".*{TEMPORARY}"):
        leftover.unlink(missing_ok=True)

"""How much memory data may take."""

from __future__ import annotations

import os

import torch

SHARE = 0.4
"""The share of the free memory that data may take: training needs the rest."""

WITHOUT_KNOWLEDGE = 2 << 30


def room(device: torch.device) -> int:
    """Bytes that data may take on a device."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0] * SHARE)
    return int(available() * SHARE)


def available() -> int:
    """Bytes of main memory that are free, or could be at once."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            found = dict(line.split(":", 1) for line in file)
        return int(found["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return _physical() // 2


def _physical() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return WITHOUT_KNOWLEDGE * 2

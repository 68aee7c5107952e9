"""Memory that is kept from step to step."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

BLOCKS = """
import resource
import torch
from netdsl.training.machine.allocator import keep_freed_memory

keep_freed_memory()

def count_faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    activations = [torch.ones(6_000_000) for _ in range(4)]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

print(*[count_faults() for _ in range(12)])
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told to keep memory")
def test_a_step_takes_the_memory_that_the_last_ones_freed() -> None:
    ran = subprocess.run([sys.executable, "-c", BLOCKS], capture_output=True, text=True, check=True)
    first, *_, last = map(int, ran.stdout.split())
    assert first > 1_000  # pages of at most 64 KiB, fetched for 96 MB
    assert last < first / 20

"""Memory that is kept from step to step."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource, sys
import torch
from netdsl.training.machine.allocator import keep_freed_memory

if sys.argv[1] == "keep":
    keep_freed_memory()

def step():
    activations = [torch.ones(2_000_000) for _ in range(8)]

for _ in range(3):
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(what: str) -> int:
    ran = subprocess.run([sys.executable, "-c", FAULTS, what], capture_output=True, text=True, check=True)
    return int(ran.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told to keep memory")
def test_a_step_takes_the_memory_that_the_last_one_freed() -> None:
    assert faults("keep") < faults("return") / 20

"""Where a run happens, in which precision, and what it takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch

from netdsl.core.errors import ReportedElsewhere, TrainingError

UNCLASSED = ("DefaultCPUAllocator", "MPS backend out of memory")
"""What torch says where memory runs out and no class of error tells."""

HALF = {"bf16": torch.bfloat16, "fp16": torch.float16}


def choose_device(name: str, local: int = 0, processes: int = 1) -> torch.device:
    """The device that `auto`, `cpu`, `cuda`, `cuda:1` or `mps` stands for; refused where this machine has none.

    Of several processes on one machine, `cuda` gives each its own: `local` is which of them asks.
    """
    wanted = _fastest() if name == "auto" else name
    try:
        device = torch.device(f"cuda:{local}" if wanted == "cuda" else wanted)
    except RuntimeError:
        device = None
    if device is None or device.type not in ("cpu", "cuda", "mps"):
        raise TrainingError(f"unknown device `{name}`", "write auto, cpu, cuda, cuda:1 or mps")
    if processes > 1:
        _require_one_each(wanted, local, processes)
    if device.type == "cuda":
        _require_cuda(name, device.index or 0)
        torch.cuda.set_device(device)
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise TrainingError(f"`{name}` needs a Mac with a Metal GPU, which torch does not find here", _ELSEWHERE)
    return device


def device_name(device: torch.device) -> str:
    """The device as a header says it: `cpu, 2 threads`, `cuda:0, NVIDIA H100`."""
    if device.type == "cpu":
        threads = torch.get_num_threads()
        return f"cpu, {threads} thread{'s' * (threads > 1)}"
    if device.type == "cuda":
        return f"{device}, {torch.cuda.get_device_name(device)}"
    return str(device)


def autocast(device: torch.device, precision: str) -> AbstractContextManager[None]:
    """The context of a forward pass: torch's autocast for `bf16` and `fp16`, nothing for `fp32`."""
    if precision not in HALF:
        return nullcontext()
    return torch.autocast(device.type, dtype=HALF[precision])


def timed(action: Callable[[], object], device: torch.device) -> float:
    """The seconds until an action's work is done, on the device too."""
    wait(device)
    began = time.perf_counter()
    action()
    wait(device)
    return time.perf_counter() - began


def wait(device: torch.device) -> None:
    """Waits until the device has done all that it was asked to."""
    if device.type != "cpu":
        torch.get_device_module(device).synchronize()


def out_of_memory(error: BaseException) -> bool:
    """Whether an error is the lack of memory, for which torch has a class of its own on CUDA alone."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or any(name in str(error) for name in UNCLASSED)


def _fastest() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _require_cuda(name: str, index: int) -> None:
    if not torch.cuda.is_available():
        built = "finds no CUDA device here" if torch.version.cuda else "is built without CUDA"
        raise TrainingError(f"`{name}` needs CUDA, but torch {torch.__version__} {built}", _ELSEWHERE)
    count = torch.cuda.device_count()
    if index >= count:
        raise TrainingError(f"`{name}` is beyond the {count} devices of this machine", f"the last is cuda:{count - 1}")


def _require_one_each(wanted: str, local: int, processes: int) -> None:
    """Refuses what several processes cannot share; the first of a machine says so."""
    complain = TrainingError if local == 0 else ReportedElsewhere
    if wanted == "mps" or wanted.startswith("cuda:"):
        advice = "write `--device cuda`: each takes a GPU of its own" if wanted != "mps" else "write `--device cpu`"
        raise complain(f"`{wanted}` is one device, and {processes} processes are to train", advice)
    count = torch.cuda.device_count()
    if wanted == "cuda" and 0 < count < processes:
        advice = f"write `--nproc {count}` (torchrun: `--nproc-per-node={count}`), or `--device cpu`"
        raise complain(f"{processes} processes need {processes} GPUs, and this machine has {count}", advice)


_ELSEWHERE = "leave `--device` out for the best there is, or write `--device cpu`"

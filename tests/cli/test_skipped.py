import json

import pytest
import torch
from click.testing import CliRunner
from PIL import Image

from netdsl.cli import netdsl

NET = "input 3x8x8; flatten; linear 2; loss cross_entropy; optimizer sgd; train epochs=1"


@pytest.mark.parametrize("cache", ["ram", "disk", "none"])
def test_a_run_lists_the_images_that_it_left_out(tmp_path, cache):
    for number in range(12):
        path = tmp_path / "pictures" / "ab"[number % 2] / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (number * 20, 0, 0)).save(path)
    path.write_bytes(path.read_bytes()[:40])
    data = f'folder "{tmp_path}/pictures" split=0.25 batch=3 workers=0 cache={cache} on_error=skip'
    threads = torch.get_num_threads()
    result = CliRunner().invoke(
        netdsl, ["run", "-e", NET, "--data", data, "--device", "cpu", "--out", str(tmp_path / "run")]
    )
    torch.set_num_threads(threads)
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    said = lines.index("left out 1 image that cannot be read:")
    assert "11.png: " in lines[said + 1]
    (skipped,) = json.loads((tmp_path / "run" / "run.json").read_text())["skipped"]
    assert skipped == lines[said + 1].strip()

"""A folder that somebody sent along with a `.net` file: no command runs the Python files that lie in it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from netdsl.cli import netdsl

ROOT = Path(__file__).parents[2]
NET = "input 1x8x8; flatten; linear 10; data digits batch=500; train epochs=1 speed=contiguous"
IMAGES = "input 3x8x8; flatten; linear 2; data folder pictures split=0.5 batch=2 workers=1; train epochs=1"
PLANTED = (
    "torch", "torchvision", "torchmetrics", "numpy", "PIL", "click", "lark", "pluggy", "rich", "tensorboard",
    "safetensors", "scipy", "pandas", "matplotlib", "sitecustomize", "usercustomize", "planted_plugin",
)  # fmt: skip
OF_PYTHON = ("json", "random", "socket", "pickle", "multiprocessing", "asyncio")
"""Before a module runs, `python -m` itself imports from the current folder; `-P` alone prevents that."""

COMMANDS = {
    "shapes": ["shapes", "net.net"],
    "check": ["check", "net.net"],
    "fmt": ["fmt", "net.net"],
    "fix": ["fix", "net.net"],
    "layers": ["layers", "conv"],
    "plugins": ["plugins"],
    "completion": ["completion", "bash"],
    "new": ["new", "plugin", "mine", "--into", "elsewhere"],
    "export": ["export", "net.net"],
    "draw": ["draw", "net.net"],
    "data": ["data", "net.net"],
    "run": ["run", "net.net", "--device", "cpu", "--out", "run"],
    "eval": ["eval", "run"],
    "predict": ["predict", "run", "pictures/a/0.png"],
    "generate": ["generate", "run", "--length", "1"],
    "play": ["play", "absent.net", "--no-browser"],
    "runs": ["runs", "."],
    "report": ["report", "run"],
    "look": ["look", "run", "--sample", "0"],
    "lsp": ["lsp"],
    "bench": ["bench", "net.net", "--device", "cpu", "--steps", "2"],
}

ENDS = {"generate": 1, "play": 2}
"""The statuses of those that are refused at their end: this run writes no text, and a page would be served for ever."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nets, pictures and traps: each leaves its name in `sprung` when it is imported."""
    folder = tmp_path_factory.mktemp("sent")
    for name in (*PLANTED, *OF_PYTHON):
        code = f"with open({str(folder / 'sprung')!r}, 'a') as file:\n    file.write('{name} ')\n"
        (folder / f"{name}.py").write_text(code, encoding="utf-8")
    info = folder / "planted-1.0.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_text("[netdsl]\nplanted = planted_plugin\n", encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: planted\nVersion: 1.0\n", encoding="utf-8")
    (folder / "net.net").write_text(NET, encoding="utf-8")
    (folder / "images.net").write_text(IMAGES, encoding="utf-8")
    for number in range(8):
        path = folder / "pictures" / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (number * 30, 0, 0)).save(path)
    script = folder.parent / "netdsl_script.py"  # as installers write one, in another folder
    script.write_text("from netdsl.cli import main\nmain()\n", encoding="utf-8")
    return folder


def start(folder: Path, how: list[str], arguments: list[str]) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    return subprocess.run(
        [sys.executable, *how, *arguments],
        cwd=folder,
        env={**environment, "OMP_NUM_THREADS": "1"},
        stdin=subprocess.DEVNULL,  # an editor that goes away at once
        capture_output=True,
        text=True,
        check=False,
    )


def assert_nothing_sprung(folder: Path, how: list[str], arguments: list[str]) -> None:
    ran = start(folder, how, arguments)
    sprung = folder / "sprung"
    names = sprung.read_text() if sprung.exists() else ""
    sprung.unlink(missing_ok=True)
    assert not names, ran.stderr
    assert "planted" not in ran.stdout + ran.stderr
    assert ran.returncode == ENDS.get(arguments[0], 0), ran.stderr


def script(folder: Path) -> list[str]:
    return [str(folder.parent / "netdsl_script.py")]


def test_the_traps_work(folder: Path) -> None:
    start(folder, ["-c", "import torchvision, planted_plugin"], [])
    assert (folder / "sprung").read_text() == "torchvision planted_plugin "
    (folder / "sprung").unlink()


def test_every_command_is_tried() -> None:
    # `import` is asked to import a module of the current folder, and says in its help that it runs.
    assert set(COMMANDS) == netdsl.names - {"import"}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_runs_no_code_of_the_current_folder(name: str, folder: Path) -> None:
    if (
        name in ("eval", "predict", "report", "look", "generate") and not (folder / "run").exists()
    ):  # where this test is asked for alone
        assert_nothing_sprung(folder, script(folder), COMMANDS["run"])
    assert_nothing_sprung(folder, script(folder), COMMANDS[name])


@pytest.mark.skipif(os.name != "posix", reason="torch's launcher is POSIX's")
def test_the_processes_of_a_launch_run_none(folder: Path) -> None:
    arguments = ["run", "net.net", "--device", "cpu", "--nproc", "2", "--out", "two"]
    assert_nothing_sprung(folder, script(folder), arguments)


def test_the_processes_that_read_images_run_none(folder: Path) -> None:
    arguments = ["run", "images.net", "--device", "cpu", "--out", "pictured"]
    assert_nothing_sprung(folder, script(folder), arguments)


SPAWNING = """
import multiprocessing
from netdsl.cli import main

if __name__ == "__main__":
    try:
        main()
    finally:
        child = multiprocessing.get_context("spawn").Process(target=print)
        child.start()
        child.join()
"""


def test_a_process_started_anew_runs_none(folder: Path) -> None:
    spawning = folder.parent / "spawning.py"
    spawning.write_text(SPAWNING, encoding="utf-8")
    assert_nothing_sprung(folder, [str(spawning)], ["data", "net.net"])


@pytest.mark.parametrize("name", ["check", "plugins", "data"])
def test_a_module_run_as_a_script_runs_none_of_what_it_imports(name: str, folder: Path) -> None:
    hidden = [folder / f"{module}.py" for module in OF_PYTHON]
    for path in hidden:
        path.rename(path.with_suffix(".away"))
    try:
        assert_nothing_sprung(folder, ["-m", "netdsl"], COMMANDS[name])
    finally:
        for path in hidden:
            path.with_suffix(".away").rename(path)

"""What a notebook's kernel shows: training that grows in place, that is interrupted and goes on; the example."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager, start_new_kernel
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "first_net.ipynb"
PATIENCE = 120.0
"""Seconds until a kernel is given up."""

pytestmark = [
    # Of jupyter_client: it asks for transports that are not encrypted, and for the loop of a test that has none.
    pytest.mark.filterwarnings(
        "ignore::DeprecationWarning", "ignore:Kernel is running over TCP", "ignore::ResourceWarning"
    ),
]


@pytest.fixture(scope="module", autouse=True)
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which kernels work, with one thread each and without the user's settings."""
    folder = tmp_path_factory.mktemp("notebook")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        patch.setenv("NETDSL_PLUGINS", "")
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
        yield folder


class Kernel:
    """A kernel, asked one cell at a time."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self.manager, self.client = manager, client

    def run(self, code: str, on_output: Callable[[str], None] = lambda _: None) -> list[dict[str, Any]]:
        """The contents of what the cell shows; `on_output` is called with each as a text."""
        asked = self.client.execute(code)
        shown = []
        while True:
            message = self.client.get_iopub_msg(timeout=PATIENCE)
            if message["parent_header"].get("msg_id") != asked:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "status" and content["execution_state"] == "idle":
                return shown
            if kind in ("display_data", "update_display_data", "execute_result", "stream", "error"):
                shown.append({"kind": kind, **content})
                on_output(str(content))


@pytest.fixture(scope="module")
def kernel(environment: Path) -> Iterator[Kernel]:
    manager, client = start_new_kernel(cwd=str(environment))
    yield Kernel(manager, client)
    client.stop_channels()
    manager.shutdown_kernel(now=True)


NET = """
import netdsl
net = "flatten; linear 10\\ndata digits batch=16\\ntrain epochs={epochs} speed=contiguous\\nlogger jsonl"
"""


def test_training_grows_in_place(kernel: Kernel) -> None:
    shown = kernel.run(NET.format(epochs=3) + 'result = netdsl.train(net, out="three")')
    assert [one["kind"] for one in shown][:2] == ["display_data", "update_display_data"]
    assert {one["kind"] for one in shown} == {"display_data", "update_display_data"}
    assert len({one["transient"]["display_id"] for one in shown}) == 1
    last = shown[-1]["data"]
    assert last["text/html"].count("<svg") == 2
    assert last["text/html"].count("<tr") == 1 + 3
    assert [line.split()[0] for line in last["text/plain"].splitlines()] == ["<text>:", "epoch", "1", "2", "3", "best"]
    (value,) = kernel.run("result")
    assert value["data"]["text/html"].count("<tr") == 1 + 3
    assert value["data"]["text/plain"].splitlines()[-1].endswith("the run is in three")


def test_an_interrupted_run_goes_on_where_it_was(kernel: Kernel) -> None:
    started = False

    def interrupt(shown: str) -> None:
        nonlocal started
        if "accuracy" in shown and not started:
            started = True
            kernel.manager.interrupt_kernel()

    *_, error = kernel.run(NET.format(epochs=100_000) + 'netdsl.train(net, out="long")', interrupt)
    assert error["kind"] == "error"
    assert error["ename"] == "Interrupted"
    (line,) = error["traceback"]
    assert line.startswith("stopped by SIGINT after step ")
    assert line.endswith("which is saved; go on with `netdsl.train(resume='long')`")
    (done,) = kernel.run(
        "import json\n"
        'done = sum("epoch" in json.loads(line) for line in open("long/metrics.jsonl"))\n'
        'last = netdsl.train(resume="long", overrides={"train.epochs": str(done + 1)}, quiet=True)\n'
        "[len(last.epochs) - done, last.epochs[-1].number - done, netdsl.load('long').classes[-1]]"
    )
    assert done["data"]["text/plain"] == "[1, 1, '9']"


def read_outputs(notebook: nbformat.NotebookNode) -> list[dict[str, str]]:
    """What each cell of code shows, by the kind of output; of several, all of them."""
    found = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            shown: dict[str, str] = {}
            for output in cell.outputs:
                for kind, data in output.get("data", {output["output_type"]: output.get("text", "")}).items():
                    shown[kind] = shown.get(kind, "") + data
            found.append(shown)
    return found


def test_the_first_notebook_does_what_it_says(environment: Path) -> None:
    notebook = nbformat.read(EXAMPLE, as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells), "clear its outputs"
    NotebookClient(
        notebook, timeout=PATIENCE, kernel_name="python3", resources={"metadata": {"path": str(environment)}}
    ).execute()
    loaded, drawn, wrong, built, called, data, saved, trained, accuracy, predicted, figure = read_outputs(notebook)
    assert loaded == {}
    for shown in (drawn, built, saved):
        assert shown["image/svg+xml"].startswith("<svg")
        assert shown["text/html"].count("<table") == 2
    assert "linear expects 512 features but receives 128" in wrong["text/html"]
    assert "linear expects 512 features but receives 128" in wrong["image/svg+xml"]
    assert called["text/plain"] == "torch.Size([5, 10])"
    assert "data:image/png;base64," in data["text/html"]
    assert trained["text/html"].count("<svg") == 2
    assert float(accuracy["text/plain"]) > 0.85
    assert predicted["text/plain"].startswith("0 ")
    assert "polygon" in figure["image/svg+xml"]

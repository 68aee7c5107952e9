import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netdsl.components.registry import Registry
from netdsl.core.diagnostics import errors
from netdsl.plugins.registry import load_registry
from netdsl.render.diagnostics import render_json, render_text
from tests.effort import most_calls
from tests.soundness.hostile import BOMBS, HARMLESS, OF_POSIX, found, prepare

ROOT = Path(__file__).parents[2]
CALLS = 12_000_000
"""Of functions: on a quiet machine a second."""

FEW = 100_000
"""What all but the large ones stay below."""

LARGE = ("layers that differ", "labels that differ")

KILOBYTES = 500_000


@cache
def registry() -> Registry:
    return load_registry(installed=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hostile")
    prepare(path)
    found("input 8; rleu", path, registry())  # the first check reads what is read once
    return path


@pytest.mark.parametrize("name", BOMBS)
def test_a_hostile_text_is_one_diagnostic_at_once(name: str, folder: Path) -> None:
    if name in OF_POSIX and os.name != "posix":
        pytest.skip("links and pipes are POSIX's")
    with most_calls(CALLS if name in LARGE else FEW):
        (diagnostic,) = found(BOMBS[name], folder, registry())
    assert diagnostic.code.startswith(("NET0", "NET4"))
    assert render_text([diagnostic])
    assert render_json([diagnostic])


@pytest.mark.parametrize("name", HARMLESS)
def test_what_only_looks_hostile_is_let_pass(name: str, folder: Path) -> None:
    with most_calls(FEW):
        assert errors(found(HARMLESS[name], folder, registry())) == []


@pytest.mark.parametrize(
    "text",
    [
        "input 8\n" + "rleu\n" * 20_000,
        "input 8\n" + "".join(f"relu as l{number}; add m{number}\n" for number in range(5_000)),
        "let width=8\ninput 8\n" + "".join(f"linear w{number}x\n" for number in range(9_000)),
        "block b n { linear n; rleu }\ninput 8\n" + "b 8 9\n" * 15_000,
        "input 3x8x8\n" * 9_000,
        "input 3x99x99\n" + "conv 8 k? p?\n" * 8_000,
        "input 8\nconv 8 " + "relu " * 12_000,
        "budget " + "params<=1 depth>=9 receptive>=99 " * 1_900 + "\ninput 3x9x9; repeat 49000 { conv 3 k3 p1 }",
    ],
)
def test_a_thousand_mistakes_are_enough(text: str, folder: Path) -> None:
    with most_calls(CALLS):
        diagnostics = found(text, folder, registry())
    assert len(diagnostics) == 1001
    assert any(one.code == "NET404" for one in diagnostics)


@pytest.mark.parametrize(
    "text",
    [
        "input 3xHxW\n" + "conv 3->3 k3 p1; maxpool 2; upsample 2\n" * 300,
        "block b n { conv n k3 p1; relu }\ninput 3xHxW\n" + "conv 4 k3 p1; b 8\n" * 500,
        "input 3xHxW\n" + "conv 3->3 k3\n" * 900,
        "input 3xHxW\n" + "conv 3->3 k3 s2 p2\nconv 3->3 k3 p1\n" * 450,
    ],
)
def test_long_nets_of_open_sizes_are_checked_at_once(text: str, folder: Path) -> None:
    layers = text.count(";") + text.count("\n")
    with most_calls(1_200 * layers):  # as many for each layer of a long net as for one of a short net
        assert errors(found(text, folder, registry())) == []


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak where Linux keeps it")
def test_hostile_texts_take_little_memory() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.soundness.hostile"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert int(run.stdout) < KILOBYTES


def test_nothing_of_a_file_outside_the_folder_is_shown(folder: Path) -> None:
    for name in {"a file of the system", "a file above", "a file behind a link"} - (
        set() if os.name == "posix" else OF_POSIX
    ):
        (diagnostic,) = found(BOMBS[name], folder, registry())
        assert diagnostic.code == "NET406"
        assert "root:" not in render_text([diagnostic])


WORDS = [
    "conv",
    "linear",
    "relu",
    "maxpool",
    "flatten",
    "residual",
    "concat",
    "repeat",
    "block",
    "let",
    "use",
    "input",
    "data",
    "loss",
    "optimizer",
    "train",
    "budget",
    "variant",
    "lstm",
    "embedding",
    "3->32",
    "->8",
    "k5",
    "p?",
    "?",
    "as",
    "a",
    "{",
    "}",
    "(",
    ")",
    ";",
    "\n",
    "=",
    "<=",
    ",",
    '"',
    "#",
    "3x32x32",
    "3xHxW",
    "in",
    "features",
    "true",
    "none",
    "-1",
    "0",
    "1e9",
    "2147483648",
    "0.5",
    "width",
    "(width*2)",
    "cifar10",
    "digits",
    "cross_entropy",
    "adam",
    "epochs=3",
    "bias=false",
    "dim=1",
    "é",
    "�",
    "\x00",
]
TEXTS = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests" / "golden" / "checker").glob("*.net"))]
TEXTS = [text for text in TEXTS if "nn." not in text]


@settings(max_examples=200)
@given(words=st.lists(st.sampled_from(WORDS), max_size=30))
def test_words_in_any_order_never_crash(words: list[str], folder: Path) -> None:
    render_text(found(" ".join(words), folder, registry()))


@settings(max_examples=100)
@given(text=st.text(alphabet=st.characters(), max_size=60))
def test_any_text_never_crashes(text: str, folder: Path) -> None:
    render_text(found(text, folder, registry()))


@settings(max_examples=200)
@given(data=st.data())
def test_changed_texts_never_crash(data: st.DataObject, folder: Path) -> None:
    text = data.draw(st.sampled_from(TEXTS))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 6)))
        text = text[:start] + data.draw(st.sampled_from(["", *WORDS])) + text[end:]
    render_text(found(text, folder, registry()))

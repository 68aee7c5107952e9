"""What the check of one version of a text leaves for the next one."""

import os
from pathlib import Path

import pytest

from netdsl.checker import check_traced, diagnose
from netdsl.checker.memory import MOST, Memory
from netdsl.components import Layer
from netdsl.core.source import Source
from netdsl.language.rereading import Rereader
from netdsl.plugins.registry import load_registry
from netdsl.render.rows import Sample, TableRows

REGISTRY = load_registry(installed=False)


def codes(text: str, memory: Memory, folder: Path = Path()) -> list[str]:
    checked = check_traced(Source(str(folder / "a.net"), text), REGISTRY, folder, memory)
    return [str(found.code) for found in diagnose(checked, REGISTRY)]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        # The same words in another place, where they are wrong, or mean something else.
        ("input 8; linear 4; relu", "input 3x8x8; linear 4; relu", []),
        ("input 3x8x8; conv 4 k3", "input 3x2x2; conv 4 k3", ["NET203"]),
        ("input 3x8x8; conv 4 k3", "let k3=1\ninput 3x8x8; conv 4 k3", []),
        ("input 8; linear 4", "block linear4 { relu }\ninput 8; linear 4", []),
        ("input 3x8x8; conv 3->4 k3", "input 4x8x8; conv 3->4 k3", ["NET201"]),
        ("input 8; relu", "input 8; embedding 9->3; relu; embedding 9->3", ["NET208"]),
        ("block b { linear 8->4 }\ninput 8; b", "block b { linear 8->4 }\ninput 9; b; b", ["NET201"]),
    ],
)
def test_what_is_remembered_says_nothing_of_another_place(first: str, second: str, expected: list[str]) -> None:
    memory, fresh = Memory(rereader=Rereader()), Memory()
    codes(first, memory)
    assert codes(second, memory) == codes(second, fresh)
    assert [code for code in codes(second, memory) if code in expected] == expected or not expected


BLOCKS = """block unit out act=relu { conv out k3 p1; act }
block two out { unit out; unit out }
block wide { conv 600000 k9999 }
"""


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("input 3x8x8; conv 4 k3 p1; two 8", "input 3x9x9; conv 4 k3 p1; two 8"),
        ("input 3x8x8; conv 4 k3 p1; two 8", "input 3x8x8; relu; conv 4 k3 p1; two 8; two 9"),
        ("input 3x8x8; conv 4 k3 p1; unit 8", "input 3x8x8; conv 4 k3 p1; unit 8 act=gelu; unit 8 act=geluu"),
        # The use that has a mistake is told from those before it, of which this version checks none.
        ("input 3x8x8; conv 4 k3 p1; two 8", "input 3x8x8; conv 4 k3 p1; two 8; flatten; unit 8"),
        ("input 3x8x8; conv 4 k3 p1; wide", "input 3x8x8; conv 4 k3 p1; relu; wide"),
        ("input 3xHxW; conv 4 k3 p1; two 8", "input 3xHxW; conv 4 k3; two 8; flatten; linear 512->2"),
        ("input 3x8x8; conv 4 k3 p1; two 8", "input 3x8x8; conv 4 k3 p1; two ?; linear 8->9"),
        ("input 3x8x8; conv 4 k3 p1; two 8", "let act=tanh\ninput 3x8x8; conv 4 k3 p1; two 8 as two; add two"),
    ],
)
def test_a_block_of_another_file_is_what_a_fresh_check_says_it_is(first: str, second: str, tmp_path: Path) -> None:
    (tmp_path / "blocks.net").write_text(BLOCKS, encoding="utf-8")

    def seen(text: str, memory: Memory) -> tuple[object, ...]:
        source = Source(str(tmp_path / "a.net"), f'use "blocks.net"\n{text}\n')
        checked = check_traced(source, REGISTRY, tmp_path, memory)
        network = checked.experiment.network if checked.experiment else None
        rows = [*TableRows(source, Sample()).of(network.nodes)] if network else []
        found = [(one.code, one.message, one.span.start, one.labels) for one in diagnose(checked, REGISTRY)]
        told = [(*one[:3], [(label.text, label.span.start, label.span.end) for label in one[3]]) for one in found]
        built = [(one.path, one.call) for node in (network.nodes if network else ()) for one in node.walk()]
        return rows, told, built

    memory = Memory(rereader=Rereader())
    for text in (first, second, f"{second} # once more", first):
        assert seen(text, memory) == seen(text, Memory())
    (tmp_path / "blocks.net").write_text(BLOCKS.replace("relu", "gelu; bn"), encoding="utf-8")
    assert seen(first, memory) == seen(first, Memory())


def test_a_block_of_another_file_is_checked_once_for_all_versions(tmp_path: Path) -> None:
    (tmp_path / "blocks.net").write_text(BLOCKS, encoding="utf-8")
    memory = Memory(rereader=Rereader())
    entered = []
    for number in range(4):
        text = f'use "blocks.net"\ninput 3x8x8; conv 4 k3 p1; two 8\n# {number}'
        trace = check_traced(Source(str(tmp_path / "a.net"), text), REGISTRY, tmp_path, memory).trace
        assert trace is not None
        entered.append(len(trace.entries))
    assert entered == [4, 1, 1, 1]


def test_a_mistake_is_said_in_every_version() -> None:
    memory = Memory(rereader=Rereader())
    text = "input 3x8x8\nrepeat 2 { conv 3 k3 kernal=3 }\nconv 3 k9\n"
    assert codes(text, memory) == codes(text + "\n", memory) == codes(text, Memory()) != []


def test_what_is_remembered_has_a_limit() -> None:
    memory = Memory(rereader=Rereader())
    layer = REGISTRY.layers["relu"]
    assert isinstance(layer, Layer)
    codes("input 8; relu", memory)
    result = next(iter(memory.results.values()))
    memory.results.update({(number,): result for number in range(MOST + 1)})
    codes("input 8; relu", memory)
    assert len(memory.results) < 10


def test_a_table_is_read_again_once_it_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = tmp_path / "a.csv"
    table.write_text("x,y,target\n1,2,a\n3,4,b\n", encoding="utf-8")
    looks: list[str] = []
    dataset = next(one for kind in REGISTRY.components.values() for name, one in kind.items() if name == "csv")
    facts = type(dataset).facts  # type: ignore[attr-defined]  # of a data set
    monkeypatch.setattr(type(dataset), "facts", lambda self, **values: looks.append(self.name) or facts(self, **values))
    memory, text = Memory(rereader=Rereader()), 'data csv "a.csv" target=target\nlinear 2\n'
    for _ in range(3):
        assert codes(text, memory, tmp_path) == codes(text + "\n", memory, tmp_path)
    assert looks == ["csv"]
    table.write_text("x,y,z,target\n1,2,3,a\n3,4,5,b\n3,4,5,c\n", encoding="utf-8")
    os.utime(table, ns=(1, 1))
    codes(text, memory, tmp_path)
    assert looks == ["csv", "csv"]


def test_a_table_that_is_not_there_is_missed_in_every_version(tmp_path: Path) -> None:
    memory, text = Memory(rereader=Rereader()), 'data csv "absent.csv"\nlinear 2\n'
    assert codes(text, memory, tmp_path) == codes(text, memory, tmp_path) == codes(text, Memory(), tmp_path) != []

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

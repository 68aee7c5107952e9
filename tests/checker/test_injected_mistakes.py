"""Random mistakes put into nets without any: as many are found, whichever they are and wherever they stand."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netdsl.checker import check
from netdsl.components.registry import Registry
from netdsl.core.diagnostics import Diagnostic, errors
from netdsl.core.source import Source
from netdsl.plugins.registry import load_registry

NETS = {
    "tudui": """input 3x32x32
conv 3->32 k5 p2; relu; maxpool 2
conv 32->32 k5 p2; relu; maxpool 2
conv 32->64 k5 p2; relu; maxpool 2
flatten; dropout 0.5
linear 64->10
data cifar10 batch=64 { hflip; normalize }
loss cross_entropy
optimizer sgd lr=0.01
train epochs=10""".replace("linear 64->10", "linear 1024->64; relu\nlinear 64->10"),
    "unet": """block double out { conv out k3 p1; relu; conv out k3 p1; relu }
input 1x64x64
double 16 as a; maxpool 2
double 32 as b; maxpool 2
conv 32->64 k3 p1 bias=false; bn; relu
convt 64->32 k2 s2; concat b; double 32
convt 32->16 k2 s2; concat a; double 16
conv 16->2 k1""",
    "resnet": """let width=16
block basic out stride=1 {
residual project { conv out k3 s=stride p1 bias=false; bn; relu; conv out k3 p1 bias=false; bn }
relu
}
input 3x32x32
conv 3->width k3 p1 bias=false as stem; bn; relu
repeat 2 { basic 16 }
basic (width*2) stride=2
gap; flatten
linear 32->10; softmax""",
    "inception": """input 3x32x32
conv 3->16 k3 p1 bias=false; bn; relu
concat { conv 16->8 k1 } { conv 16->8 k1; relu; conv 8->16 k5 p2 } { maxpool 3 s1 p1; conv 16->8 k1 }
relu; conv 32->16 k1; relu
gap; flatten; linear 16->100""",
    "sentences": """input 128
embedding 1000->64
lstm 64->32 bidirectional
last; dropout 0.5
linear 64->2""",
    "patches": """input 3x32x32
conv 3->64 k4 s4 as patches
flatten start_dim=1; transpose
classtoken; posembed
repeat 2 { transformer 4 dim_feedforward=128 dropout=0.1 }
layernorm; select 0; linear 64->10""",
}


@cache
def registry() -> Registry:
    return load_registry(installed=False)


def found(text: str) -> list[Diagnostic]:
    return errors(check(Source("net", text), registry())[1])


def swapped(word: str) -> str:
    """Two letters in the middle change places: `conv` becomes `cnov`."""
    middle = next((at for at in range(1, len(word) - 1) if word[at] != word[at + 1]), 0)
    return word[:middle] + word[middle + 1] + word[middle] + word[middle + 2 :]


MISTAKES: dict[str, tuple[str, Callable[[re.Match[str]], str]]] = {
    "another size": (r"(?<!embedding )\b(\d+)(?=->)", lambda match: str(int(match[1]) + 1)),
    "a misspelt layer": (
        r"\b(conv|linear|maxpool|flatten|dropout|relu|softmax|embedding|lstm)(?=[ ;\n]|$)",
        lambda match: swapped(match[1]),
    ),
    "a misspelt parameter": (
        r"\b(bias|start_dim|dim_feedforward|dropout|batch|epochs)(?==)",
        lambda match: swapped(match[1]),
    ),
    "a parameter of nothing": (
        r"\b(conv \d+->\d+|maxpool 2|linear \d+->\d+)(?=[ ;\n]|$)",
        lambda match: f"{match[1]} frobnicate=3",
    ),
    "a missing argument": (r"(?<=[\w\d])( k\d)(?=[ ;\n]|$)", lambda match: ""),
    "an unknown label": (r"(?<=concat )([ab])\b", lambda match: "nowhere"),
    "a value of the wrong kind": (r"(?<=\b)(k)(\d)(?=[ ;\n]|$)", lambda match: "kernel=many"),
    "an impossible stride": (r"(?<=maxpool )2", lambda match: "0"),
    "an impossible probability": (r"(?<=dropout[ =])0\.\d", lambda match: "1.5"),
    "an argument too many": (
        r"\b(relu|last|gap)(?=[;\n]|$)",
        lambda match: f"{match[1]}{' true' * (match[1] == 'relu')} 7",
    ),
    "a layer where none is known": (r"(?<=\n)(flatten|last|layernorm)\b", lambda match: f"frobnicate 3; {match[1]}"),
    "a character of no meaning": (r"(?<=; )(relu|maxpool 2|dropout 0.5)(?=[;\n])", lambda match: f"{match[1]} @"),
    "an unknown variable": (r"\b(width)(?=[ *)])(?!=)", lambda match: "wxyzt"),
    "an unknown component": (r"(?<=\n)(loss|optimizer) (\w+)", lambda match: f"{match[1]} frobnicate"),
    "a setting out of range": (r"(?<=batch=)\d+|(?<=epochs=)\d+", lambda match: "0"),
}


@pytest.mark.parametrize("name", NETS)
def test_the_nets_have_no_mistakes(name: str) -> None:
    assert found(NETS[name]) == []


LOSES_SIZES = {
    "a misspelt layer",
    "a parameter of nothing",
    "a missing argument",
    "an unknown label",
    "a value of the wrong kind",
    "an impossible stride",
    "a layer where none is known",
    "a character of no meaning",
    "an unknown variable",
}
"""After these a stated size may be right: nobody knows what comes in."""

PLACES = [
    (name, what, match.start())
    for name, text in NETS.items()
    for what, (pattern, _) in MISTAKES.items()
    for match in re.finditer(pattern, text)
]


def changed(name: str, places: list[tuple[str, int]]) -> str:
    """The net with mistakes at these places."""
    text = NETS[name]
    for what, start in sorted(places, key=lambda place: place[1], reverse=True):
        pattern, change = MISTAKES[what]
        match = next(match for match in re.finditer(pattern, NETS[name]) if match.start() == start)
        text = text[:start] + change(match) + text[match.end() :]
    return text


def statement_of(name: str, start: int) -> int:
    """Which statement an offset is in."""
    return len(re.findall(r"[;\n{}]", NETS[name][:start]))


@pytest.mark.parametrize("what", MISTAKES)
def test_one_mistake_is_one_error_wherever_it_stands(what: str) -> None:
    places = [(name, start) for name, one, start in PLACES if one == what]
    assert places
    wrong = {}
    for name, start in places:
        text = changed(name, [(what, start)])
        mistakes = found(text)
        if len(mistakes) != 1:
            wrong[text] = mistakes
    assert wrong == {}


@settings(max_examples=150)
@given(data=st.data())
def test_several_mistakes_are_as_many_errors(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(NETS)))
    own = [(what, start) for net, what, start in PLACES if net == name]
    places = data.draw(
        st.lists(st.sampled_from(own), min_size=2, max_size=6, unique_by=lambda place: statement_of(name, place[1]))
    )
    lost = min((start for what, start in places if what in LOSES_SIZES), default=len(NETS[name]))
    independent = [(what, start) for what, start in places if what != "another size" or start < lost]
    text = changed(name, independent)
    assert len(found(text)) == len(independent), text

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netdsl.checker import check
from netdsl.core.source import Source
from netdsl.language.formatter import format_source
from netdsl.plugins.registry import load_registry
from tests.soundness.texts import write
from tests.soundness.trials import Trial, look

# Some checks run torch's own classes: its libraries are no memory of a text.
look(Source("net", "input 8; nn.ReLU"))
SPLICED = st.integers(0, 2**32 - 1).map(write).filter(lambda text: len(text) <= 1_000)


@pytest.mark.parametrize(
    "text",
    [
        "ock ble {axpool le ",
        "se eption\npool eption ",
        "1\ntivevpool n",
        "ata sv r split)0.2 h",
        "input 3x8x8; adaptiveavgpool word",
        "input 8; dropout p0.5",
        "data cifar10 { normalize 0.5 0.5 0.5 tinear 1024->64",
    ],
)
def test_is_a_mistake_and_never_a_crash(mistakes, text):
    assert mistakes(text)


@settings(max_examples=150)
@given(SPLICED, st.booleans())
def test_fmt_keeps_the_mistakes_and_fix_adds_none(text, unsafe):
    # Every span lies in its text, too.
    faults = Trial(text, draws=False, unsafe=unsafe).run()
    assert [fault for fault in faults if "slow" not in fault] == []


def test_a_text_without_a_net_is_formatted_to_its_end():
    source = Source("net", "let  x=3")
    assert format_source(source, check(source, load_registry(installed=False))[1]) == ("let x=3\n", [])


@pytest.mark.parametrize("line", ["dropout p0.5", "dropout p=p0.5", "conv 8 k3.5 s2", "residual { dropout p0.5 }"])
def test_fmt_parts_no_fraction_from_its_short(line):
    source = Source("net", f"input 8x8x8; {line}\n")
    assert format_source(source, check(source, load_registry(installed=False))[1]) == (source.text, [])


@pytest.mark.parametrize(
    "text",
    [
        "budget receptive<=9; input 3x8x8; tower as one; from one; conv 4 k3; output one",
        "concat { permute 0,1,in,2 } { relu }; input ?x1kx8",
        "what 3; pad in,1; mean dim=in,1",
        "conv 8 k3 p1 as low; residual { what; from low; gap as score; conv 8 k3 p1 as low }",
        "input user=1 aloss embedding 4->8; flatten; linear 2; data shapes 1x64x64",
    ],
)
def test_a_text_that_was_once_too_much_is_none(text: str) -> None:
    """Each was found by `tests.soundness.fuzz`, and is cut to what matters."""
    assert Trial(text, draws=True).run() == []

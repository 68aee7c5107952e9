import pytest


@pytest.mark.parametrize(
    "text",
    [
        "ock ble {axpool le ",
        "se eption\npool eption ",
        "1\ntivevpool n",
        "ata sv r split)0.2 h",
        "input 3x8x8; adaptiveavgpool word",
        "input 8; dropout p0.5",
    ],
)
def test_is_a_mistake_and_never_a_crash(mistakes, text):
    assert mistakes(text)

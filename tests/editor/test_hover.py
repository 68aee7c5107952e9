"""What is said of the word under the pointer."""

import pytest

from netdsl.editor import hover
from tests.editor.texts import at

CONV = "input 3x32x32\nconv 32 k5 p2; maxpool 2\nflatten\n"


@pytest.mark.parametrize(
    ("marked", "word", "said"),
    [
        (CONV + "lin|ear 10", "linear", ["**8192 → 10**", "81,930 parameters", "y = x·Wᵀ + b"]),
        (CONV + "lin|ear 10", "linear", ["line 2, `maxpool 2`, gives 32x16x16, which line 3 flattens to 8192"]),
        ("input 3x32x32\nco|nv 32 k5 p2", "conv", ["`(32 + 2·2 − 5)/1 + 1 = 32`", "2,432 parameters"]),
        ("input 3x32x32\nconv 32 k|5", "k5", ["kernel_size (also k, kernel) of conv"]),
        ("input 3x32x32\nconv 32 k5 str|ide=2", "stride", ["stride (also s) of conv", "default 1"]),
        ("input 3x32x32\nconv 32 k5 stride=|2", "2", ["stride (also s) of conv"]),
        ("let width=64\ninput 3x8x8\nconv wid|th k3", "width", ["`width` is `64`, given in line 1"]),
        ("input 8\nlinear (|in*2)", "in", ["`in` is `8` here"]),
        ("input 8\nlinear 8 as stem\nadd st|em", "stem", ["**8**, the output of line 2: `linear 8 as stem`"]),
        ("input 8\nlinear 8 as st|em", "stem", ["the output of line 2"]),
        ("input a=8 b=4\nfrom b|; linear 3", "b", ["**4**", "line 1"]),
        ("input a=8 b=4\nlinear 3 as c\noutput c|", "c", ["**3**, the output of line 2: `linear 3 as c`"]),
        ("input a=8 b=4\nlinear 3; fr|om b; linear 2", "from", ["**3 → 4**", "from: statement"]),
        ("block b out { linear out }\ninput 8\n|b 4", "b", ["**8 → 4**", "block b out { linear out }"]),
        ("block b out { linear out }\ninput 8\nb out=|4", "4", ["`out` of the block `b`: required"]),
        ("block b out { lin|ear out }\ninput 8\nb 4; b 2", "linear", ["it stands in 2 places of the net"]),
        ("data cif|ar10", "cifar10", ["60,000 photographs"]),
        ("da|ta cifar10", "data", ["data: statement"]),
        ("data cifar10 bat|ch=3", "batch", ["samples to a batch"]),
        ("optimizer sgd momentum=0.|9", "0.9", ["momentum of sgd"]),
        ("input 8; linear 3 as head\noptimizer sgd head.l|r=1", "head.lr", ["`linear 3 as head`", "lr of sgd"]),
        ("input 8; linear 3\noptimizer sgd linear.momentum=|1", "1", ["momentum of sgd"]),
        ("optimizer sgd max|norm=2", "maxnorm", ["the largest L2 norm"]),
        ("train ep|ochs=3", "epochs", ["passes over the training set"]),
        ("residu|al { relu }", "residual", ["residual: layer, composite"]),
        ("input 8; linear 9->4; lin|ear 3", "linear", ["**4 → 3**"]),
        ("输入 8\ninput 8; lin|ear 3", "linear", ["linear: layer"]),
    ],
)
def test_hover_says_what_a_word_means(marked: str, word: str, said: list[str]) -> None:
    reading, offset = at(marked)
    found = hover(reading, offset)
    assert found is not None
    assert reading.text[found.start : found.end] == word
    assert [part for part in said if part not in found.markdown] == []


@pytest.mark.parametrize("marked", ["|", "# com|ment", "input 8 |  # eight", "unknow|n 8", "nn.GE|LU"])
def test_of_nothing_nothing_is_said(marked: str) -> None:
    reading, offset = at(marked)
    assert hover(reading, offset) is None or "→" in hover(reading, offset).markdown  # type: ignore[union-attr]


def test_every_place_of_the_examples_has_an_answer() -> None:
    from tests.editor.test_hints import EXAMPLES
    from tests.editor.texts import document

    for path in EXAMPLES:
        reading = document(str(path)).read(path.read_text(encoding="utf-8"))
        assert any(hover(reading, offset) for offset in range(0, len(reading.text), 5))

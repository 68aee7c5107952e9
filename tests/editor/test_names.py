"""Where a word is defined, where else it stands, and what changes with its name."""

from pathlib import Path

import pytest

from netdsl.core.errors import Refusal
from netdsl.editor import Document, definition, nameable, references, rename
from netdsl.editor.names import source_path
from tests.editor.texts import apply, at, registry

FILE = """let width=8 act=relu
variant wide width=16
block unit out stride=1 { conv out k3 s=stride p1; act }
input 3x8x8
conv width k3 as stem
unit width stride=2 as low
residual { conv width k3 p1 } shortcut { conv (width) k1 } as top
repeat 2 { conv width k1 as inner; add inner }
concat top
train freeze=stem,top
optimizer sgd low.lr=0.1 unit.weight_decay=0
"""


def line(marked: str) -> int | None:
    """The line in which the word at `|` is defined."""
    reading, offset = at(marked)
    found = definition(reading, offset)
    return None if found is None else found.source.position(found.start).line


def marked(word: str, count: int = 1) -> str:
    """The file with a `|` in the so-many-th place of a word."""
    place = -1
    for _ in range(count):
        place = FILE.index(word, place + 1)
    return FILE[: place + 1] + "|" + FILE[place + 1 :]


@pytest.mark.parametrize(
    ("word", "count", "where"),
    [
        ("width", 2, 1), ("width", 3, 1), ("act", 2, 1), ("unit", 2, 3), ("out k3", 1, 3), ("stride", 2, 3),
        ("stride=2", 1, 3), ("stem,", 1, 5), ("top", 2, 7), ("inner", 2, 8), ("wide", 1, 2), ("conv", 1, None),
        ("relu", 1, None), ("shortcut", 1, None), ("train", 1, None),
    ],
)  # fmt: skip
def test_a_word_is_defined_in_a_line(word: str, count: int, where: int | None) -> None:
    assert line(marked(word, count)) == where


@pytest.mark.parametrize(
    ("word", "places"),
    [("width", 7), ("unit", 3), ("stem", 2), ("low", 2), ("top", 3), ("inner", 2), ("act=", 2), ("stride=1", 3)],
)
def test_a_word_stands_in_places(word: str, places: int) -> None:
    reading, offset = at(marked(word))
    one = nameable(reading, offset)
    assert one is not None
    found = references([reading], one)
    assert len(found) == len({*found}) == places
    assert {span.text for span in found} == {word.partition("=")[0]}
    assert len(references([reading], one, definition=False)) == places - 1


INPUTS = "output score\ninput user=8 item=8\nlinear 4 as u\nfrom item; linear 4; mul u; linear 1 as score\n"


@pytest.mark.parametrize(
    ("word", "where", "places"), [("item;", 2, 2), ("u;", 3, 2), ("score", 4, 2), ("user", 2, 1), ("item=", 2, 2)]
)
def test_inputs_and_outputs_have_names(word: str, where: int, places: int) -> None:
    place = INPUTS.index(word)
    text = f"{INPUTS[:place]}|{INPUTS[place:]}"
    assert line(text) == where
    reading, offset = at(text)
    one = nameable(reading, offset)
    assert one is not None
    assert len(references([reading], one)) == places
    renamed = apply(INPUTS, rename([reading], one, "other"))
    assert not Document(registry(), "a.net").read(renamed).diagnostics[places:]


def test_a_label_that_is_used_again_is_renamed_with_its_use() -> None:
    text = "input 4\nlinear 4 as to|wer; relu; again tower as other; add tower\n"
    reading, offset = at(text)
    one = nameable(reading, offset)
    assert one is not None
    renamed = apply(text.replace("|", ""), rename([reading], one, "step"))
    assert renamed == "input 4\nlinear 4 as step; relu; again step as other; add step\n"


def test_a_name_is_changed_everywhere_and_the_net_stays() -> None:
    reading, offset = at(marked("width"))
    one = nameable(reading, offset)
    assert one is not None
    text = apply(FILE, rename([reading], one, "channels"))
    assert "width" not in text
    after = Document(registry(), "a.net").read(text)
    assert reading.experiment is not None
    assert after.experiment is not None
    assert after.experiment.network.params == reading.experiment.network.params
    assert len(after.diagnostics) == len(reading.diagnostics)


@pytest.mark.parametrize(
    ("word", "name", "reason"),
    [
        ("width", "2x", "`2x` is not a name"), ("width", "k3", "`k3` has a meaning of its own"),
        ("width", "in", "`in` has a meaning of its own"), ("width", "conv", "`conv` is a layer"),
        ("width", "act", "`act` is taken: line 1"), ("unit", "width", "`width` is taken: line 1"),
        ("stem", "top", "`top` is taken: line 7"), ("width", "", "`` is not a name"),
    ],
)  # fmt: skip
def test_a_name_that_means_something_else_is_refused(word: str, name: str, reason: str) -> None:
    reading, offset = at(marked(word))
    one = nameable(reading, offset)
    assert one is not None
    with pytest.raises(Refusal, match=reason.partition(":")[0]):
        rename([reading], one, name)


@pytest.mark.parametrize(
    "place", ["con|v 8 k3", "use res|net", "input 8; linear |8", "# com|ment", "use resnet\nba|sic 8"]
)
def test_what_no_author_has_named_has_no_other_name(place: str) -> None:
    assert nameable(*at(place)) is None


def test_files_are_gone_to(tmp_path: Path) -> None:
    (tmp_path / "blocks.net").write_text("# nothing\nblock unit { relu }\n", encoding="utf-8")
    text = 'use "blocks.net" resnet\ninput 8\nunit\nbasic 8\nuse "absent.net"\n'
    reading = Document(registry(), str(tmp_path / "a.net")).read(text)

    def target(word: str) -> str | None:
        found = definition(reading, text.index(word) + 1)
        return found and f"{source_path(found.source).name}:{found.start}"

    assert target('"blocks') == "blocks.net:0"
    assert target("resnet") == "resnet.net:0"
    assert target("unit") == "blocks.net:16"
    assert target('"absent') is None
    found = definition(reading, text.index("basic") + 1)
    assert found is not None
    assert found.source.text[found.start : found.end] == "basic"

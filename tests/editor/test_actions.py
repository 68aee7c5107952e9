"""What can be done about a part of a text."""

import pytest

from netdsl.checker import check
from netdsl.core.diagnostics import errors
from netdsl.core.source import Source
from netdsl.editor import Action, actions, fix_all
from netdsl.editor.rewritings import write_sizes
from tests.editor.test_hints import EXAMPLES
from tests.editor.texts import apply, at, document, registry, selected


def find(marked: str, title: str) -> tuple[str, Action]:
    """The text after the action of a title."""
    if marked.count("|") == 2:
        reading, start, end = selected(marked)
    else:
        reading, start = at(marked)
        end = start
    (chosen,) = (one for one in actions(reading, start, end) if one.title == title)
    return apply(reading.text, chosen.edits), chosen


def titles(marked: str) -> list[str]:
    if marked.count("|") == 2:
        return [one.title for one in actions(*selected(marked))]
    return [one.title for one in actions(*at(marked))]


def test_a_fix_is_offered_at_its_mistake_and_a_safe_one_is_preferred() -> None:
    text, action = find("input 3x8x8\nconv 32 kern|al=5", "write `kernel`")
    assert text == "input 3x8x8\nconv 32 kernel=5"
    assert action.preferred
    assert [found.code for found in action.diagnostics] == ["NET102"]
    assert titles("in|put 3x8x8\nconv 32 kernal=5") == []


def test_an_unsafe_fix_is_offered_and_not_preferred() -> None:
    reading, offset = at("data cifar10\ninput |3x64x64\nflatten; linear 10")
    unsafe = [one for one in actions(reading, offset) if one.kind == "fix" and not one.preferred]
    assert [one.title for one in unsafe] == ["write `{ resize 64x64 }` after the data set"]


def test_all_safe_fixes_are_one_action() -> None:
    marked = "input 3x32x32\nconv 32 kern|al=5; rleu\nflatten\nlinear 100->10"
    text, action = find(marked, "apply all 3 safe fixes")
    assert text == "input 3x32x32\nconv 32 kernel=5; relu\nflatten\nlinear 25088->10"
    assert action.kind == "fix all"
    assert fix_all(document().read("input 8; linear 2")) is None


@pytest.mark.parametrize(
    ("marked", "title", "text"),
    [
        ("input 8; lin|ear 4; linear 2", "write the inferred sizes", "input 8; linear 8->4; linear 2"),
        ("input 8; lin|ear 4; linear 2", "write all inferred sizes", "input 8; linear 8->4; linear 4->2"),
        ("input 8; linear ->|4", "write all inferred sizes", "input 8; linear 8->4"),
        (
            "input 8\nlinear 8; re|lu; linear 8; relu\nlinear 2",
            "write these lines as `repeat 2`",
            "input 8\nrepeat 2 { linear 8; relu }\nlinear 2",
        ),
        (
            "input 8\n|linear 8\nrelu\nlinear 8\nrelu\nlinear 8\nrelu\nlinear 2",
            "write these lines as `repeat 3`",
            "input 8\nrepeat 3 {\n  linear 8\n  relu\n}\nlinear 2",
        ),
        (
            "input 8\n|linear 8; relu|\nlinear 2",
            "extract these lines as a block",
            "input 8\nblock part1 {\n  linear 8; relu\n}\npart1\nlinear 2",
        ),
        (
            "let w=4\nblock b n { |linear (n*w)|; relu }\ninput 8; b 2",
            "extract these lines as a block",
            "let w=4\nblock part1 n {\n  linear (n*w)\n}\nblock b n { part1 n; relu }\ninput 8; b 2",
        ),
        (
            "block b n { linear (n*2); relu }\ninput 8\n|b 4",
            "inline the block `b`",
            "block b n { linear (n*2); relu }\ninput 8\nlinear (4*2); relu",
        ),
        (
            "block b n=3 {\n  linear n\n  linear (in*2)\n}\ninput 8\nb| as end",
            "inline the block `b`",
            "block b n=3 {\n  linear n\n  linear (in*2)\n}\ninput 8\nlinear 3\nlinear (8*2) as end",
        ),
    ],
)
def test_a_net_is_said_in_other_words(marked: str, title: str, text: str) -> None:
    assert find(marked, title)[0] == text


@pytest.mark.parametrize(
    ("marked", "title"),
    [
        ("input 8; linear 8 as a; |relu; add a|", "extract these lines as a block"),
        ("input 8; |linear 8 as a|; relu; add a", "extract these lines as a block"),
        ("input 8; line|ar 8; re|lu", "extract these lines as a block"),
        ("input 8; |linear 8; data digits; relu|", "extract these lines as a block"),
        ("input 8\nlinear 8 # first\n|linear 8", "write these lines as `repeat 2`"),
        ("block b { let k=2; linear k }\ninput 8\n|b", "inline the block `b`"),
        ("block b { linear 4 as c }\ninput 8\n|b as d", "inline the block `b`"),
        ("input 8; linear 9->|4; linear 2", "write all inferred sizes"),
    ],
)
def test_what_would_change_the_net_is_not_offered(marked: str, title: str) -> None:
    assert title not in titles(marked)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_rewriting_of_an_example_keeps_its_net(path: object) -> None:
    text = path.read_text(encoding="utf-8")  # type: ignore[attr-defined]
    reading = document(str(path)).read(text)
    assert reading.experiment is not None
    tried = 0
    for statement in reading.file.statements[::3]:
        for action in actions(reading, statement.span.start, statement.span.end):
            after, found = check(Source(str(path), apply(text, action.edits)), registry())
            assert after is not None
            assert errors(found) == []
            assert after.network.params == reading.experiment.network.params
            tried += 1
    assert tried or not write_sizes(reading)

import pytest

from netdsl.core.diagnostics import Diagnostic, Edit, Fix
from netdsl.core.fixes import ROUNDS, apply, compatible, fix
from netdsl.core.source import Source

WORDS = {"helo": "hello", "wrld": "world", "teh": "the"}


def mistake(source: Source, start: int, end: int, *texts: str) -> Diagnostic:
    edits = tuple(Edit(source.span(start, end), text) for text in texts)
    return Diagnostic("NET101", "a mistake", source.span(start, end), fix=Fix("mend it", edits) if edits else None)


def spelling(source: Source) -> list[Diagnostic]:
    found = [(source.text.find(wrong), wrong, right) for wrong, right in WORDS.items()]
    return [mistake(source, at, at + len(wrong), right) for at, wrong, right in sorted(found) if at >= 0]


def test_everything_is_fixed_in_one_go() -> None:
    fixed = fix(Source("x", "helo teh wrld"), spelling)
    assert (fixed.source.name, fixed.source.text, len(fixed.applied), fixed.left) == ("x", "hello the world", 3, [])


def test_what_a_fix_brings_to_light_is_fixed_too() -> None:
    def check(source: Source) -> list[Diagnostic]:
        first = "one" not in source.text
        return [mistake(source, 0, 1, "one, b"), mistake(source, 0, 0)] if first else spelling(source)[:1]

    fixed = fix(Source("x", "a helo"), check)
    assert (fixed.source.text, len(fixed.applied)) == ("one, b hello", 2)


def test_a_fix_that_does_harm_is_left_out() -> None:
    def check(source: Source) -> list[Diagnostic]:
        harm = [mistake(source, 0, 0)] * 3 if "boom" in source.text else []
        at = source.text.find("wait")
        tempting = [mistake(source, at, at + 4, "boom")] if at >= 0 else []
        return spelling(source) + tempting + harm

    fixed = fix(Source("x", "helo wait teh"), check)
    assert fixed.source.text == "hello wait the"
    assert [diagnostic.span.text for diagnostic in fixed.left] == ["wait"]


def test_thousands_of_fixes_are_applied_at_once() -> None:
    source = Source("x", "a " * 50_000)
    found = [mistake(source, 2 * at, 2 * at + 1, "b") for at in range(50_000)]
    assert apply(source, compatible(source, found)) == "b " * 50_000


def test_what_a_fix_may_try_is_bounded() -> None:
    checked = []

    def check(source: Source) -> list[Diagnostic]:
        checked.append(source.text)
        # Each fix alone does nothing, and all of them do harm.
        return [mistake(source, at, at + 1, "a") for at in range(0, 1000, 2)] * (1 + ("b" in source.text))

    fix(Source("x", "a" * 100_000), check)
    assert len(checked) <= 3


def test_two_fixes_that_undo_each_other_come_to_an_end() -> None:
    calls = []

    def check(source: Source) -> list[Diagnostic]:
        calls.append(source.text)
        return [mistake(source, 0, 1, "b" if source.text == "a" else "a")]

    assert fix(Source("x", "a"), check).source.text == "a"
    assert len(calls) <= ROUNDS


@pytest.mark.parametrize(
    ("spans", "kept"),
    [
        ([(0, 2), (3, 4)], 2),
        ([(0, 2), (1, 3)], 1),
        ([(0, 2), (2, 3)], 1),
        ([(2, 2), (2, 2)], 1),
        ([(3, 4), (0, 1), (0, 0)], 2),
    ],
)
def test_compatible_edits_do_not_touch(spans: list[tuple[int, int]], kept: int) -> None:
    source = Source("x", "abcdef")
    found = [mistake(source, start, end, "-") for start, end in spans]
    assert compatible(source, found) == found[:kept]


def test_a_fix_elsewhere_is_not_ours() -> None:
    source, other = Source("x", "abc"), Source("y", "abc")
    assert compatible(source, [mistake(other, 0, 1, "-"), mistake(source, 0, 1)]) == []


def test_edits_are_applied_at_their_places_whatever_their_order() -> None:
    source = Source("x", "abcdef")
    assert (
        apply(source, [mistake(source, 4, 4, "<>"), mistake(source, 0, 2, ""), mistake(source, 5, 6, "F")]) == "cd<>eF"
    )

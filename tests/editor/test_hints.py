"""Hints: what stands behind and before the words, in texts that are whole, wrong and half-written."""

from pathlib import Path

import pytest

from netdsl.core.sizes import format_shape
from netdsl.editor import Document, hints
from tests.editor.texts import ROOT, document, registry, with_hints

EXAMPLES = sorted((ROOT / "examples").glob("*.net"))


def shown(text: str, *, parameters: bool = False, counts: bool = False) -> str:
    return with_hints(text, hints(document().read(text), parameters=parameters, counts=counts))


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("", ""),
        ("# nothing yet", "# nothing yet"),
        ("input 8; linear 4", "input 8; linear [8->]4[→ 4]"),
        ("input 8; linear ->4", "input 8; linear [8]->4[→ 4]"),
        ("input 8; linear 8->4", "input 8; linear 8->4[→ 4]"),
        ("input 8; linear in=8 4", "input 8; linear in=8 4[→ 4]"),
        ("input 8; linear out_features=4", "input 8; linear out_features=4[→ 4]"),
        ("input 3xHxW; conv 8 k3 s2", "input 3xHxW; conv [3->]8 k3 s2[→ 8 x (H+1)/2-1 x (W+1)/2-1]"),
        ("data cifar10\nflatten", "data cifar10[→ 3x32x32]\nflatten[→ 3072]"),
        ("input 8\nrepeat 2 { linear 8 }", "input 8\nrepeat 2 { linear [8->]8[→ 8] }[→ 8]"),
        ("input 8\nrepeat 2 { linear (in*2) }", "input 8\nrepeat 2 { linear (in*2)[→ 16 …] }[→ 32]"),
        ("block b n { linear n }\ninput 8; b 4; b 2", "block b n { linear n[→ 4 …] }\ninput 8; b 4[→ 4]; b 2[→ 2]"),
        ("block b n { linear n }\ninput 8; relu", "block b n { linear n }\ninput 8; relu[→ 8]"),
        ("input 8\nresidual { linear 8 }", "input 8\nresidual { linear [8->]8[→ 8] }[→ 8]"),
        ("input 8; linear 9->4; linear 2", "input 8; linear 9->4[→ 4]; linear [4->]2[→ 2]"),
        ("input 8; linera 4", "input 8; linera [8->]4[→ 4]"),
        ("输入 8", "输入 8"),
        ("input 8 # 输入\nlinear 4", "input 8 # 输入\nlinear [8->]4[→ 4]"),
    ],
)
def test_hints_say_what_is_not_written(text: str, seen: str) -> None:
    assert shown(text) == seen


def test_parameters_are_named_on_request() -> None:
    assert shown("input 3x8x8; maxpool 2", parameters=True) == "input 3x8x8; maxpool [kernel_size=]2[→ 3x4x4]"
    assert shown("input 8; linear 2", counts=True) == "input 8; linear [8->]2[→ 2][18 parameters]"


def test_only_the_part_that_is_seen_is_answered() -> None:
    text = "input 8\n" + "linear 8\n" * 50
    reading = document().read(text)
    start, end = text.index("linear 8\n", 100), 200
    assert {hint.offset for hint in hints(reading, start, end)} == {
        hint.offset for hint in hints(reading) if start <= hint.offset <= end
    }


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_statement_of_the_examples_has_its_output(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    reading = document(str(path)).read(text)
    assert reading.experiment is not None
    outputs = {hint.offset: hint.text for hint in hints(reading) if hint.kind == "output"}
    nodes = [node for node in reading.experiment.network.walk() if node.span.source is reading.source]
    written = [node for node in nodes if node.layer is not None or node.block is not None]
    assert {node.span.end for node in written} <= outputs.keys()
    for node in written:
        assert outputs[node.span.end].removesuffix(" …") in {
            f"→ {format_shape(other.out)}" for other in written if other.span == node.span
        }


TEXT = "input 3x32x32\nconv 32 k5 p2; maxpool 2\nconv 64 k5 p2; relu\nflatten\nlinear 10\n"
TYPED = "\nresidual { conv 64 k3 p1; bn }"


def test_no_hint_moves_or_goes_while_a_line_is_written() -> None:
    """At every key press each of the other lines has the hints that it had before, in their places."""
    editor = document()
    before = with_hints(TEXT, hints(editor.read(TEXT))).splitlines()
    at = TEXT.index("\nflatten")
    for end in range(1, len(TYPED) + 1):
        text = TEXT[:at] + TYPED[:end] + TEXT[at:]
        seen = with_hints(text, hints(editor.read(text))).replace("~", "").splitlines()
        assert [line for number, line in enumerate(seen) if number != 3] == before, TYPED[:end]


@pytest.mark.parametrize("line", range(1, 5))
def test_a_statement_that_is_rewritten_costs_no_other_its_hints(line: int) -> None:
    editor = document()
    lines = TEXT.splitlines(keepends=True)
    whole = with_hints(TEXT, hints(editor.read(TEXT))).splitlines()
    for left in range(len(lines[line]) - 1, -1, -1):
        text = "".join([*lines[:line], lines[line][:left] + "\n", *lines[line + 1 :]])
        seen = with_hints(text, hints(editor.read(text))).replace("~", "").splitlines()
        outputs = [found.count("→") for number, found in enumerate(seen) if number != line]
        assert outputs == [found.count("→") for number, found in enumerate(whole) if number != line]


def test_a_kept_hint_says_so_and_goes_once_the_text_is_right() -> None:
    editor = document()
    editor.read(TEXT)
    broken = TEXT.replace("conv 64 k5 p2", "conv 64 k5 p2 (")
    kept = [hint for hint in hints(editor.read(broken)) if hint.kept]
    assert kept
    assert {hint.tooltip for hint in kept} == {"as it was before the mistake"}
    assert {hint.insert for hint in kept} == {""}
    assert not any(hint.kept for hint in hints(editor.read(TEXT)))


def test_the_first_version_has_nothing_to_keep() -> None:
    assert "~" not in shown(TEXT.replace("conv 64 k5 p2", "conv 64 k5 p2 ("))


def test_a_session_reads_what_a_plain_check_reads() -> None:
    from netdsl.checker import check
    from netdsl.core.source import Source

    reading = document().read(TEXT)
    experiment, diagnostics = check(Source("a.net", TEXT), registry())
    assert [str(found.message) for found in reading.diagnostics] == [str(found.message) for found in diagnostics]
    assert reading.experiment is not None
    assert experiment is not None
    assert reading.experiment.network.out == experiment.network.out


def test_an_unsaved_file_is_used_as_it_stands_in_its_editor(tmp_path: Path) -> None:
    blocks = tmp_path / "blocks.net"
    blocks.write_text("block b { linear 2 }\n", encoding="utf-8")
    unsaved: dict[Path, str] = {}
    editor = Document(registry(), str(tmp_path / "a.net"), files=unsaved)
    text = 'use "blocks.net"\ninput 8\nb'
    assert with_hints(text, hints(editor.read(text))).endswith("b[→ 2]")
    unsaved[blocks.resolve()] = "block b { linear 3 }\n"
    assert with_hints(text, hints(editor.read(text))).endswith("b[→ 3]")
    del unsaved[blocks.resolve()]
    assert with_hints(text, hints(editor.read(text))).endswith("b[→ 2]")


def test_a_size_that_no_mistake_hides_is_not_kept() -> None:
    """A body of no round has no shapes, before and after a key press."""
    editor = document()
    text = "let rounds={}\ninput 3x8x8\nrepeat rounds {{ conv 4 k3; relu }}\n"
    editor.read(text.format(1))
    for ending in ("", " "):
        found = hints(editor.read(text.format(0) + ending))
        assert "~" not in with_hints(text, found)
        assert "→ 4x?x?" in {hint.text for hint in found}

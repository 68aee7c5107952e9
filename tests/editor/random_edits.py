"""Random editing of real nets: what a document says of each version is what a fresh check says of it.

`python -m tests.editor.random_edits [--edits 10000] [--seed 0] ` edits the examples.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from netdsl.checker import check
from netdsl.core.diagnostics import Diagnostic
from netdsl.core.errors import Refusal
from netdsl.core.source import Source, Span
from netdsl.editor import (
    Document,
    Reading,
    actions,
    completions,
    definition,
    fix_all,
    folds,
    format_part,
    format_text,
    hints,
    hover,
    indent_line,
    lenses,
    nameable,
    outline,
    references,
    rename,
    signature,
    tokens,
)
from netdsl.program import Experiment
from netdsl.render.shapes_json import shapes_json
from tests.editor.texts import ROOT, registry

PIECES = (
    *'abckpsxyz0123456789 =->{}();\n"#?.,_*/+\t',
    *("; relu", "maxpool 2", "linear 10", "conv 32 k3 p1", "{ ", " }", " as stem", "concat stem", "residual { relu }"),
    *("repeat 2 { relu }", "let w=8\n", "block b n { linear n }\n", "b 4", "w", "(w*2)", "in", "k?", "p?", "stride=2"),
    *("use resnet\n", "data digits\n", "loss cross_entropy\n", "budget params<=1k\n", "train epochs=2\n", "bias=false"),
    *("input 3x32x32\n", "input 3xHxW\n", "# 注释 😀", "卷积", "；", "｛", "\r\n", "//", "nn"),
)
LONGEST = 3_000
"""A text that has grown beyond this begins anew."""


def edited(text: str, chance: random.Random) -> str:
    """The text after one edit: mostly of a character, now and then a piece, a cut, a line that is moved."""
    at = chance.randrange(len(text) + 1)
    match chance.randrange(10):
        case 0 | 1 | 2 | 3:
            return text[:at] + chance.choice(PIECES) + text[at:]
        case 4 | 5:
            return text[:at] + text[at + 1 :]
        case 6:
            return text[:at] + text[at + chance.randrange(1, 20) :]
        case 7:
            lines = text.splitlines(keepends=True)
            return text + (chance.choice(lines) if lines else "\n")
        case 8:
            lines = text.splitlines(keepends=True)
            chance.shuffle(lines[:3])
            return "".join(lines[1:] + lines[:1])
    end = min(len(text), at + chance.randrange(1, 40))
    return text[:at] + text[at:end] * 2 + text[end:]


def versions(text: str, chance: random.Random) -> Iterator[str]:
    """The versions of a text, without end. What is broken is mostly put right again, as its author would."""
    now, right = text, text
    while True:
        now = edited(now, chance)
        yield now
        if chance.random() < 0.15 or len(now) > LONGEST:
            now = right if chance.random() < 0.8 else text
            yield now


def compare(reading: Reading, folder: Path) -> None:
    """Fails where a document says something else than a fresh check."""
    source = Source(reading.source.name, reading.text)
    experiment, diagnostics = check(source, registry(), folder=folder)
    assert [told(found) for found in reading.diagnostics] == [told(found) for found in diagnostics], reading.text
    assert described(reading.experiment) == described(experiment), reading.text


def told(found: Diagnostic) -> object:
    """All that a diagnostic says, its places as numbers."""
    labels = [(place(label.span), str(label.text)) for label in found.labels]
    fix = found.fix and (
        str(found.fix.message),
        found.fix.safe,
        [(place(edit.span), edit.text) for edit in found.fix.edits],
    )
    return str(found.code), str(found.message), place(found.span), found.caption, labels, found.help, fix


def place(span: Span) -> tuple[str, int, int]:
    return span.source.name, span.start, span.end


def described(experiment: Experiment | None) -> object:
    """All that there is to know of a program."""
    if experiment is None:
        return None
    network = experiment.network
    spans = [place(node.span) for node in network.walk()]
    return shapes_json(network, "net"), spans, network.fits, str(experiment.uses.keys()), experiment.data is None


def ask_everything(reading: Reading, chance: random.Random) -> None:
    """Asks all there is to ask, at a random place; nothing may fail."""
    at = chance.randrange(len(reading.text) + 1)
    end = min(len(reading.text), at + chance.randrange(30))
    for hint in hints(reading, parameters=True, counts=True):
        assert 0 <= hint.offset <= len(reading.text)
    for found in completions(reading, at):
        assert found.start <= at <= found.end
    hover(reading, at)
    signature(reading, at)
    definition(reading, at)
    outline(reading), folds(reading), lenses(reading)
    assert all(token.start < token.end for token in tokens(reading))
    one = nameable(reading, at)
    if one is not None:
        assert one.span in references([reading], one)
        with suppress(Refusal):
            rename([reading], one, "renamed")
    found = reading.checked.found
    format_text(reading.source, found), format_part(reading.source, at, end, found), indent_line(reading.source, at)
    if chance.random() < 0.05:  # each of them checks the text several times
        actions(reading, at, end)
        fix_all(reading)


def edit(path: Path, edits: int, seed: int, *, ask: bool = True) -> None:
    """Edits one net so many times, and compares every version."""
    chance = random.Random(f"{seed} {path.name}")
    document = Document(registry(), str(path), path.parent)
    for number, text in enumerate(versions(path.read_text(encoding="utf-8"), chance)):
        if number == edits:
            return
        reading = document.read(text)
        compare(reading, path.parent)
        if ask:
            ask_everything(reading, chance)


def main() -> None:
    """Edits every example, and says how many edits there were."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edits", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    paths = sorted((ROOT / "examples").glob("*.net"))
    for path in paths:
        edit(path, given.edits // len(paths) + 1, given.seed)
        print(f"{path.name}: {given.edits // len(paths) + 1} edits, every answer as a fresh check's", flush=True)


if __name__ == "__main__":
    main()

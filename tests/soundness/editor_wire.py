"""Random edits through the language server: `python -m tests.soundness.editor_wire --edits 10000 --seed 0`.

A client edits the examples over standard input and output, as an editor does: by the range that has changed. After each
edit it asks for all that editors show, and once in a while for what they do. Each answer is compared with that of a
server which has just been told this text and knows no other. What counts: an answer that differs, an error, a failure
in the server's log, memory that grows.

While a text is half written, hints stay from the version before, and others know its shapes: what is answered with them
is compared where a text has no errors, and elsewhere only asked for.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp
from pygls.protocol import default_converter

from netdsl.lsp import server as answering
from netdsl.lsp.conversion import Converter
from netdsl.lsp.documents import Documents, OpenText
from netdsl.lsp.lines import Lines
from netdsl.lsp.server import NetServer
from tests.benchmarks.lsp import Client
from tests.editor.random_edits import versions
from tests.editor.texts import ROOT, registry

MARKS = 10
"""So many times the memory is looked at."""

KEPT = frozenset({lsp.TEXT_DOCUMENT_INLAY_HINT, lsp.TEXT_DOCUMENT_COMPLETION, lsp.TEXT_DOCUMENT_HOVER,
                  lsp.TEXT_DOCUMENT_SIGNATURE_HELP, lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL})  # fmt: skip
"""What is answered with the shapes of the version before, where this one is half written."""

_JSON = default_converter()

Answer = Callable[[NetServer, OpenText, Any], Any]


class Editor(Client):
    """A client that notes the mistakes it is sent, and the failures that the server logs."""

    def __init__(self) -> None:
        self.mistakes: Any = None
        self.failures: list[str] = []
        super().__init__()

    def _receive(self) -> Any:
        message = super()._receive()
        params = message.get("params", {})
        match message.get("method"):
            case lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS:
                self.mistakes = params["diagnostics"]
            case lsp.WINDOW_LOG_MESSAGE | lsp.WINDOW_SHOW_MESSAGE if params["type"] == lsp.MessageType.Error:
                self.failures.append(params["message"])
        if "error" in message:
            self.failures.append(str(message["error"]))
            message.setdefault("result", None)
        return message


class Session:
    """One text that is edited.

    Args:
        editor: the client.
        path: the file that it opens.
        chance: where it edits, and what it asks.
    """

    def __init__(self, editor: Editor, path: Path, chance: random.Random) -> None:
        self.editor, self.chance, self.version, self.uri = editor, chance, 1, path.as_uri()
        self.text = path.read_text("utf-8")
        self.fresh = NetServer(registry())
        self.asked: Counter[str] = Counter()
        self.wrong: list[str] = []
        document = lsp.TextDocumentItem(self.uri, "netdsl", self.version, self.text)
        editor.tell(lsp.TEXT_DOCUMENT_DID_OPEN, plain(lsp.DidOpenTextDocumentParams(document)))

    def run(self, edits: int) -> Iterator[None]:
        """Makes the edits, and compares after each."""
        for _, text in zip(range(edits), versions(self.text, self.chance), strict=False):
            self._change(text)
            self._compare()
            yield
        identifier = lsp.TextDocumentIdentifier(self.uri)
        self.editor.tell(lsp.TEXT_DOCUMENT_DID_CLOSE, plain(lsp.DidCloseTextDocumentParams(identifier)))

    def _change(self, text: str) -> None:
        """Sends the part that has changed."""
        old, start, tail = self.text, 0, 0
        shortest = min(len(old), len(text))
        while start < shortest and old[start] == text[start]:
            start += 1
        while tail < shortest - start and old[-1 - tail] == text[-1 - tail]:
            tail += 1
        # No editor parts the two characters that break a line.
        start -= "\r" in (old[start - 1 : start], text[start - 1 : start])
        while tail and "\n" in (old[len(old) - tail], text[len(text) - tail]):
            tail -= 1
        where = Lines(old).range(start, len(old) - tail)
        change = lsp.TextDocumentContentChangePartial(where, text[start : len(text) - tail])
        self.version += 1
        document = lsp.VersionedTextDocumentIdentifier(self.version, self.uri)
        self.editor.tell(lsp.TEXT_DOCUMENT_DID_CHANGE, plain(lsp.DidChangeTextDocumentParams(document, [change])))
        self.text = text

    def _compare(self) -> None:
        """Asks both servers."""
        fresh, documents = self.fresh, Documents(registry())
        fresh.documents, fresh.convert = documents, Converter(documents)
        opened = documents.open(self.uri, self.text, self.version)
        mistakes = fresh.convert.diagnostics(opened)
        # Half of the time the questions come before the keys have rested, half of the time after.
        waits = self.chance.random() < 0.5
        if waits:
            self.editor.wait_for_mistakes(self.uri, self.version)
        is_right = all(one.severity != lsp.DiagnosticSeverity.Error for one in mistakes)
        for name, params, answer in self._questions(opened.lines):
            self.asked[name] += 1
            found, wanted = self.editor.ask(name, plain(params)), plain(answer(fresh, opened, params))
            if is_right or name not in KEPT:
                self._expect(name, found, wanted)
        self.editor.wait_for_mistakes(self.uri, self.version)
        self.asked[lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS] += 1
        self._expect(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, self.editor.mistakes, plain(mistakes))

    def _expect(self, name: str, found: Any, wanted: Any) -> None:
        if found != wanted:
            self.wrong.append(f"{name} of {self.uri}:\n{self.text}\n  said: {found}\n  and not: {wanted}")

    def _questions(self, lines: Lines) -> Iterator[tuple[str, Any, Answer]]:
        """What an editor asks after each key press, and now and then what its user asks."""
        text = lsp.TextDocumentIdentifier(self.uri)
        at = self.chance.randrange(len(self.text) + 1)
        place = lines.position(at)
        everything = lines.range(0, len(self.text))
        part = lines.range(at, min(len(self.text), at + self.chance.randrange(40)))
        yield lsp.TEXT_DOCUMENT_INLAY_HINT, lsp.InlayHintParams(text, everything), answering.inlay_hints
        yield lsp.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, lsp.SemanticTokensParams(text), answering.all_tokens
        yield lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionParams(text, place), answering.complete
        if self.chance.random() < 0.3:
            yield lsp.TEXT_DOCUMENT_HOVER, lsp.HoverParams(text, place), answering.hovered
            yield lsp.TEXT_DOCUMENT_SIGNATURE_HELP, lsp.SignatureHelpParams(text, place), answering.signature_help
            yield lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL, lsp.DocumentSymbolParams(text), answering.symbols
            yield lsp.TEXT_DOCUMENT_FOLDING_RANGE, lsp.FoldingRangeParams(text), answering.folding
            yield lsp.TEXT_DOCUMENT_CODE_LENS, lsp.CodeLensParams(text), answering.code_lenses
        if self.chance.random() < 0.2:
            yield lsp.TEXT_DOCUMENT_DEFINITION, lsp.DefinitionParams(text, place), answering.go_to_definition
            context = lsp.ReferenceContext(include_declaration=True)
            references = lsp.ReferenceParams(context, text, place)
            yield lsp.TEXT_DOCUMENT_REFERENCES, references, answering.find_references
            yield lsp.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT, lsp.DocumentHighlightParams(text, place), answering.highlight
            yield lsp.TEXT_DOCUMENT_PREPARE_RENAME, lsp.PrepareRenameParams(text, place), answering.prepare_rename
        if self.chance.random() < 0.05:
            # A code action checks the text several times.
            actions = lsp.CodeActionParams(text, part, lsp.CodeActionContext([]))
            yield lsp.TEXT_DOCUMENT_CODE_ACTION, actions, answering.code_actions
            options = lsp.FormattingOptions(tab_size=2, insert_spaces=True)
            yield lsp.TEXT_DOCUMENT_FORMATTING, lsp.DocumentFormattingParams(text, options), answering.format_all


def plain(value: Any) -> Any:
    """A value of the protocol as it is once it has been sent."""
    return json.loads(json.dumps(_JSON.unstructure(value)))


def main() -> None:
    """Edits every example, and prints what was asked, what went wrong and how much memory the server holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edits", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    paths = sorted((ROOT / "examples").glob("*.net"))
    each = -(-given.edits // len(paths))
    editor, begin = Editor(), time.perf_counter()
    asked: Counter[str] = Counter()
    marks: list[float] = []
    wrong = done = 0
    for path in paths:
        session = Session(editor, path, random.Random(f"{given.seed} {path.name}"))
        for _ in session.run(each):
            if done % max(1, each * len(paths) // MARKS) == 0:
                marks.append(editor.megabytes())
            done += 1
        for told in session.wrong:
            print(told, flush=True)
        wrong += len(session.wrong)
        asked += session.asked
        print(f"{path.name}: {each} edits, {len(session.wrong)} answers differ", flush=True)
    marks.append(editor.megabytes())
    editor.close()
    for told in editor.failures:
        print(told)
    report(asked, marks, time.perf_counter() - begin)
    print(f"{done:,} edits, {asked.total():,} answers: {wrong} differ, {len(editor.failures)} failures")
    sys.exit(1 if wrong or editor.failures else 0)


def report(asked: Mapping[str, int], marks: list[float], seconds: float) -> None:
    """Prints how often each question was asked, and the memory."""
    for name, times in sorted(asked.items()):
        print(f"{name:40} {times:>8,}")
    print(f"memory of the server, in MB: {', '.join(f'{mark:.0f}' for mark in marks)}; {seconds:.0f} s")


if __name__ == "__main__":
    main()

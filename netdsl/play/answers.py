"""What the page asks of the front end, answered as plain data: check, format, explain, set a value.

A question is an object with `ask` and what belongs to it, an answer is an object too; both are JSON on their way.
Nothing here needs torch, click or numpy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from netdsl.checker import check
from netdsl.components import Optimizer
from netdsl.components.registry import Registry
from netdsl.core.diagnostics import errors
from netdsl.core.fixes import apply
from netdsl.core.source import Source, Span
from netdsl.core.suggestions import nearest
from netdsl.core.text import text
from netdsl.core.translation import known_language, speaking
from netdsl.drawing.drawing import Drawing, Style, ThemeName
from netdsl.editor import Document, Reading, completions, fix_all, hover
from netdsl.language.formatter import format_source
from netdsl.language.parser import parse
from netdsl.language.statements import STATEMENTS
from netdsl.language.syntax import Name, Number, Setting, Statement
from netdsl.play.views import (
    Answer,
    CodeUnits,
    describe_diagnostic,
    describe_experiment,
    describe_hints,
    describe_picture,
    describe_table,
)
from netdsl.program import Experiment

View = Literal["picture", "table", "training"]
"""What stands beside the text: one of them is seen."""

MOST_COMPLETIONS = 60
"""So many completions are offered."""


@dataclass(frozen=True)
class Answers:
    """The front end, asked by the page.

    Args:
        registry: the names of the language.
        folder: what paths in a text are relative to; None: the folder of the text's own name.
    """

    registry: Registry
    folder: Path | None = None
    _documents: dict[tuple[str, str], Document] = field(default_factory=dict)
    _shown: dict[tuple[str, str], Reading] = field(default_factory=dict)

    def answer(self, question: Mapping[str, Any]) -> Answer:
        """The answer to a question; `problem` says what is wrong with a question that has none."""
        found = QUESTIONS.get(str(question.get("ask")))
        if found is None or not isinstance(question.get("text", ""), str):
            return {"problem": text("the page asks an unknown question: `{question}`", question=question.get("ask"))}
        with speaking(known_language(question.get("language"))):
            return found(self, question)

    def check(self, question: Mapping[str, Any]) -> Answer:
        """Everything about a text that is shown while it is typed: of the views only the one that is seen."""
        reading = self._read(question, again=True)
        source, experiment, diagnostics = reading.source, reading.experiment, reading.diagnostics
        units = CodeUnits(source.text)
        wrong = bool(errors(diagnostics))
        answer: Answer = {
            "diagnostics": [describe_diagnostic(one, source, units) for one in diagnostics],
            "hints": describe_hints(reading),
            "experiment": None if experiment is None or wrong else describe_experiment(experiment),
        }
        match _choice(question, "view", View, "picture"):
            case "picture":
                style, theme = (
                    _choice(question, "style", Style, "blocks"),
                    _choice(question, "theme", ThemeName, "light"),
                )
                answer |= describe_picture(Drawing(source, experiment, diagnostics, style, _depth(question), theme))
            case "table" if experiment is not None:
                answer |= describe_table(experiment.network, source)
        return answer

    def format(self, question: Mapping[str, Any]) -> Answer:
        """The canonical text."""
        source = self._source(question)
        formatted, mistakes = format_source(source)
        if mistakes:
            return {"problem": text("a text that cannot be read cannot be formatted: mend it first")}
        return {"text": formatted}

    def fix(self, question: Mapping[str, Any]) -> Answer:
        """The text after every safe fix that leaves fewer mistakes behind than it found."""
        reading = self._read(question)
        action = fix_all(reading)
        if action is None:
            return {"text": reading.text}
        (edit,) = action.edits
        return {"text": f"{reading.text[: edit.span.start]}{edit.text}{reading.text[edit.span.end :]}"}

    def complete(self, question: Mapping[str, Any]) -> Answer:
        """What may stand at a place, which is counted in units of UTF-16."""
        reading = self._read(question)
        units, place = CodeUnits(reading.text), _place(question)
        if place is None:
            return {"problem": text("a place is a number")}
        offset = units.offset(place)
        offered = completions(reading, offset)
        begun = [one for one in offered if one.label.startswith(reading.text[one.start : offset])]
        others = [one for one in offered if one not in begun and reading.text[one.start : offset] in one.label]
        return {
            "completions": [
                {"label": one.label, "kind": one.kind, "detail": one.detail, "insert": one.insert}
                | {"place": [units.at(one.start), units.at(one.end)]}
                for one in [*begun, *others][:MOST_COMPLETIONS]
            ]
        }

    def hover(self, question: Mapping[str, Any]) -> Answer:
        """What there is to say of the word at a place, as Markdown; nothing between the words."""
        reading = self._read(question)
        units, place = CodeUnits(reading.text), _place(question)
        if place is None:
            return {"problem": text("a place is a number")}
        found = hover(reading, units.offset(place))
        if found is None:
            return {}
        return {"markdown": found.markdown, "place": [units.at(found.start), units.at(found.end)]}

    def apply(self, question: Mapping[str, Any]) -> Answer:
        """The text after the fix of one mistake: the one that stands at `number` in the list."""
        reading = self._read(question)
        source, diagnostics = reading.source, reading.diagnostics
        number = question.get("number")
        if not isinstance(number, int) or not 0 <= number < len(diagnostics):
            return {"problem": text("the text has changed: the mistake is not there any more")}
        return {"text": apply(source, [diagnostics[number]])}

    def explain(self, question: Mapping[str, Any]) -> Answer:
        """The page of a code or of a word of the language."""
        # Only a reader who asks for a page pays for the modules that write it.
        from netdsl.codes import all_codes
        from netdsl.render.code_pages import code_page
        from netdsl.render.vocabulary import named, names

        word = str(question.get("word", ""))
        if word in all_codes():
            return {"page": code_page(all_codes()[word])}
        known = names(self.registry)
        if word not in known:  # a class of torch would have to be imported to be explained
            near = nearest(word, known)
            if near is None:
                return {"problem": text("no word `{name}` in the language", name=word)}
            return {"problem": text("no word `{name}` in the language; did you mean `{near}`?", name=word, near=near)}
        return {"page": "\n".join(self._pages(named(self.registry, word)))}

    def set(self, question: Mapping[str, Any]) -> Answer:
        """The text with another learning rate, batch or number of epochs: a setting of one of its directives."""
        source = self._source(question)
        line, _, name = str(question.get("setting", "")).partition(".")
        value = question.get("value")
        if line not in STATEMENTS or not name.isidentifier() or not isinstance(value, (int, float)):
            return {"problem": text("`{name}` is not a setting with a number", name=question.get("setting", ""))}
        experiment, _ = check(source, self.registry, folder=self.folder)
        return {"text": _with_setting(source, experiment, line, name, f"{value:g}")}

    def ready(self, question: Mapping[str, Any]) -> Answer:
        """Whether a text can be trained: it has no errors, and no file of it lies outside the folder."""
        from netdsl.play.confinement import find_outside

        source = self._source(question)
        experiment, diagnostics = check(source, self.registry, folder=self.folder)
        wrong = errors(diagnostics)
        if experiment is None or wrong:
            return {
                "problem": text("line {line}: {message}", line=wrong[0].span.position.line, message=wrong[0].message)
            }
        if experiment.data is None:
            return {"problem": text("the net has no `data` line: write one, such as `data spirals`")}
        outside = find_outside(experiment, Path(str(question.get("folder", "."))))
        return {"problem": outside} if outside else {}

    def words(self, _: Mapping[str, Any]) -> Answer:
        """Every word of the language with its kind and a sentence, for completion and for the colours."""
        return {"words": list(_vocabulary(self.registry))}

    def _pages(self, found: Sequence[Any]) -> Iterator[str]:
        from netdsl.components.registry import OWN
        from netdsl.language.statements import StatementKind
        from netdsl.render.entry import entry, statement_entry

        for one in found:
            if isinstance(one, StatementKind):
                yield statement_entry(one, columns=72)
            else:
                yield entry(one, self.registry.origins.get((type(one), one.name), OWN), columns=72)

    def _read(self, question: Mapping[str, Any], *, again: bool = False) -> Reading:
        """The text, checked; what served its last version serves this one.

        Args:
            question: holds the text.
            again: check it even if it was the last one: a file that it names may have changed.
        """
        source = self._source(question)
        key = source.name, known_language(question.get("language"))
        shown = self._shown.get(key)
        if shown is not None and shown.text == source.text and not again:
            return shown
        if key not in self._documents:
            # Of another file nothing is remembered: the page shows one at a time. What is remembered speaks a language.
            self._documents.clear()
            self._shown.clear()
            self._documents[key] = Document(self.registry, source.name, self.folder)
        self._shown[key] = self._documents[key].read(source.text)
        return self._shown[key]

    def _source(self, question: Mapping[str, Any]) -> Source:
        return Source(str(question.get("file") or "untitled.net"), str(question.get("text", "")))


QUESTIONS: Mapping[str, Callable[[Answers, Mapping[str, Any]], Answer]] = {
    "check": Answers.check,
    "format": Answers.format,
    "fix": Answers.fix,
    "apply": Answers.apply,
    "complete": Answers.complete,
    "explain": Answers.explain,
    "hover": Answers.hover,
    "set": Answers.set,
    "ready": Answers.ready,
    "words": Answers.words,
}
"""What may be asked."""


def _with_setting(source: Source, experiment: Experiment | None, line: str, name: str, value: str) -> str:
    """A text in which a directive has another value of a setting; one without the line gets it."""
    file, _ = parse(source)
    statement = next((one for one in file.statements if one.name.text == line), None)
    if statement is None:
        optimizer = experiment.one_of(Optimizer) if experiment and line == "optimizer" else None
        named = f" {optimizer.component.name}" if optimizer else ""
        written = source.text if not source.text or source.text.endswith("\n") else f"{source.text}\n"
        return f"{written}{line}{named} {name}={value}\n"
    place = _value_place(statement, name)
    if place is None:
        items = [
            statement.name.span,
            *(item.span for item in statement.items if isinstance(item, (Name, Setting, Number))),
        ]
        end = max(span.end for span in items)
        return f"{source.text[:end]} {name}={value}{source.text[end:]}"
    return f"{source.text[: place.start]}{value}{source.text[place.end :]}"


def _value_place(statement: Statement, name: str) -> Span | None:
    """Where a setting's value stands: `lr=0.1`, or the number behind an optimizer's name, which is its rate."""
    for item in statement.items:
        if isinstance(item, Setting) and item.name.text == name:
            return item.value.span
    match statement.items:
        case [Name(), Number() as number, *_] if name == "lr":
            return number.span
    return None


def _vocabulary(registry: Registry) -> Iterator[Answer]:
    for name, statement in STATEMENTS.items():
        yield {"name": name, "kind": "statement", "summary": statement.summary}
    for kind, components in registry.components.items():
        for name, component in components.items():
            family = getattr(component, "family", "")
            yield {"name": name, "kind": kind.kind, "family": family, "summary": component.summary}


def _choice(question: Mapping[str, Any], name: str, choices: Any, default: Any) -> Any:
    chosen = question.get(name)
    return chosen if chosen in get_args(choices) else default


def _place(question: Mapping[str, Any]) -> int | None:
    place = question.get("place")
    return place if isinstance(place, int) and place >= 0 else None


def _depth(question: Mapping[str, Any]) -> int | None:
    depth = question.get("depth")
    return depth if isinstance(depth, int) and 0 <= depth <= 64 else None

"""What the author of a statement that cannot be read may have meant, as changes to its text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from itertools import takewhile
from typing import NamedTuple

from netdsl.core.text import text
from netdsl.language.recovery.messages import WINDOW, SyntaxFault, quoted
from netdsl.language.recovery.patched_text import Change, Draft
from netdsl.language.recovery.torch_order import IsTorchOrder, never
from netdsl.language.statements import TAKING_PATHS


class Repair(NamedTuple):
    """Changes that may make a draft readable, and what to tell the author."""

    message: str
    changes: tuple[Change, ...]

    @property
    def reach(self) -> int:
        """Where the changed draft must be readable up to for the repair to be one."""
        start, _, text = min(self.changes)
        return start + len(text)


Meaning = Callable[[re.Match[str]], "str | None"]
"""What should stand in the place of a match's first group; None where that is not known."""

_SIZE_SIGNS = "x×✕✖⨯∗*X"
_QUOTES = "'‘’‚‛`´“”„‟«»"
_UNITS = {"K": "k", "m": "M", "g": "G", "b": "G", "B": "G"}
_TWO_NUMBERS = re.compile(r"([\w.]+)\s*[\s(]\s*\d+(\s*,\s*)\d+\s*(?=,|\)|$)")
"""`conv(3, 32, …)` and `conv 3, 32, …`: as torch has it, the sizes in and out, a flow here."""

_INPUT = re.compile(r"input\s*\(?\s*\d+(?:\s*,\s*\d+)+\s*\)?\s*$")

_OPERAND = r"(?:[\w.]+|\([^()]*\))"


def repairs(draft: Draft, problem: SyntaxFault, is_torch_order: IsTorchOrder = never) -> Iterator[Repair]:
    """The repairs worth trying, the likeliest first."""
    yield from _input(draft.text)
    for pattern, meaning in _RULES:
        for match in _around(pattern, draft.text, problem):
            meant = meaning(match)
            if meant is not None:
                yield _repair(match, meant)
    yield from _call(draft.text, problem, is_torch_order)
    yield from _commas(draft.text, problem, is_torch_order)
    yield from _parentheses(draft.text, problem)


def _around(pattern: re.Pattern[str], text: str, problem: SyntaxFault) -> Iterator[re.Match[str]]:
    """The matches that reach over the place of a problem; bodies are not theirs to change."""
    at = problem.start
    for match in pattern.finditer(text, max(0, at - WINDOW), at + WINDOW):
        covers = match.start() <= at < match.end() or match.end() == at == len(text)
        if covers and "{" not in match.group(1):
            yield match


def _repair(match: re.Match[str], meant: str) -> Repair:
    change = Change(match.start(1), match.end(1), meant)
    if not meant:
        return Repair(text("delete {found}", found=quoted(match[1].strip())), (change,))
    if not meant.strip():
        return Repair("write a space", (change,))
    if match[1]:
        return Repair(text("write `{meant}`", meant=meant.strip()), (change,))
    behind = match.string[match.end(1) : match.end()].split()[0].rstrip("=")
    return Repair(text("write `{meant}` before `{behind}`", meant=meant.strip(), behind=behind), (change,))


def _always(text: str) -> Meaning:
    return lambda _: text


def _size(match: re.Match[str]) -> str | None:
    """`3×32×32`, and where it cannot be arithmetic `3*32*32`."""
    if "*" in match[1] and not re.match(r"input\b", match.string):
        return None
    return "x".join(re.split(rf"\s*[{_SIZE_SIGNS}]\s*", match[1]))


def _elements(match: re.Match[str]) -> str | None:
    """`(3, 5)` is a size, `[3, 5]` and anything with a fraction a list."""
    elements = re.findall(r"[^\s,]+", match[1][1:-1])
    if not elements or not all(re.fullmatch(r"-?[\w.]+", element) for element in elements):
        return None
    whole = match[1][0] == "(" and all(re.fullmatch(r"-?\d+", element) for element in elements)
    return ("x" if whole else ",").join(elements)


def _path(match: re.Match[str]) -> str | None:
    path = match[1]
    named = re.match(r"\w+", match.string)
    rooted = re.match(r"\.{1,2}[/\\]|/\w|~|[A-Za-z]:", path)
    is_taken = named is not None and named[0] in TAKING_PATHS
    return f'"{path}"' if is_taken or rooted or re.search(r"\.[A-Za-z]\w*$", path) else None


def _plain(match: re.Match[str]) -> str | None:
    """The ASCII that a character of another keyboard stands for; nothing for one that cannot be seen."""
    folded = unicodedata.normalize("NFKC", match[1])
    folded = "".join("-" if unicodedata.category(char) == "Pd" or char == "−" else char for char in folded)
    seen = "".join(char for char in folded if unicodedata.category(char) != "Cf")
    return (seen if seen.strip() or not seen else " ") if seen.isascii() else None


_RULES: tuple[tuple[re.Pattern[str], Meaning], ...] = tuple(
    (re.compile(pattern), meaning)
    for pattern, meaning in (
        (r"\bcompile\s*=\s*(max-autotune|reduce-overhead)\b", lambda match: match[1].replace("-", "_")),
        (r"(=\s*>|→|⇒|⟶|➝|➔|[—–−]\s*>|-\s+>|-+>>?)", _always("->")),
        (r"(==+|:=)", _always("=")),
        (r"(=<|≤|≦|⩽|<\s*=?)", _always("<=")),
        (r"(≥|≧|⩾|(?<![-=])>\s*=?)", _always(">=")),
        (rf"([{_QUOTES}][^{_QUOTES}\"\n]*[{_QUOTES}])", lambda match: f'"{match[1][1:-1]}"'),
        (r'(")\s*$', _always("")),
        (r'("[^"\n]*)$', lambda match: match[1].rstrip() + '"'),
        (rf"((?:-?\d+|\b[A-Z])(?:\s*[{_SIZE_SIGNS}]\s*(?:-?\d+|[A-Z]\b))+)", _size),
        (r"\b[A-Za-z](\d+(?:[,*×X]\d+)+)", lambda match: re.sub(r"[,*×X]", "x", match[1])),
        (r"^[^\W\d][\w.]*.*?[\s=](\([^][(){}]*,[^][(){}]*\)|\[[^][(){}]*\])", _elements),
        (r"^()[^\W\d]\w*\s*=(?=\s*[^\s=])", _always("let ")),
        (r"([\w.~:\\/-]*[\\/][\w.~:\\/-]*)", _path),
        (r"\b[^\W\d]\w*(\s*[:：]\s*)(?=\S)", _always("=")),
        (r"(\d+(?:_\d+)+)", lambda match: match[1].replace("_", "")),
        (r"(\d[\d.]*[KmgbB])\b", lambda match: match[1][:-1] + _UNITS[match[1][-1]]),
        (rf"({_OPERAND}(?:\s*(?://|[-*/+%])\s*{_OPERAND})+\))", lambda match: f"({match[1]}"),
        (rf"({_OPERAND}(?:\s*(?://|[-*/+%])\s*{_OPERAND})+)", lambda match: f"({match[1]})"),
        (r"([^\x00-\x7f]+|[\x00-\x1f\x7f])", _plain),
        (r"(?<=[\s=])(\+)(?=[\d.])", _always("")),
        (r'\bas\s+("[^\W\d]\w*")', lambda match: match[1][1:-1]),
        (r"\b(as\s+[^\W\d]\w*\s+[^{}]+)$", lambda match: " ".join([*match[1].split()[2:], *match[1].split()[:2]])),
        (
            r"^[^\W\d][\w.]*(\s+[^{}]*?\s+(?:[\d?][\w.]*\s*)?->\s*[\w.?]+)",
            lambda match: re.sub(r"^\s+(.*?)\s+((?:[\d?][\w.]*\s*)?->.*)", r" \2 \1", match[1]),
        ),
    )
)


def _input(line: str) -> Iterator[Repair]:
    """`input 1, 28, 28` and `input (1, 28, 28)`, one size in another writing."""
    if not _INPUT.match(line):
        return
    numbers = re.findall(r"\d+", line)
    start = re.search(r"[\s(]*\d", line).start()  # type: ignore[union-attr]  # the pattern has a number
    sizes = "x".join(numbers)
    yield Repair(text("write `input {sizes}`", sizes=sizes), (Change(start, len(line.rstrip()), f" {sizes}"),))


def _call(text: str, problem: SyntaxFault, is_torch_order: IsTorchOrder) -> Iterator[Repair]:
    """`conv(3, 32, k=5)`, as every other language has it."""
    match = re.compile(r"([\w.]+)\(").match(text)
    if not match or problem.start < match.end() - 1:
        return
    closing = _closing(text, match.end())
    if closing is None or closing < problem.start or "{" in text[:closing]:
        return
    found = _separating(text, match.end(), closing)
    commas = [Change(at, at + 1, "" if text[at + 1].isspace() else " ") for at in found]
    if flow := _flow(text, match.end(), closing, is_torch_order):
        commas[0] = flow
    empty = closing == match.end()
    message = "delete `()`" if empty else "write the arguments after a space and without commas: `conv 3->32 k5`"
    space = "" if empty else " "
    yield Repair(message, (Change(match.end() - 1, match.end(), space), *commas, Change(closing, closing + 1, "")))


def _flow(text: str, start: int, end: int, is_torch_order: IsTorchOrder) -> Change | None:
    """Writes `->` between the first two of a layer's arguments, where they are its sizes in and out."""
    match = _TWO_NUMBERS.match(text)
    if not match or text.find("->") >= 0:
        return None
    arguments = [part.strip() for part in re.split(r"[,\s]\s*", text[start:end]) if part.strip()]
    numbers = sum(1 for _ in takewhile(str.isdigit, arguments))
    given = {name for part in arguments if (name := part.partition("=")[0]) != part}
    shorts = {short.group(1) for part in arguments if (short := re.fullmatch(r"([A-Za-z])\d+", part))}
    is_flow = is_torch_order(match[1], numbers, given | shorts)
    return Change(*match.span(2), "->") if is_flow else None


def _closing(text: str, start: int) -> int | None:
    depth = 1
    for match in re.compile(r"[()]").finditer(text, start):
        depth += 1 if match.group() == "(" else -1
        if not depth:
            return match.start()
    return None


def _separating(text: str, start: int, end: int) -> Iterator[int]:
    """The commas that stand in no bracket of their own."""
    depth = 0
    for match in re.compile(r'"[^"\n]*"|[][(),]').finditer(text, start, end):
        sign = match.group()
        depth += (sign in "[(") - (sign in "])")
        if sign == "," and not depth:
            yield match.start()


def _commas(text: str, problem: SyntaxFault, is_torch_order: IsTorchOrder) -> Iterator[Repair]:
    """`k5, p2`, and the list `0.5, 0.5`; all of a statement's commas are one mistake."""
    at = problem.start
    if text[at : at + 1] == "=":
        before = text.rfind(",", 0, at)
        if before >= 0 and re.fullmatch(r",\w+\s*", text[before:at]):
            yield Repair("write a space instead of `,`", (Change(before, before + 1, " "),))
    if text[at : at + 1] != ",":
        return
    lists = re.compile(r",\s+(?=-?\d*\.\d)")
    if re.search(r"\d*\.\d+$", text[max(0, at - WINDOW) : at]) and lists.match(text, at):
        spaces = tuple(Change(match.start() + 1, match.end(), "") for match in lists.finditer(text, at))
        yield Repair("write the list without spaces", spaces)
    commas = [comma for comma in _separating(text, at, len(text)) if text[comma + 1 : comma + 2].strip() == ""]
    blanks = [Change(comma, comma + 1, "") for comma in commas] or [Change(at, at + 1, " ")]
    name = re.match(r"[\w.]+\s+", text)
    flow = _flow(text, name.end(), len(text), is_torch_order) if name else None
    if flow and flow.start <= at < flow.end:
        message = "write `->` between the sizes, and separate the other arguments by spaces alone"
        yield Repair(message, (flow, *(change for change in blanks if change.start >= flow.end)))
    yield Repair("separate arguments by spaces alone", tuple(blanks))


def _parentheses(text: str, problem: SyntaxFault) -> Iterator[Repair]:
    if "RPAR" in problem.expected and ")" not in text[problem.start :]:
        end = len(text[: problem.start].rstrip())
        yield Repair("write `)`", (Change(end, end, ")"),))
    if text[problem.start : problem.start + 1] == ")" and text.count(")") > text.count("("):
        yield Repair("delete `)`", (Change(problem.start, problem.start + 1, ""),))

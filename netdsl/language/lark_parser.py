"""Lark, wrapped: the grammar is compiled once, and what cannot be read comes back as a value."""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from zlib import crc32

import lark
from lark.common import LexerConf
from lark.exceptions import UnexpectedInput, UnexpectedToken
from lark.lexer import ContextualLexer
from lark.parsers.lalr_analysis import Shift
from lark.parsers.lalr_parser_state import ParserState

from netdsl.core.files import user_cache
from netdsl.core.source import Source
from netdsl.language.syntax import File, Statement
from netdsl.language.tree_builder import TreeBuilder

if TYPE_CHECKING:
    from netdsl.language.recovery.patched_text import Draft

GRAMMAR = Path(__file__).with_name("grammar.lark")

ITEM_SIGNS = {"ARROW", "COMMA", "EQUAL", "RELATION"}
"""What may follow only some of a statement's items."""


class Unread(NamedTuple):
    """Where reading stopped: at a character that begins no word of the language, a word out of place, the end, or a
    negative number glued to what stands before it.

    `expected` holds the grammar's terminals that could have followed.
    """

    kind: Literal["character", "word", "end", "glued"]
    at: int
    expected: frozenset[str] = frozenset()


class StatementLexer(ContextualLexer):
    """Looks for the words that may stand where the parser is; all places for an item of a statement share one pattern.

    To compile a pattern takes as long as to read a hundred layers. The signs that only some of these places take begin
    as nothing else does there, so that they hide no other word; the parser still refuses them in the other places.
    """

    def __init__(
        self, conf: LexerConf, states: Mapping[int, Collection[str]], always_accept: Collection[str] = ()
    ) -> None:
        taken = {state: {*accepts} & conf.terminals_by_name.keys() for state, accepts in states.items()}
        super().__init__(
            conf,
            {state: accepts | ITEM_SIGNS if "HOLED_SHORT" in accepts else accepts for state, accepts in taken.items()},
            always_accept,
        )


class Engine(threading.local):
    """Lark with a tree builder, one for each thread: the builder remembers which text it is reading."""

    def __init__(self) -> None:
        self._builder = TreeBuilder()
        self._lark = _load(self._builder)

    def file(self, source: Source) -> File | None:
        """The tree of a text without mistakes."""
        tree: File | Unread = self._parse(source, source.text, 0, "start", explains=False)
        return None if isinstance(tree, Unread) else tree

    def statement(self, draft: Draft, *, explains: bool = True) -> Statement | Unread:
        """The tree of one statement, its bodies left empty; else where reading stopped, and if asked what could follow.

        What could follow takes longer to find out than to read.
        """
        source, offset = (Source("", draft.text), 0) if draft.repaired else (draft.source, draft.starts[0])
        found: Statement | Unread = self._parse(source, draft.text, offset, "statement", explains)
        return found if isinstance(found, Unread) or not draft.repaired else draft.relocated(found)

    def _parse(self, source: Source, text: str, offset: int, start: str, explains: bool) -> Any:
        builder = self._builder
        builder.begin(source, offset)
        try:
            tree = self._lark.parse(text, start=start)
        except UnexpectedToken as error:
            # `expected` has every terminal of the parser's state, and not all of them lead on.
            expected = leading_on(error.state) or frozenset(error.expected) if explains else frozenset[str]()
            ended = error.token.type == "$END"
            return Unread("end", len(text), expected) if ended else Unread("word", error.pos_in_stream or 0, expected)
        except UnexpectedInput as error:
            return Unread("character", error.pos_in_stream or 0, frozenset(getattr(error, "allowed", ())))
        if builder.misplaced:
            return _misplaced(min(builder.misplaced, key=lambda path: path.start_pos or 0), text)
        return Unread("glued", builder.glued[0]) if builder.glued else tree


def leading_on(state: ParserState[int]) -> frozenset[str]:
    """The terminals that the parser can take: the `accepts` of lark, which copies a parser for each terminal."""
    here = state.parse_conf.states[state.position]
    return frozenset(name for name in here if name.isupper() and _leads_on(name, state))


def _leads_on(terminal: str, state: ParserState[int]) -> bool:
    """Whether the rules that a terminal ends are followed by a place for it."""
    states, stack = state.parse_conf.states, list(state.state_stack)
    while terminal in states[stack[-1]]:
        action, found = states[stack[-1]][terminal]
        if action is Shift:
            return True
        stack = stack[: len(stack) - len(found.expansion)]
        _, after = states[stack[-1]][found.origin.name]
        stack.append(after)
    return terminal == "$END" and stack[-1] == state.parse_conf.end_state


def _misplaced(path: lark.Token, text: str) -> Unread:
    """A path without quotes where none can stand, as what it is without them: arithmetic, or no word."""
    start = path.start_pos or 0
    slash = path.value.find("/")
    if slash < 0:
        return Unread("character", start + max(path.value.find(":"), 0))
    expected = {"NAME", "NUMBER", "STRING", "SHORT", *(() if text[:start].endswith("=") else ("_SEPARATOR",))}
    return Unread("word", start + slash, frozenset(expected))


@cache
def engine() -> Engine:
    """The engine of this process."""
    return Engine()


class TablesFile(str):
    """The name of Lark's cache file, which counts as the same option wherever the file lies.

    Lark takes no file whose digest of the options is another, and the name is one of them: a file that was moved into
    its place was made anew by the next process.
    """

    def __str__(self) -> str:
        return ""


def _load(builder: TreeBuilder) -> lark.Lark:
    """Lark for our grammar: from its cache file in 2 ms, from the grammar in 25 ms."""
    grammar = GRAMMAR.read_text(encoding="utf-8")
    # The name holds all that the tables depend on, so that no cache is ever out of date.
    name = f"tables-{crc32(grammar.encode()):08x}-lark-{lark.__version__}.cache"
    try:
        path = user_cache() / "netdsl" / name
    except RuntimeError:  # a user without a home
        return _lark(grammar, builder, cache_file=None)
    if os.path.exists(path):  # unlike the path's own method, False where one may not look
        return _lark(grammar, builder, path)
    # Lark writes its cache in place: another process must not read half of it.
    draft = path.with_suffix(f".{os.getpid()}")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
    parser = _lark(grammar, builder, draft)
    with suppress(OSError):
        draft.replace(path)
    return parser


def _lark(grammar: str, builder: TreeBuilder, cache_file: Path | None) -> lark.Lark:
    return lark.Lark(
        grammar,
        parser="lalr",
        start=["start", "statement"],
        maybe_placeholders=True,
        transformer=builder,
        cache=TablesFile(cache_file) if cache_file else False,
        _plugins={"ContextualLexer": StatementLexer},
    )

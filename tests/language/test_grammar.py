import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import lark
import pytest
from lark.lexer import ContextualLexer

from netdsl.core.source import Source
from netdsl.language import lark_parser, parser
from netdsl.language.parser import parse
from netdsl.language.recovery import statement_parser
from tests.soundness.texts import write

GRAMMAR = files("netdsl.language").joinpath("grammar.lark").read_text(encoding="utf-8")


def test_the_grammar_has_no_conflict() -> None:
    pytest.importorskip("interegular")
    lark.Lark(GRAMMAR, parser="lalr", start=["start", "statement"], maybe_placeholders=True, strict=True)


def test_places_that_share_a_pattern_are_read_as_if_each_had_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = [Source("x", write(number)) for number in range(1, 200) if number % 25]
    shared = list(map(parse, sources))
    monkeypatch.setattr(lark_parser, "StatementLexer", ContextualLexer)
    plain = lark_parser.Engine()
    for module in (parser, statement_parser):
        monkeypatch.setattr(module, "engine", lambda: plain)
    assert list(map(parse, sources)) == shared


def test_what_leads_on_is_what_lark_finds() -> None:
    parser, found = lark.Lark(GRAMMAR, parser="lalr", start="statement", maybe_placeholders=True), []
    for line in (line for number in range(1, 40) for line in write(number).splitlines()):
        try:
            parser.parse(line)
        except lark.UnexpectedToken as error:
            found.append((lark_parser.leading_on(error.state), error.accepts))
        except lark.UnexpectedCharacters:
            pass
    assert len(found) > 100
    assert [pair for pair in found if pair[0] != pair[1]] == []


def read_in(home: Path) -> None:
    script = (
        "from netdsl.core.source import Source; from netdsl.language.parser import parse\n"
        "print(parse(Source('x', 'a b')))"
    )
    environment = {"HOME": str(home), "XDG_CACHE_HOME": str(home), "LOCALAPPDATA": str(home)}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Name(text='b')" in done.stdout


def test_the_next_process_takes_the_tables_of_the_first(tmp_path: Path) -> None:
    read_in(tmp_path)
    (cache,) = tmp_path.rglob("tables-*.cache")
    made = cache.stat()
    read_in(tmp_path)
    again = cache.stat()
    assert (again.st_ino, again.st_mtime_ns) == (made.st_ino, made.st_mtime_ns)


def test_a_spoilt_cache_is_written_anew(tmp_path: Path) -> None:
    read_in(tmp_path)
    (cache,) = tmp_path.rglob("tables-*.cache")
    whole = cache.read_bytes()
    for spoilt in (b"", b"no cache at all", whole[: len(whole) // 2]):
        cache.write_bytes(spoilt)
        read_in(tmp_path)
    assert [path.name for path in tmp_path.rglob("tables-*")] == [cache.name]


@pytest.mark.parametrize("name", ["file", "a" * 5000])
def test_a_home_that_cannot_be_written_is_no_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("not a folder")
    read_in(tmp_path / name)

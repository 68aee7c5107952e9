import subprocess
import sys
from pathlib import Path

import pytest

from netdsl.core.source import Source
from netdsl.language.formatter import format_source
from netdsl.language.parser import parse
from tests.effort import most_calls

FULL = 4 * 1024 * 1024


def times(part: str, size: int = FULL) -> str:
    return part * (size // len(part.encode("utf-8", "replace")))


REFUSED = {
    "opening parentheses": (times("("), "NET401"),
    "opening braces": (times("{"), "NET401"),
    "opening bodies": (times("a {"), "NET401"),
    "opening bodies on lines": (times("a {\n"), "NET401"),
    "65 bodies": ("a {" * 65, "NET402"),
    "65 bodies on lines": ("a {\n" * 65 + "}\n" * 65, "NET402"),
    "65 parentheses": ("a " + "(" * 65 + "1" + ")" * 65, "NET402"),
    "NUL": (times("\0"), "NET401"),
    "NUL on lines": (times("\0\n"), "NET401"),
    "one NUL": ("conv \0 3", "NET001"),
    "a surrogate": ("conv \ud800 3", "NET001"),
    "surrogates": (times("\ud800\n"), "NET401"),
    "wide characters": ("層" * (FULL // 3 + 1), "NET401"),
    "one byte too many": (" \n" * (FULL // 2) + " ", "NET401"),
    "statements": (times("relu\n"), "NET401"),
    "statements on long lines": (times("a;" * 30_000 + "\n"), "NET401"),
    "30,001 statements": ("a\n" * 30_001, "NET401"),
    "200,001 numbers and signs": (("a " + "1," * 30_000 + "1\n") * 4, "NET401"),
    "closing braces": (times("}\n", 400_000), "NET003"),
    "four MiB of closing braces": (times("}\n"), "NET401"),
    "a closing parenthesis": (")", "NET002"),
    "an unclosed text": ('use "' + "a" * 60_000, "NET001"),
    "quotes": (times('"\n', 60_000), "NET001"),
    "mistakes": (times("a =\n", 120_000), "NET002"),
    "mistakes on one line": ("conv " + "k==3 " * 10_000, "NET002"),
    "mistakes that look mendable": (times("conv(3, 32, k==(3, 5))\n", 200_000), "NET002"),
    "commas": ("a " + "1, " * 5_000, "NET002"),
    "comments of another language": (times(" // )\n", 180_000), "NET002"),
    "slashes": ("a " + "//" * 30_000 + ")", "NET001"),
    "a carriage return": ("conv 3\rrelu", "NET001"),
}
READ = {
    "newlines": times("\n"),
    "blank lines": times(" \r\n"),
    "comments": times("#\n", 1_000_000),
    "a BOM and CRLF": "\ufeff" + times("conv 3->32\r\n", 100_000),
    "a huge integer": "conv " + "9" * 60_000,
    "a huge size": "conv " + "9x" * 30_000 + "9",
    "64 bodies": "a {" * 64 + "}" * 64,
    "64 parentheses": "a " + "(" * 64 + "1" + ")" * 64,
    "parentheses on many lines": "a (1)\n" * 100,
}


@pytest.mark.parametrize("name", REFUSED)
def test_hostile_texts_are_refused_at_once(name: str) -> None:
    text, code = REFUSED[name]
    with most_calls(3_000_000):  # a third of a second
        _, diagnostics = parse(Source("x", text))
    assert diagnostics[0].code == code
    assert len(diagnostics) <= 1001


@pytest.mark.parametrize("name", READ)
def test_odd_texts_are_read_at_once(name: str) -> None:
    with most_calls(5_000_000):
        assert parse(Source("x", READ[name]))[1] == []


def test_a_long_list_is_read_and_formatted() -> None:
    text = "a " + ",".join(["0.5"] * 10_000) + "\n"
    assert format_source(Source("x", text)) == (text, [])


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak where Linux keeps it")
def test_memory_stays_small() -> None:
    script = (
        "from netdsl.language.parser import parse; from netdsl.core.source import Source\n"
        "for part in ('(', '}\\n', 'a {\\n', '\\0\\n', '#\\n'):\n"
        "    parse(Source('x', part * (4 * 1024 * 1024 // len(part))))\n"
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=100)
    assert int(done.stdout) < 500_000  # kB; getrusage would count what the parent took before the fork

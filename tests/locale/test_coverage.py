"""What commands print comes from the catalogue: where every text of it stands in ⟦brackets⟧, nothing else has words."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from netdsl.checker import check
from netdsl.cli import netdsl
from netdsl.cli.shared.language import localize
from netdsl.core import translation
from netdsl.core.source import Source
from netdsl.plugins.registry import load_registry
from netdsl.render.vocabulary import names
from tests.locale.messages import messages

EXAMPLES = Path(__file__).parents[2] / "examples"
MISTAKES = Path(__file__).parents[1] / "golden" / "checker"
BROKEN = "input 3x8x8\nconv 8 k99; relu; rellu; linear x; flatten\nloss foo\ndata digits batch=0\nlet a=1"

COMMANDS = [
    ["--help"],
    *(
        [name, "--help"]
        for name in ("bench", "check", "completion", "data", "draw", "eval", "export", "fix", "fmt", "generate")
    ),
    *([name, "--help"] for name in ("import", "layers", "look", "lsp", "new", "play", "plugins", "predict")),
    *([name, "--help"] for name in ("report", "run", "runs", "shapes")),
    ["check", "-e", BROKEN],
    ["check", "--explain", "all"],
    ["check", "--explain", "NET201"],
    ["check", "absent.net"],
    ["check", "--bad"],
    ["check", "--format", "foo"],
    ["lsp", "one", "two"],
    ["run", "--epochs", "x"],
    ["predict"],
    ["new", "net"],
    ["export", "--to"],
    ["import", "absent:net"],
    ["data", "-e", "data digits", "--no-grid"],
    ["layers"],
    ["layers", "conv"],
    ["layers", "train"],
    ["layers", "optimizers"],
    ["layers", "nothing"],
    ["plugins"],
    ["shapes", "-e", "input 3xHxW; repeat 3 { conv 3 k3 p1; relu }"],
    ["shapes", "--explain", str(EXAMPLES / "tudui.net")],
]

BRACKETED = re.compile("⟦[^⟦⟧]*⟧")
CROPPED = re.compile("⟦[^⟦⟧\n]*$", re.MULTILINE)
CODE = re.compile(
    r"`[^`\n]*`|--?[\w-]+|[\w.-]*[/.]\w[\w./-]*|NET\d+|<\w+>|\b\d*(x\w+)+|^ *\d* \|.*$|Usage.*$", re.MULTILINE
)
"""What every language writes alike: code, options, paths, codes, and lines of a source."""

PLACEHOLDER = re.compile(r"\[?[A-Z][A-Z_.]+\]?|[a-z_|]*\|[a-z_|]*|\S*=\S*")
"""What stands for a value: FILE, `a|b`, `stride=1`."""


class Bracketed:
    """A catalogue that puts every text that it has into brackets."""

    def __init__(self) -> None:
        found = messages()
        self.known = {one if isinstance(one, str) else one[0] for one in found}

    def gettext(self, message: str) -> str:
        """The text in brackets, if it is one of the catalogue's."""
        return f"⟦{message}⟧" if message in self.known else message

    def ngettext(self, one: str, many: str, n: int) -> str:
        """The same for a number of things."""
        return self.gettext(one) if n == 1 else f"⟦{many}⟧" if one in self.known else many


@pytest.fixture(scope="module")
def bracketed() -> Bracketed:
    return Bracketed()


@pytest.fixture
def _in_brackets(bracketed: Bracketed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translation, "_spoken", bracketed)
    # click keeps the option `--help` that it has made once: no test before this one or after it may share it.
    for command in _all_commands():
        monkeypatch.setattr(command, "_help_option", None, raising=False)
    for module in (click.core, click.decorators, click.formatting):  # it asks gettext, which this test leaves alone
        monkeypatch.setattr(module, "_", bracketed.gettext)


def _all_commands() -> Iterator[click.Command]:
    yield netdsl
    context = click.Context(netdsl)
    for name in netdsl.list_commands(context):
        command = netdsl.get_command(context, name)
        assert command is not None
        yield command
        yield from command.commands.values() if isinstance(command, click.Group) else ()


@pytest.fixture(scope="module")
def language() -> set[str]:
    """The names of the language, which are the same in all languages, and the program's own."""
    registry = load_registry(installed=False)
    parameters = (one.parameters for kind in registry.components.values() for one in kind.values())
    shorts = (layer.shorts for layer in registry.layers.values())
    return {
        *names(registry),
        *(name for some in (*parameters, *shorts) for name in some),
        *netdsl.list_commands(click.Context(netdsl)),
        *("netdsl", "true", "false", "none", "kernel", "out", "net", "plugin"),
    }


@pytest.mark.usefixtures("_in_brackets")
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_says_nothing_beside_the_catalogue(command: list[str], language: set[str]) -> None:
    said = CliRunner().invoke(localize(netdsl), command, prog_name="netdsl").output
    assert "⟦" in said
    assert [word for word in _words_beside(said) if word not in language] == []


@pytest.mark.usefixtures("_in_brackets")
def test_a_mistake_is_told_in_words_of_the_catalogue(language: set[str]) -> None:
    """What a message is filled with has no words of its own that only English would have."""
    found, registry = set(), load_registry(installed=False)
    for path in sorted(MISTAKES.rglob("*.net")):
        for one in check(Source(path.name, path.read_text("utf-8")), registry, folder=MISTAKES)[1]:
            texts = (
                one.message,
                one.caption,
                one.help,
                one.fix and one.fix.message,
                *(label.text for label in one.labels),
            )
            for said in map(translation.translate, filter(None, texts)):
                found |= {(path.name, word, said) for word in _words_beside(said) if word not in language}
    assert not found, "\n".join(map(str, sorted(found)))


def _words_beside(said: str) -> list[str]:
    """The words that stand outside all brackets, code and placeholders left aside."""
    for bracketed in (BRACKETED, CROPPED):
        while bracketed.search(said):
            said = bracketed.sub("", said)
    return re.findall(r"[A-Za-z]\w{2,}", PLACEHOLDER.sub("", CODE.sub("", said)))

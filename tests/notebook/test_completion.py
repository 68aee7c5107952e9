"""What Tab offers in a cell below `%%net`."""

from __future__ import annotations

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell


@pytest.fixture(scope="module")
def shell(bare_shell: InteractiveShell) -> InteractiveShell:
    for magic in ("load_ext", "reload_ext"):
        bare_shell.run_line_magic(magic, "netdsl")
    return bare_shell


def complete(shell: InteractiveShell, cell: str) -> list[str]:
    """The cells that Tab may make of this one, whose cursor is `|`."""
    text, offset = cell.replace("|", ""), cell.index("|")
    with provisionalcompleter():
        found = list(shell.Completer.completions(text, offset))
    return [text[: one.start] + one.text + text[one.end :] for one in found]


@pytest.mark.parametrize(
    ("cell", "completed"),
    [
        ("%%net\nmaxp|", "%%net\nmaxpool"),
        (
            "%%net lenet --set a=1\ninput 3x8x8\nconv 8 ker|; relu",
            "%%net lenet --set a=1\ninput 3x8x8\nconv 8 kernel_size=; relu",
        ),
        ("%%net\nconv 8 k3 padding_mode=|", "%%net\nconv 8 k3 padding_mode=zeros"),
        ("%%net\ndata di|", "%%net\ndata digits"),
        ("%%net\ninput 3x8x8\n\nconv 8 k3; re|\nlinear 10", "%%net\ninput 3x8x8\n\nconv 8 k3; relu\nlinear 10"),
    ],
)
def test_a_word_of_the_language_is_completed(shell: InteractiveShell, cell: str, completed: str) -> None:
    found = complete(shell, cell)
    assert completed in found
    assert len(found) == len(set(found))


@pytest.mark.parametrize("cell", ["maxp|", "%%timeit\nmaxp|", "%%nets\nmaxp|", "%%net maxp|"])
def test_other_cells_are_left_alone(shell: InteractiveShell, cell: str) -> None:
    assert not any("maxpool" in one for one in complete(shell, cell))

"""The table of the nets of a textbook: what the page says is what `python -m tests.benchmarks.course` would write."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.book_lines import count_book
from tests.benchmarks.course import HEADS, Outcome, make_table
from tests.benchmarks.course_nets import ROWS
from tests.docs.blocks import ROOT

PAGE = '''
```{.python .input}
%%tab mxnet, pytorch
%matplotlib inline
class Net(Base):  #@save
    """A net."""
    def __init__(self):
        # two layers
        if tab.selected('mxnet'):
            self.net = 1
            self.add(2)

        if tab.selected('pytorch'):
            self.net = (1,
                        2)
```
```{.python .input}
%%tab all
@d2l.add_to_class(Net)
def forward(self, x):
    return x
net = Net()
```
```{.python .input}
%%tab jax
class Net:
    pass
```
'''


@pytest.mark.parametrize("language", HEADS)
def test_the_table_in_the_page_has_the_rows_of_the_script(language: str) -> None:
    page = (ROOT / "docs" / f"compared{language}.md").read_text(encoding="utf-8")
    assert make_table([Outcome(row, bool(row.net), bool(row.net)) for row in ROWS], language) in page


@pytest.mark.parametrize(
    ("names", "library", "lines"),
    [("Net", "pytorch", 6), ("Net", "mxnet", 6), ("Net, net", "pytorch", 7), ("Net", "jax", 4)],
)
def test_what_counts_in_the_book(tmp_path: Path, names: str, library: str, lines: int) -> None:
    (tmp_path / "net.md").write_text(PAGE)
    assert count_book(tmp_path / "net.md", names, library) == lines


def test_what_the_book_does_not_have_is_named(tmp_path: Path) -> None:
    (tmp_path / "net.md").write_text(PAGE)
    with pytest.raises(LookupError, match="does not have Old"):
        count_book(tmp_path / "net.md", "Net, Old")

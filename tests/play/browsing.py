"""What the page of a server and the page without one are both asked to do in a real browser."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

CHOSEN = "document.getElementById(document.getElementById('source').getAttribute('aria-activedescendant'))"


@contextmanager
def serving(folder: Path, *arguments: str) -> Iterator[str]:
    """The link of a page that is served; close it before the server ends, which it would complain of."""
    command = [sys.executable, "-m", "netdsl", "play", *arguments, "--no-browser", "--port", "0", "--no-plugins"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            found = re.match(r"http://127\.0\.0\.1:\d+/#token=\S+", server.stdout.readline())
            assert found is not None
            yield found.group()
        finally:
            server.terminate()
            _, errors = server.communicate(timeout=120)
            assert "Traceback" not in errors, errors


PLACE = """() => {
    const { left, top } = document.querySelector("#overlay .activation").getBoundingClientRect();
    return [left, top];
}"""
"""Where the first activation is written, asked at once: the layer of colours is drawn anew with each answer."""


def until(page: Any, expression: str, seconds: float = 180, pause: float = 0.05) -> None:
    """Waits until an expression holds, with so many seconds between two looks.

    The page's own policy forbids what playwright would do.
    """
    end = monotonic() + seconds
    while not page.evaluate(expression):
        assert monotonic() < end, (expression, page.inner_text("body"))
        sleep(pause)


def write_with_help(page: Any) -> None:
    """Writes a line behind rare characters, with what is offered and explained at the cursor."""
    source = page.locator("#source")
    page.fill("#source", "")
    source.press_sequentially("# 网 🙂\nconv 1->4 k3; maxp")
    until(page, f"{CHOSEN}?.querySelector('b').textContent === 'maxpool'")
    source.press("ArrowDown")
    source.press("ArrowUp")
    source.press("Enter")
    assert page.input_value("#source") == "# 网 🙂\nconv 1->4 k3; maxpool"
    until(page, "document.getElementById('completions').hidden")
    source.press("F1")
    until(page, "document.querySelector('#explanation pre')?.textContent.startsWith('maxpool')")
    source.press_sequentially(" 2\ndata ")
    source.press("Control+Space")
    until(page, "document.getElementById('completions').textContent.includes('digits')")
    source.press("Escape")
    assert page.is_hidden("#completions")


def point_at_words(page: Any) -> None:
    """Rests the pointer on a word behind rare characters, and asks about another by keyboard."""
    page.fill("#source", "# 🙂 网\nconv 3->8 k3 p1; relu\n")
    until(page, "document.querySelector('#overlay .activation') && document.querySelector('#overlay .hint')")
    left, top = page.evaluate(PLACE)
    page.mouse.move(left + 4, top + 4)
    until(page, "!document.getElementById('hover').hidden")
    assert "relu" in page.inner_text("#hover pre")
    assert "→" in page.inner_text("#hover b")
    page.keyboard.press("Escape")
    assert page.is_hidden("#hover")
    page.evaluate("document.getElementById('source').setSelectionRange(8, 8)")
    page.locator("#source").press("F1")
    until(page, "document.getElementById('told').textContent.includes('3xHxW → 8xHxW')")

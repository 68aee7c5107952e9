"""What the page of a server and the page without one are both asked to do in a real browser."""

from __future__ import annotations

from time import monotonic, sleep
from typing import Any

CHOSEN = "document.getElementById(document.getElementById('source').getAttribute('aria-activedescendant'))"


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
    until(page, "document.querySelector('#explanation pre').textContent.startsWith('maxpool')")
    source.press_sequentially(" 2\ndata ")
    source.press("Control+Space")
    until(page, "document.getElementById('completions').textContent.includes('digits')")
    source.press("Escape")
    assert page.is_hidden("#completions")

"""How wide a text is where no font can be asked.

The widths are those of DejaVu Sans, in thousandths of the type size. Helvetica and Arial, which the pictures ask for
first, are narrower: a box that holds the text in DejaVu Sans holds it in these too.
"""

from __future__ import annotations

from functools import lru_cache
from unicodedata import combining, east_asian_width

FIRST = 32
REGULAR = (
    "318 401 460 838 636 950 780 275 390 390 500 838 318 361 318 337 636 636 636 636 636 636 636 636 636 636 337 337 "
    "838 838 838 531 1000 684 686 698 770 632 575 775 752 295 295 656 557 863 748 787 603 787 695 635 611 732 684 989 "
    "685 611 685 390 337 390 838 500 500 613 635 550 635 615 352 635 634 278 278 579 278 974 634 612 635 635 411 521 "
    "392 634 592 818 592 592 525 636 337 636 838"
)
BOLD = (
    "348 456 521 838 696 1002 872 306 457 457 523 838 380 415 380 365 696 696 696 696 696 696 696 696 696 696 400 400 "
    "838 838 838 580 1000 774 762 734 830 683 683 821 837 372 372 775 637 995 837 850 733 850 770 720 682 812 774 1103 "
    "771 724 725 457 365 457 838 500 500 675 716 593 716 678 435 716 712 343 343 665 343 1042 712 687 716 716 493 595 "
    "478 712 652 924 645 652 582 712 365 712 838"
)
MARKS = {"·": 380, "⌊": 457, "⌋": 457, "⌈": 457, "⌉": 457}
"""Characters of formulas that are narrower than others outside ASCII; their widths are those of the bold font."""

OTHER = 1050


def _table(widths: str) -> dict[str, int]:
    return {chr(FIRST + place): int(width) for place, width in enumerate(widths.split())} | MARKS


TABLES = {False: _table(REGULAR), True: _table(BOLD)}


@lru_cache(maxsize=4096)  # between two key presses nearly all words of a picture stay
def measure(text: str, size: float, *, bold: bool = False) -> float:
    """The width of a line of text at a type size, in the same unit; never less than what DejaVu Sans takes."""
    table = TABLES[bold]
    return sum(table.get(character) or _other(character) for character in text) * size / 1000


def crop_to(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """The text, cut with an ellipsis where it would be wider than the room."""
    if measure(text, size, bold=bold) <= room:
        return text
    table, kept = TABLES[bold], 0
    width = table.get("…") or _other("…")
    for character in text:
        width += table.get(character) or _other(character)
        if width * size / 1000 > room:
            break
        kept += 1
    return f"{text[:kept].rstrip()}…"


def _other(character: str) -> int:
    """What a character outside the table takes: nothing where it stands on another one."""
    if combining(character):
        return 0
    return 1000 if east_asian_width(character) in "WF" else OTHER

"""Python's search for garbage, in a process that answers one question after the other."""

from __future__ import annotations

import gc

THRESHOLDS = (100_000, 20, 20)
"""New objects between two searches, and searches of each generation between two of the next."""


def spare_searches() -> None:
    """Has the searches leave out what is there now, and come seldom.

    What a process has imported stays, and an answer is nearly free of circles: at every key press Python would look
    through all of it several times.
    """
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)

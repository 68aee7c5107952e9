"""Ctrl-C and SIGTERM, as something that the loop looks at when it suits."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

WATCHED = (signal.SIGINT, signal.SIGTERM)


class StopSignal:
    """A context in which the first Ctrl-C or SIGTERM is noted in `number`; the second acts as it would have.

    With `patient` the second does nothing either: a launcher passes on what the terminal has sent already. Outside the
    main thread, where Python delivers no signals, nothing is noted.
    """

    def __init__(self, *, patient: bool = False) -> None:
        self.number: int | None = None
        self._patient = patient
        self._before: dict[int, Any] = {}

    def __enter__(self) -> StopSignal:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._note) for number in WATCHED}
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()

    def _note(self, number: int, _: FrameType | None) -> None:
        self.number = self.number or number
        if not self._patient:
            self._restore()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

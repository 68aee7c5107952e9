"""Connections with limits: a program that opens many, or sends a request bit by bit, does not keep the page out.

uvicorn waits without end for the headers of a request. Here they have some seconds to come. Where there are too many
connections, the one that has waited longest for its request makes room, so that the page, which sends its requests at
once, is answered in the midst of a flood.
"""

from __future__ import annotations

import asyncio
from typing import cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


class LimitedProtocol(H11Protocol):
    """HTTP on one connection.

    Args:
        most: so many connections may be open; a page has less than ten.
        patience: seconds that the headers of a request may take to come.
    """

    most = 100
    patience = 5.0

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Waits for the first request; one that has waited longest makes room for it."""
        super().connection_made(transport)
        self._await_headers()
        if len(self.connections) > self.most:
            others = cast("set[LimitedProtocol]", self.connections)
            waiting = [one for one in others if one._deadline is not None and not one.transport.is_closing()]
            # Where every other one is being answered, this one goes: no deadline comes later than its own.
            min(waiting, key=lambda one: one._deadline.when() if one._deadline else 0.0).transport.abort()

    def data_received(self, data: bytes) -> None:
        """Reads on. A request whose headers are there has all the time that its guard gives it."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_waiting()
        elif self._deadline is None and self.conn.trailing_data[0]:  # the next request of the connection has begun
            self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Waits no more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _await_headers(self) -> None:
        self._deadline = self.loop.call_later(self.patience, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

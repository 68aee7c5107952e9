"""Who may ask the server: the page that it has opened itself, and no other page or program.

Any page of the internet can have a browser send requests to 127.0.0.1, and a name of its own can lead there. So every
request must be addressed to this address (`Host`), come from this page (`Origin`), and know the token, which is in the
link alone. The token travels in a header that no form and no image can set; nothing is kept in a cookie.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from secrets import compare_digest
from typing import TYPE_CHECKING

from netdsl.core.text import text

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST = 1024 * 1024
"""The longest body of a request, in bytes."""

PATIENCE = 10.0
"""Seconds in which a request has to be there as a whole."""

GUARDED = "/api/"
"""Below this path the token is asked for; everything else is the page itself, which is no secret."""

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""What each response says: nothing is loaded from elsewhere, and nobody frames the page."""


class Guard:
    """An application behind its guard.

    Args:
        application: what is guarded.
        token: what a request has to know.
        hosts: what `Host` may say: `127.0.0.1:8642`, `localhost:8642`.
        patience: seconds that a body may take to come.
    """

    def __init__(self, application: ASGIApp, *, token: str, hosts: frozenset[str], patience: float = PATIENCE) -> None:
        self._application, self._token, self._hosts, self._patience = application, token, hosts, patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets a request through, or says why not."""
        if scope["type"] == "lifespan":
            await self._application(scope, receive, send)
            return
        if scope["type"] != "http":  # there is no web socket here
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if refused := self._refuse(scope, headers):
            await _respond(send, *refused)
            return
        try:
            body = await asyncio.wait_for(_read(receive), self._patience)
        except TimeoutError:
            await _respond(send, 408, text("the request did not come to its end in {limit:g} s", limit=self._patience))
            return
        if body is None:
            await _respond(send, 413, text("a request holds {limit} MiB at most", limit=LARGEST >> 20))
            return
        handed: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive_read() -> Message:
            return handed.pop() if handed else await receive()

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
                message = {**message, "headers": [*message.get("headers", ()), *own]}
            await send(message)

        await self._application(scope, receive_read, send_guarded)

    def _refuse(self, scope: Scope, headers: Mapping[str, str]) -> tuple[int, str] | None:
        """The status and the reason of a refusal."""
        if headers.get("host") not in self._hosts:
            return 421, text("this server answers to its own address alone")
        origin = headers.get("origin")
        if origin is not None and origin.removeprefix("http://") not in self._hosts:
            return 403, text("this server answers its own page alone")
        if headers.get("sec-fetch-site") not in (None, "same-origin", "none"):
            return 403, text("this server answers its own page alone")
        if scope["method"] not in ("GET", "HEAD", "POST"):
            return 405, text("only GET and POST are answered")
        if not scope["path"].startswith(GUARDED):
            return None
        given = headers.get("authorization", "").removeprefix("Bearer ")
        if not compare_digest(given.encode(), self._token.encode()):
            return 401, text("the link is not complete: open the one that `netdsl play` prints")
        if scope["method"] == "POST" and headers.get("content-type", "").partition(";")[0] != "application/json":
            return 415, text("a request is JSON")
        return None


async def _read(receive: Receive) -> bytes | None:
    """The body of a request; None where it goes on beyond the limit, whatever it says of its length."""
    body = b""
    while len(body) <= LARGEST:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body if len(body) <= LARGEST else None
    return None


async def _respond(send: Send, status: int, problem: str) -> None:
    body = json.dumps({"problem": problem}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers += [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

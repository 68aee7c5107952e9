"""The server under requests that no browser sends, over real sockets."""

import asyncio
import json
from contextlib import asynccontextmanager, suppress

import pytest

pytest.importorskip("uvicorn", reason="needs the extra `play`")

import uvicorn

from netdsl.play.application import Playground, make_application
from netdsl.play.checking import Checker
from netdsl.play.connections import LimitedProtocol
from netdsl.play.server import bind
from netdsl.play.session import RunSession
from netdsl.play.worker import Worker
from netdsl.play.workspace import Workspace

MOST = 12


class Impatient(LimitedProtocol):
    most = MOST
    patience = 0.5


@asynccontextmanager
async def serving(folder, protocol=Impatient):
    """The port of a whole server, in this process."""
    playground = Playground(
        Workspace(folder), Checker(folder, plugins=False), RunSession(folder, Worker("netdsl.play.learning", folder))
    )
    with bind(0) as listening:
        port = listening.getsockname()[1]
        application = make_application(playground, token="secret", hosts=frozenset({f"127.0.0.1:{port}"}))
        server = uvicorn.Server(uvicorn.Config(application, http=protocol, log_level="critical", ws="none"))
        running = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            yield port
        finally:
            server.should_exit = True
            await running


async def send(port, *pieces, end=False):
    """What the server says to some bytes, until it hangs up or has answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        if end:
            writer.write_eof()
        return await asyncio.wait_for(reader.read(65536), 30)
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def is_answered(port):
    """Whether a page is served as ever."""
    found = await send(port, f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    return found.startswith(b"HTTP/1.1 200 OK")


def test_half_a_request_is_given_up_and_the_page_is_answered_meanwhile(tmp_path):
    async def act():
        async with serving(tmp_path) as port:
            begun = b"GET / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nX-Slow: " % port
            waiting = [asyncio.create_task(send(port, begun)) for _ in range(8)]
            silent = asyncio.create_task(send(port))
            await asyncio.sleep(0.1)
            assert await is_answered(port)
            assert set(await asyncio.gather(*waiting, silent)) == {b""}

    asyncio.run(act())


def test_headers_that_come_bit_by_bit_have_no_more_time(tmp_path):
    async def act():
        async with serving(tmp_path) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)

            async def trickle():
                for byte in b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X: y\r\n" * 1000:
                    writer.write(bytes([byte]))
                    await asyncio.sleep(0.05)

            writing = asyncio.create_task(trickle())
            try:
                found = await asyncio.wait_for(reader.read(), 30)
            except ConnectionError:
                found = b""
            writing.cancel()
            writer.close()
            assert found == b""

    asyncio.run(act())


def test_a_second_request_that_comes_bit_by_bit_has_no_more_time(tmp_path):
    async def act():
        async with serving(tmp_path) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            host = f"Host: 127.0.0.1:{port}\r\n"
            writer.write(f"GET /icon.svg HTTP/1.1\r\n{host}\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split()[0])
            await reader.readexactly(length)
            writer.write(b"GET /icon.svg HTTP/1.1\r\n")
            with suppress(ConnectionError):
                assert await asyncio.wait_for(reader.read(), 30) == b""
            writer.close()

    asyncio.run(act())


def test_a_flood_of_connections_keeps_nobody_out(tmp_path):
    class Patient(LimitedProtocol):
        most = MOST
        patience = 60.0

    async def act():
        async with serving(tmp_path, Patient) as port:
            events = await asyncio.open_connection("127.0.0.1", port)
            token = f"Host: 127.0.0.1:{port}\r\nAuthorization: Bearer secret\r\n\r\n"
            events[1].write(f"GET /api/events HTTP/1.1\r\n{token}".encode())
            assert b"200 OK" in await events[0].readline()
            flood = [await asyncio.open_connection("127.0.0.1", port) for _ in range(5 * MOST)]
            for _, writer in flood[::2]:
                writer.write(b"GET / HT")
            assert await is_answered(port)
            assert not events[0].at_eof()  # the page that listens is not thrown out for it
            for _, writer in [*flood, events]:
                writer.close()

    asyncio.run(act())


HOSTILE = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(400),  # TLS
    b"\0" * 1000,
    b"GET / HTTP/0.9\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: {host}\r\nHost: evil.example\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: {host}\r\nX: " + b"x" * 200_000 + b"\r\n\r\n",
    b"GET /" + b"x" * 200_000 + b" HTTP/1.1\r\nHost: {host}\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: {host}\r\n" + b"X: y\r\n" * 50_000 + b"\r\n",
    b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nOrigin: http://evil.example\r\n\r\n",
    b"GET /../../../../etc/passwd HTTP/1.1\r\nHost: {host}\r\n\r\n",
    b"GET /%2e%2e/%2e%2e/server.py HTTP/1.1\r\nHost: {host}\r\n\r\n",
    b"GET /..%5c..%5cserver.py HTTP/1.1\r\nHost: {host}\r\n\r\n",
    b"GET /main.js%00.png HTTP/1.1\r\nHost: {host}\r\n\r\n",
    b"POST /api/ask HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /",
    b"POST /api/ask HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST /api/ask HTTP/1.1\r\nHost: {host}\r\nContent-Length: -1\r\n\r\n",
    b"POST /api/ask HTTP/1.1\r\nHost: {host}\r\nContent-Length: 99999999999999999999\r\n\r\n{}",
]


def test_what_no_browser_sends_is_refused_and_the_page_is_answered_after_it(tmp_path):
    (tmp_path / "passwd").write_text("root:")

    async def act():
        async with serving(tmp_path) as port:
            for request in HOSTILE:
                found = await send(port, request.replace(b"{host}", b"127.0.0.1:%d" % port))
                status = found[9:12].decode()
                assert status[:1] in ("", "4"), (request[:80], found[:200])
                assert b"root:" not in found
                assert b"import" not in found
                assert await is_answered(port)

    asyncio.run(act())


BODIES = [
    b"", b"null", b"[]", b"1", b'"ask"', b"{", b"\xff\xfe", b"[" * 100_000, b'{"ask": ' * 20_000, b"NaN",
    b'{"ask": "check", "text": null}', b'{"ask": "check", "text": ["a"]}', b'{"ask": "check", "text": "\\ud800"}',
    b'{"ask": "complete", "text": "relu", "place": -1}', b'{"ask": "complete", "text": "relu", "place": 1e9}',
    b'{"ask": "complete", "text": "relu", "place": 99999999999999999999}',
    b'{"ask": "apply", "text": "", "number": true}', b'{"ask": 1e999}',
    b'{"ask": "set", "text": "", "setting": "../../x", "value": 1}', b'{"ask": "check", "text": "", "depth": 1e400}',
    b'{"ask": "check", "text": "", "file": "../../../etc/passwd"}', b'{"ask": "__init__"}', b'{"ask": {"a": 1}}',
]  # fmt: skip


def test_bodies_that_no_page_sends_are_answered_in_words(tmp_path):
    async def act():
        async with serving(tmp_path) as port:
            for body in BODIES:
                head = f"POST /api/ask HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer secret\r\n"
                head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
                found = await send(port, head.encode(), body)
                status = found[9:12].decode()
                assert status in ("200", "400"), (body[:80], found[:300])
                answer = json.loads(found.partition(b"\r\n\r\n")[2])
                assert "problem" in answer or status == "200", (body[:80], answer)
                assert "Traceback" not in str(answer)

    asyncio.run(act())

import asyncio
import socket

import pytest

pytest.importorskip("uvicorn", reason="needs the extra `play`")

from netdsl.core.errors import WrongPath
from netdsl.play.server import ADDRESS, bind


def test_answers_are_sent_at_once_and_a_browser_may_be_quicker_than_the_server():
    async def act():
        with bind(0) as listening:
            reader, writer = await asyncio.open_connection(*listening.getsockname())  # nothing accepts yet
            delayed = []

            async def answer(_, writer):
                delayed.append(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 0)
                writer.write(b"here\n")
                writer.close()

            async with await asyncio.start_server(answer, sock=listening):
                assert await reader.readline() == b"here\n"
                writer.close()
            assert delayed == [False]

    asyncio.run(act())


def test_a_port_that_is_taken_is_told():
    with bind(0) as taken, pytest.raises(WrongPath, match="cannot be used"):
        bind(taken.getsockname()[1])
    with bind(None) as other:
        assert other.getsockname()[0] == ADDRESS

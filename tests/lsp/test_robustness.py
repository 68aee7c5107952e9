"""What an editor, a plugin or a text does wrong: the server says so in the log, and goes on."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pygls", reason="an extra of netdsl")
from click.testing import CliRunner
from lsprotocol import types as lsp

from netdsl.cli import netdsl
from netdsl.editor import Reading
from netdsl.lsp import server as served
from netdsl.lsp.server import NetServer, make_server
from tests.editor.texts import registry

COMMAND = [sys.executable, "-m", "netdsl", "lsp"]
INITIALIZE = {"id": 1, "method": "initialize", "params": {"processId": None, "rootUri": None, "capabilities": {}}}
URI = "untitled:a"
PATIENCE = 120
"""Seconds that a busy machine may take."""

END: list[dict[str, Any]] = [{"id": 100, "method": "shutdown"}, {"method": "exit"}]


def opening(text: str, uri: str = URI) -> dict[str, Any]:
    document = {"uri": uri, "languageId": "netdsl", "version": 1, "text": text}
    return {"method": "textDocument/didOpen", "params": {"textDocument": document}}


def asking(number: int, uri: str = URI) -> dict[str, Any]:
    everything = {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}}
    params = {"textDocument": {"uri": uri}, "range": everything}
    return {"id": number, "method": "textDocument/inlayHint", "params": params}


def framed(message: dict[str, Any] | bytes) -> bytes:
    body = message if isinstance(message, bytes) else json.dumps({"jsonrpc": "2.0", **message}).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def parted(written: bytes) -> Iterator[dict[str, Any]]:
    while written:
        head, _, rest = written.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split()[0])
        yield json.loads(rest[:length])
        written = rest[length:]


def talk(*messages: dict[str, Any] | bytes, options: tuple[str, ...] = ("--no-plugins",)) -> list[dict[str, Any]]:
    """What a server answers to messages, which end it."""
    sent = b"".join(map(framed, [INITIALIZE, {"method": "initialized", "params": {}}, *messages, *END]))
    ran = subprocess.run([*COMMAND, *options], input=sent, capture_output=True, timeout=PATIENCE, check=False)
    assert ran.returncode == 0, ran.stderr.decode()
    return list(parted(ran.stdout))


def labels(answers: list[dict[str, Any]], number: int) -> list[str]:
    (result,) = (one["result"] for one in answers if one.get("id") == number)
    return [hint["label"] for hint in result]


def test_wrong_messages_are_logged_and_the_next_is_answered() -> None:
    place = {"line": 1 << 30, "character": 1 << 30}
    wrong_way = {"start": {"line": 5, "character": 9}, "end": {"line": 0, "character": 1}}
    answers = talk(
        opening("input 8\nlinear 4\n"),
        b"{no json",
        {"id": 2, "method": "textDocument/nothing", "params": {}},
        {"id": 3, "method": "textDocument/hover", "params": {"x": 1}},
        {"id": 4, "method": "textDocument/hover", "params": {"textDocument": {"uri": URI}, "position": place}},
        {"id": 5, "method": "textDocument/hover", "params": {"textDocument": {"uri": "%%"}, "position": place}},
        {
            "id": 6,
            "method": "workspace/executeCommand",
            "params": {"command": "netdsl.draw", "arguments": ["untitled:b"]},
        },
        {
            "method": "textDocument/didChange",
            "params": {
                "textDocument": {"uri": URI, "version": 2},
                "contentChanges": [{"range": wrong_way, "text": "relu\n"}],
            },
        },
        {"method": "textDocument/didClose", "params": {"textDocument": {"uri": "untitled:never"}}},
        asking(7),
    )
    assert "→ 4" in labels(answers, 7)
    by_number = {one["id"]: one for one in answers if "id" in one}
    assert by_number[4]["result"] is None
    assert by_number[5]["result"] is None
    assert by_number[2]["error"]["code"] == -32601
    logged = [one["params"]["message"] for one in answers if one.get("method") == "window/logMessage"]
    assert any("JSONDecodeError" in message for message in logged)
    said = [one["params"]["message"] for one in answers if one.get("method") == "window/showMessage"]
    assert said == ["`untitled:b` is not open"]


@pytest.mark.parametrize("sent", [b"", framed(INITIALIZE), b"Content-Length: 99\r\n\r\n{"])
def test_a_client_that_goes_away_ends_the_server(sent: bytes) -> None:
    ran = subprocess.run(COMMAND, input=sent, capture_output=True, timeout=PATIENCE, check=False)
    assert ran.returncode == 0


PLUGIN = """
from netdsl import hookimpl
from netdsl.components import Result, call, layer

print("a plugin that talks")

@layer("plugin")
def twice(x):
    '''Doubles.'''
    print("and talks")
    return Result(x, call("torch.nn:Identity"))

@layer("plugin")
def fails(x):
    '''Fails.'''
    raise ZeroDivisionError("on purpose")

@hookimpl
def netdsl_layers():
    return [twice, fails]
"""


def test_a_plugin_of_a_file_is_used_and_may_talk_and_fail(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(PLUGIN, encoding="utf-8")
    options = ("--no-plugins", "--plugin", str(tmp_path / "mine.py"))
    answers = talk(opening("input 8\ntwice\nlinear 4\n"), asking(2), opening("input 8\nfails\n", "untitled:b"),
                   asking(3, "untitled:b"), options=options)  # fmt: skip
    assert labels(answers, 2) == ["→ 8", "8->", "→ 4"]
    assert labels(answers, 3) == []


def make() -> tuple[NetServer, list[str]]:
    """A server that writes into a list."""
    server, logged = make_server(registry()), []
    server.log = lambda message, kind=lsp.MessageType.Log: logged.append(message)  # type: ignore[method-assign]
    return server, logged


def test_a_handler_that_fails_is_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    server, logged = make()
    server.documents.open(URI, "input 8\nlinear 4\n", 1)
    handler = server.protocol.fm.features[lsp.TEXT_DOCUMENT_HOVER]
    params = lsp.HoverParams(lsp.TextDocumentIdentifier(URI), lsp.Position(1, 1))
    assert isinstance(handler(params), lsp.Hover)

    def fail(reading: Reading, offset: int) -> None:
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr(served, "hover", fail)
    assert handler(params) is None
    assert "netdsl fails to answer `textDocument/hover`" in logged[0]
    assert "ZeroDivisionError: on purpose" in logged[0]
    monkeypatch.undo()
    assert isinstance(handler(params), lsp.Hover)


def test_mistakes_are_sent_once_the_keys_rest() -> None:
    server, _ = make()
    sent: list[lsp.PublishDiagnosticsParams] = []
    server.text_document_publish_diagnostics = sent.append  # type: ignore[method-assign]

    async def type_quickly() -> None:
        opened = server.documents.open(URI, "", 0)
        for version, text in enumerate(("c", "co", "con", "conv", "conv 3->8 k3"), 1):
            server.documents.change(URI, [lsp.TextDocumentContentChangeWholeDocument(text)], version)
            server.schedule(opened)
        while not sent:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)  # the mistakes of the other versions would come now

    asyncio.run(type_quickly())
    assert [(one.version, one.diagnostics) for one in sent] == [(5, [])]


class Channel:
    """Takes what a server writes, and keeps nothing."""

    def write(self, written: bytes) -> None:
        assert written

    def close(self) -> None:
        pass


def test_nothing_is_kept_of_the_messages_that_are_done() -> None:
    server, _ = make()
    server.protocol.set_writer(Channel())
    identifier = lsp.TextDocumentItem(URI, "netdsl", 1, "input 8")

    async def type_on() -> None:
        server.protocol.handle_message(lsp.InitializeRequest(1, lsp.InitializeParams(lsp.ClientCapabilities())))
        opened = lsp.DidOpenTextDocumentParams(identifier)
        server.protocol.handle_message(lsp.DidOpenTextDocumentNotification(opened))
        for version in range(2, 50):
            change = lsp.TextDocumentContentChangeWholeDocument("relu\n" * version)
            params = lsp.DidChangeTextDocumentParams(lsp.VersionedTextDocumentIdentifier(version, URI), [change])
            server.protocol.handle_message(lsp.DidChangeTextDocumentNotification(params))
        while (opened := server.opened(URI)) is None or opened.version < 49 or server.protocol._request_futures:
            await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(type_on(), PATIENCE))


def test_one_editor_is_served_over_tcp() -> None:
    process = subprocess.Popen([*COMMAND, "--no-plugins", "--tcp", "0"], stderr=subprocess.PIPE)
    try:
        assert process.stderr is not None
        port = int(process.stderr.readline().partition(b"127.0.0.1:")[2].partition(b";")[0])
        end = time.monotonic() + PATIENCE
        while True:
            try:
                channel = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
                break
            except OSError:
                assert time.monotonic() < end
                time.sleep(0.1)
        with channel:
            messages = [INITIALIZE, opening("input 8\nlinear 4\n"), asking(2)]
            channel.sendall(b"".join(map(framed, messages)))
            received = b""
            while b'"id": 2' not in received or not received.endswith(b"}"):
                received += channel.recv(65536)
        assert labels(list(parted(received)), 2) == ["8->", "→ 4"]
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


@pytest.mark.skipif(os.name != "posix", reason="Windows sends no such signals")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_server_as_shells_expect(number: int, status: int) -> None:
    process = subprocess.Popen([*COMMAND, "--no-plugins"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(framed(INITIALIZE))
    process.stdin.flush()
    assert process.stdout.readline()  # it serves
    process.send_signal(number)
    assert process.wait(timeout=PATIENCE) == status
    process.communicate()


def test_a_port_that_is_taken_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = CliRunner().invoke(netdsl, ["lsp", "--no-plugins", "--tcp", str(taken.getsockname()[1])])
    assert result.exit_code == 1
    assert "error: " in result.output
    assert "Traceback" not in result.output


def test_without_pygls_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("netdsl.lsp")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pygls.lsp.server", None)
    result = CliRunner().invoke(netdsl, ["lsp"])
    assert result.exit_code == 1
    assert result.output == (
        'error: the language server needs pygls, which cannot be imported\nhelp: `pip install "netdsl[lsp]"`\n'
    )

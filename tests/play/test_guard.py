import asyncio
import json

import pytest

pytest.importorskip("starlette", reason="needs the extra `play`")

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from netdsl.play.guard import LARGEST, Guard

HOST = "127.0.0.1:8642"
GOOD = {"host": HOST, "authorization": "Bearer secret", "content-type": "application/json"}


async def echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(await request.body())


@pytest.fixture
def client():
    application = Starlette(routes=[Route("/api/echo", echo, methods=["POST", "GET"]), Route("/", echo)])
    return TestClient(Guard(application, token="secret", hosts=frozenset({HOST, "localhost:8642"})))


def test_the_page_itself_is_let_through(client):
    response = client.post("/api/echo", content="{}", headers={**GOOD, "origin": f"http://{HOST}"})
    assert (response.status_code, response.text) == (200, "{}")
    assert client.get("/", headers={"host": HOST}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example:8642"}, 421),  # a name that leads to 127.0.0.1
        ({"host": "127.0.0.1"}, 421),
        ({"host": ""}, 421),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "https://127.0.0.1:8642"}, 403),
        ({"origin": "http://127.0.0.1:9999"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"authorization": "Bearer other"}, 401),
        ({"authorization": ""}, 401),
        ({"authorization": "Bearer sécret".encode()}, 401),
        ({"content-type": "text/plain"}, 415),  # what a form of another page may send without being asked
    ],
)
def test_others_are_refused(headers, status, client):
    response = client.post("/api/echo", content="{}", headers={**GOOD, **headers})
    assert response.status_code == status
    assert response.json()["problem"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods_are_refused(method, client):
    assert client.request(method, "/api/echo", headers=GOOD).status_code == 405


def test_a_body_has_a_limit_whatever_it_says_of_its_length(client):
    def pieces():
        for _ in range(40):
            yield b"x" * (LARGEST // 20)

    assert client.post("/api/echo", content=pieces(), headers=GOOD).status_code == 413
    assert client.post("/api/echo", content=b"x" * (LARGEST + 1), headers=GOOD).status_code == 413


def test_a_body_that_does_not_come_to_its_end_is_given_up():
    sent = []

    async def application(scope, receive, send):
        raise AssertionError("it was let through")

    async def trickle():
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def send(message):
        sent.append(message)

    headers = [(name.encode(), value.encode()) for name, value in GOOD.items()]
    scope = {"type": "http", "method": "POST", "path": "/api/echo", "headers": headers}
    asyncio.run(Guard(application, token="secret", hosts=frozenset({HOST}), patience=0.1)(scope, trickle, send))
    assert sent[0]["status"] == 408
    assert "did not come to its end" in json.loads(sent[1]["body"])["problem"]


def test_nothing_may_be_loaded_from_elsewhere(client):
    policy = client.get("/", headers={"host": HOST}).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert json.loads(client.post("/api/echo", headers={"host": HOST}).text)["problem"]

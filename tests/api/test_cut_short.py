"""Requests whose client cuts them short, sends too much in pieces, or leaves: seen from the server's side of ASGI."""

import asyncio
import logging

import pytest

from ara.api.shell import Shell

SCOPE = {
    "type": "http", "method": "POST", "path": "/api/v1/predict", "scheme": "http", "query_string": b"",
    "headers": [(b"content-type", b"application/json")],
}  # fmt: skip


class Line:
    """What a server gives an application of one request, and what it is told."""

    def __init__(self, *messages) -> None:
        self.messages = asyncio.Queue()
        for one in messages:
            self.messages.put_nowait(one)
        self.told = []

    async def send(self, message) -> None:
        self.told.append(message)

    @property
    def status(self) -> int:
        return self.told[0]["status"] if self.told else 0

    async def ask(self, app, seconds: float = 60.0, **more) -> None:
        await Shell(app, most=10, seconds=seconds)({**SCOPE, **more}, self.messages.get, self.send)


def part(body: bytes):
    return {"type": "http.request", "body": body, "more_body": False}


def begun(body: bytes):
    return {**part(body), "more_body": True}


LEFT = {"type": "http.disconnect"}


async def never(scope, receive, send):
    raise AssertionError("nobody asked for this")


@pytest.mark.parametrize(
    ("messages", "status", "words"),
    [
        ([begun(b"{"), LEFT], 400, b"cut short"),
        ([begun(b"[1,2,"), begun(b"3,4,5"), part(b"]")], 413, b"more than 10 bytes"),
    ],
)
async def test_a_body_that_ends_too_soon_or_never_gets_to_no_route(messages, status, words):
    line = Line(*messages)
    await line.ask(never)
    assert line.status == status
    assert words in line.told[1]["body"]


async def test_who_leaves_is_answered_no_more_and_the_work_for_them_ends(caplog):
    caplog.set_level(logging.INFO, "ara.api")
    heard = []

    async def app(scope, receive, send):
        heard.append(await receive())
        try:
            await asyncio.sleep(3600)
        finally:
            heard.append(await receive())

    line = Line(part(b"{}"), part(b""), LEFT)
    await line.ask(app)
    assert heard == [part(b"{}"), LEFT]
    assert line.told == []
    assert "POST unknown 499" in caplog.text


async def test_who_leaves_while_they_are_answered_is_noted_by_what_they_were_told(caplog):
    caplog.set_level(logging.INFO, "ara.api")

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.sleep(3600)

    line = Line(part(b"{}"), LEFT)
    await line.ask(app)
    assert (line.status, len(line.told)) == (200, 1)
    assert "POST unknown 200" in caplog.text


async def test_an_answer_that_never_ends_is_cut_off_in_time(caplog):
    caplog.set_level(logging.INFO, "ara.api")

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.sleep(3600)

    line = Line(part(b"{}"), *[part(b"")] * 3)  # a server that says again and again that the body has ended
    await line.ask(app, seconds=0.2)
    assert len(line.told) == 1
    silent = Line(part(b"{}"))
    await silent.ask(lambda *_: asyncio.sleep(3600), seconds=0.01)
    assert silent.status == 504


async def test_what_fails_in_the_middle_of_an_answer_is_left_to_the_server():
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"deprecation", b"no")]})
        raise RuntimeError("inside")

    line = Line(part(b"{}"))
    with pytest.raises(RuntimeError, match="inside"):
        await line.ask(app)
    assert len(line.told) == 1


async def test_over_tls_every_answer_says_to_come_so_again():
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 204})

    line = Line(part(b"{}"))
    await line.ask(app, scheme="https")
    assert (b"strict-transport-security", b"max-age=63072000; includeSubDomains") in line.told[0]["headers"]

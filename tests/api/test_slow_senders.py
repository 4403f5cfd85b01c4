"""Senders who take their time: heads and bodies byte by byte, heads without end; nobody else waits for them."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest
import uvicorn

from ara.api import create
from ara.api.heads import PromptLine
from ara.settings import Settings

MANY = 150


class Prompt(PromptLine):
    """A line with little patience."""

    seconds = 1.0


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    home = tmp_path_factory.mktemp("slow")
    asked = {"home": str(home), "store.url": f"sqlite:///{home / 'ara.db'}", "data.providers": "sample"}
    ready = threading.Event()
    app = create(Settings.load({**asked, "api.seconds": "1", "jobs.inside": "0"}), ready=ready.set)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, http=Prompt))
    with socket.create_server(("127.0.0.1", 0), backlog=512) as ear:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [ear]}, daemon=True)
        thread.start()
        assert ready.wait(120)
        yield ear.getsockname()[1]
        server.should_exit = True
        thread.join(60)


def line(port: int, sent: bytes) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port), timeout=60)
    made.sendall(sent)
    return made


def said(one: socket.socket) -> bytes:
    """Read all that is said until the line is closed."""
    parts = []
    while part := one.recv(65_536):
        parts.append(part)
    return b"".join(parts)


@pytest.mark.parametrize("sent", [b"", b"GET /health HT", b"GET /health HTTP/1.1\r\nHost: x\r\nX-A: 1\r\n"])
def test_half_a_head_is_hung_up_on_and_nobody_waits_for_it(port: int, sent: bytes):
    with ExitStack() as stack:
        slow = [stack.enter_context(line(port, sent)) for _ in range(MANY)]
        assert httpx.get(f"http://127.0.0.1:{port}/health", timeout=60).status_code == 200
        for one in slow:
            assert said(one).startswith(b"HTTP/1.1 408 ")


def test_a_head_that_trickles_is_hung_up_on(port: int):
    with line(port, b"GET /health HTTP/1.1\r\n") as one:
        one.settimeout(0.1)
        for number in range(600):
            try:
                one.sendall(b"X-%d: 1\r\n" % number)
                if one.recv(1000).startswith(b"HTTP/1.1 408 "):
                    return
            except TimeoutError:
                continue
            except OSError:
                return
    pytest.fail("nobody hung up")


def test_a_head_without_end_is_refused(port: int):
    with line(port, b"GET /health HTTP/1.1\r\nX-A: " + b"a" * 70_000) as one:
        assert said(one).startswith(b"HTTP/1.1 431 ")


def test_a_body_that_trickles_is_given_up(port: int):
    head = (
        b"POST /api/v2/forecasts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n"
    )
    with line(port, head + b'{"sym') as one:
        told = one.recv(65_536)
    assert told.startswith(b"HTTP/1.1 504 ")
    assert b"application/problem+json" in told


def test_a_line_is_kept_for_the_next_request_and_that_one_has_its_time_too(port: int):
    whole = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    with line(port, whole) as one:
        assert one.recv(65_536).startswith(b"HTTP/1.1 200 ")
        time.sleep(1.5 * Prompt.seconds)  # an idle line has a time of its own, longer than that of a head
        one.sendall(whole)
        assert one.recv(65_536).startswith(b"HTTP/1.1 200 ")
        one.sendall(whole[:10])
        assert said(one).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /health HTTP/1.1\r\nHost: x\r\nX-Request-ID: abcdefgh\r\n\tSet-Cookie: a=b\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: x\r\nX-Request-ID: abcdefgh\nSet-Cookie: a=b\r\n\r\n",
        b"GET /health%0d%0aSet-Cookie:%20a=b HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /oauth/authorize?client_id=a&redirect_uri=https://x/%0d%0aSet-Cookie:a=b HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /oauth/authorize?client_id=a&state=x%0d%0aSet-Cookie:a=b HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /docs/a%0d%0aSet-Cookie:a=b HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_nobody_writes_a_header_into_an_answer(port: int, sent: bytes):
    with line(port, sent) as one:
        head = one.recv(65_536).partition(b"\r\n\r\n")[0].lower()
    assert head.startswith(b"http/1.1 ")
    assert b"\nset-cookie:" not in head

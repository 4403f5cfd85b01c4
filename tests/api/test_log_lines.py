"""What strangers send never becomes a line of the log, nor part of one."""

import io
import json
import logging
import re
import socket
import time
from collections.abc import Iterator

import pytest

from ara.logs import configure
from ara.settings import LogSettings, Settings
from tests.api.conftest import Served

FORGED = "ERROR ara.api the house is on fire"
SENT = FORGED.replace(" ", "%20").encode()


@pytest.fixture(params=["human", "json"])
def log(request: pytest.FixtureRequest, service: Served) -> Iterator[io.StringIO]:
    root, ours = logging.getLogger(), logging.getLogger("ara")
    handlers, levels, stream = list(root.handlers), (root.level, ours.level), io.StringIO()
    configure(Settings(home=service.settings.home, log=LogSettings(format=request.param, level="info")), stream=stream)
    yield stream
    for handler in [one for one in root.handlers if one not in handlers]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(levels[0])
    ours.setLevel(levels[1])


def send(service: Served, head: bytes, body: bytes = b"") -> None:
    """Send what no client would, and read the answer."""
    host, port = service.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as line:
        lines = (head, b"Host: x", b"Connection: close", b"Authorization: Bearer " + service.key.encode())
        if body:
            lines += (b"Content-Type: application/json", b"Content-Length: %d" % len(body))
        line.sendall(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        while line.recv(65_536):
            pass


def test_no_stranger_writes_into_the_log(service: Served, log: io.StringIO):
    for end in (b"%0a", b"%0d%0a", b"%1b[2K", b"%c2%85", b"%e2%80%a8", b"%00"):
        send(service, b"GET /nowhere" + end + SENT + b" HTTP/1.1")
        send(service, b"GET /api/v1/predictions/" + end + SENT + b" HTTP/1.1")
        send(service, b"GET /api/v1/market/regime?symbol=AAPL" + end + SENT + b" HTTP/1.1")
    for strange in (b"\x0b", b"\x85", b"\x1b[2K", b"\n "):
        send(service, b"GET /health HTTP/1.1\r\nX-Request-ID: abcdefgh" + strange + FORGED.encode())
    for path, name in ((b"predict", "symbol"), (b"auth/login", "email")):
        body = {name: f"a@x.org\n{FORGED}", "password": f"correct horse\r\n{FORGED}"}
        send(service, b"POST /api/v1/" + path + b" HTTP/1.1", json.dumps(body).encode())
    send(service, b"GET /health HTTP/1.1\r\nX-Request-ID: the-last-one-0001")
    last = time.monotonic() + 60
    while "the-last-one-0001" not in log.getvalue() and time.monotonic() < last:
        time.sleep(0.05)
    lines = log.getvalue().splitlines()
    assert len([one for one in lines if "GET unknown 404" in one]) >= 6
    assert len([one for one in lines if "/api/v1/predictions/{prediction_id}" in one]) >= 6
    assert not [one for one in lines if "on fire" in one]
    for one in lines:
        assert json.loads(one) if one.startswith("{") else re.match(r"\d\d:\d\d:\d\d|\d{4}-\d\d-\d\d", one), one

"""Requests that take too long, or whose client leaves: what they began ends, and nothing of it stays."""

import json
import socket
import threading
from collections.abc import Iterator

import pytest

from ara.settings import Settings
from tests.api.conftest import Served, serve

ASKED = {"symbol": "AAPL", "days": 1, "model": "ewma_t", "include_explanations": False}
ROUTES = [
    ("POST", "/api/v1/predict", ASKED),
    ("POST", "/api/v1/predict/batch", {"symbols": ["AAPL", "MSFT"], "days": 1, "model": "ewma_t"}),
    ("POST", "/api/v2/forecasts", {"symbol": "AAPL", "days": 1, "model": "ewma_t"}),
    ("GET", "/api/v1/market/regime?symbol=AAPL", None),
    ("GET", "/api/v1/market/correlations?symbols=AAPL,MSFT", None),
    ("GET", "/api/v1/market/bars?symbol=AAPL", None),
    ("POST", "/api/v1/portfolio/optimize", {"assets": ["AAPL", "MSFT"]}),
]


class Silent:
    """A source that takes questions and never answers; it knows when who asked hangs up."""

    def __init__(self) -> None:
        self.ear = socket.create_server(("127.0.0.1", 0))
        self.asked, self.left = threading.Semaphore(0), threading.Semaphore(0)
        self.open = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def fresh(self) -> None:
        """Forget who asked and left before."""
        for _ in range(6000):
            if not self.open:
                break
            threading.Event().wait(0.01)
        assert self.open == 0
        for one in (self.asked, self.left):
            while one.acquire(blocking=False):
                pass

    def _listen(self) -> None:
        while True:
            try:
                line, _ = self.ear.accept()
            except OSError:
                return
            threading.Thread(target=self._hear, args=(line,), daemon=True).start()

    def _hear(self, line: socket.socket) -> None:
        with line:
            first = line.recv(65_536)
            if not first:
                return
            self.open += 1
            self.asked.release()
            try:
                while line.recv(65_536):
                    pass
            except OSError:
                pass
            self.open -= 1
            self.left.release()


@pytest.fixture(scope="module")
def silent() -> Iterator[Silent]:
    made = Silent()
    yield made
    made.ear.close()


def house(tmp_path_factory: pytest.TempPathFactory, silent: Silent, seconds: int) -> Settings:
    home = tmp_path_factory.mktemp("given_up")
    place = f"http://127.0.0.1:{silent.ear.getsockname()[1]}"
    source = {"data.providers": "yahoo", "data.providers.yahoo.url": place, "data.retries": "0", "data.timeout": "600"}
    return Settings.load(
        {"home": str(home), "store.url": f"sqlite:///{home / 'ara.db'}", "api.seconds": str(seconds), **source}
    )


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory, silent: Silent) -> Iterator[Served]:
    """A service that gives every request up after two seconds."""
    yield from serve(house(tmp_path_factory, silent, 2))


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory, silent: Silent) -> Iterator[Served]:
    """A service that gives no request up by itself."""
    yield from serve(house(tmp_path_factory, silent, 3600))


def nothing_stays(service: Served) -> None:
    with service.client() as client:
        for _ in range(600):  # who hung up is not waited for: what they began ends in a moment
            if not (used := client.get("/api/v1/auth/usage").json()["days"]["forecasts"]["used"]):
                break
            threading.Event().wait(0.05)
        assert used == 0
        assert client.get("/api/v1/ledger").json()["forecasts"] == []


@pytest.mark.parametrize(("method", "path", "body"), [ROUTES[0], ROUTES[1], ROUTES[3]])
def test_what_takes_too_long_is_given_up_with_all_that_it_began(hasty: Served, silent: Silent, method, path, body):
    with hasty.client(**{"Idempotency-Key": "the-same-key"} if method == "POST" else {}) as client:
        for _ in range(2):  # the key of the first is free again, or this would be a conflict
            answer = client.request(method, path, json=body)
            assert (answer.status_code, answer.json()["code"]) == (504, "timeout")
    silent.fresh()
    nothing_stays(hasty)


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
def test_whoever_hangs_up_ends_what_they_asked_for(patient: Served, silent: Silent, method, path, body):
    silent.fresh()
    host, _, port = patient.url.removeprefix("http://").partition(":")
    text = json.dumps(body).encode() if body else b""
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {patient.key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=60) as line:
        line.sendall(head.encode() + text)
        assert silent.asked.acquire(timeout=60)
    assert silent.left.acquire(timeout=60)
    nothing_stays(patient)

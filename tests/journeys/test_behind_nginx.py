"""Two services behind nginx, over one store and one Redis: any of them answers, limits count together, one may end."""

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

ROOT = Path(__file__).parents[2]
ASKED = {"symbol": "AAPL", "days": 2, "as_of": "2013-06-28", "model": "ewma_t"}

pytestmark = pytest.mark.slow


def free() -> int:
    """A port that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as ear:
        return ear.getsockname()[1]


def wait_for(there, seconds=120):
    """Wait until it is so."""
    for _ in range(seconds * 10):
        if there():
            return
        time.sleep(0.1)
    raise AssertionError("It did not come to pass.")


class Fleet:
    """Services on ports of their own, and nginx in front of them with the configuration that is deployed."""

    def __init__(self, home: Path, redis: str, program: str, count: int) -> None:
        self.home, self.program, self.port = home, program, free()
        self.environ = {
            **os.environ, "ARA_HOME": str(home / "ara"), "ARA_STORE_URL": f"sqlite:///{home / 'ara.db'}",
            "ARA_DATA_CACHE_REDIS": redis, "ARA_DATA_PROVIDERS": "sample", "ARA_API_PROXIES": "127.0.0.1/32",
            "ARA_ACCOUNTS_FREE_BURST": "100", "ARA_ACCOUNTS_FREE_PER_MINUTE": "1",
        }  # fmt: skip
        self.key = ""
        self.services = [self.begin() for _ in range(count)]
        self.nginx = self.front()

    def begin(self) -> tuple[subprocess.Popen, int]:
        """Begin a service; the first one makes the administrator."""
        command = [sys.executable, "-m", "ara", "serve", "--port", "0"]
        started = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environ, cwd=self.home
        )
        line = started.stderr.readline()
        while "Listening" not in line:
            line = started.stderr.readline()
        if not self.key:
            self.key = next(one for one in started.stdout if one.startswith("ara_")).strip()
        return started, int(re.search(r"127\.0\.0\.1:(\d+)", line)[1])

    def front(self) -> subprocess.Popen:
        """Begin nginx."""
        text = (ROOT / "deploy" / "nginx" / "ara.conf").read_text()
        servers = "\n".join(f"    server 127.0.0.1:{port} max_fails=1 fail_timeout=2s;" for _, port in self.services)
        text = re.sub(r"    server api:8000.*", servers, text).replace("listen 8080", f"listen 127.0.0.1:{self.port}")
        (self.home / "ara.conf").write_text(text)
        paths = "".join(f"{name}_temp_path {self.home}/{name};\n" for name in
                        ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))  # fmt: skip
        whole = f"daemon off;\npid {self.home}/nginx.pid;\nerror_log {self.home}/error.log;\nevents {{}}\n"
        whole += f"http {{\naccess_log off;\n{paths}include {self.home}/ara.conf;\n}}\n"
        (self.home / "nginx.conf").write_text(whole)
        started = subprocess.Popen([self.program, "-p", str(self.home), "-c", str(self.home / "nginx.conf")])
        wait_for(self.listening)
        return started

    def listening(self) -> bool:
        """Whether nginx answers."""
        with socket.socket() as line:
            return line.connect_ex(("127.0.0.1", self.port)) == 0

    def client(self, key: str | None = None) -> httpx.Client:
        """A client of nginx, the administrator's where no key is given."""
        headers = {"Authorization": f"Bearer {key or self.key}"}
        return httpx.Client(base_url=f"http://127.0.0.1:{self.port}", headers=headers, timeout=120)

    def key_of(self, email: str) -> str:
        """A key of a user."""
        command = [sys.executable, "-m", "ara", "keys", "make", email, "--json"]
        made = subprocess.run(command, env=self.environ, cwd=self.home, capture_output=True, text=True, check=True)
        return str(json.loads(made.stdout)["key"])

    def end(self) -> None:
        """End all of it."""
        self.nginx.terminate()
        for one, _ in self.services:
            one.terminate()
        for one in (self.nginx, *(one for one, _ in self.services)):
            one.communicate(timeout=60)


@pytest.fixture
def fleet(tmp_path: Path, redis_url: str, request: pytest.FixtureRequest):
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("nginx is not installed")
    made = Fleet(tmp_path, redis_url, program, request.param)
    yield made
    made.end()


@pytest.mark.parametrize("fleet", [2], indirect=True)
def test_any_process_answers_and_one_may_end_without_losing_a_request(fleet: Fleet):
    with fleet.client() as client:
        made = client.post("/api/v1/predict", json=ASKED)
        assert made.status_code == 200, made.text
        id = made.json()["prediction_id"]
        seen: Counter[int] = Counter()
        wrong: list[str] = []
        stop = threading.Event()

        def ask() -> None:
            with fleet.client() as mine:
                while not stop.is_set():
                    kept = mine.get(f"/api/v1/predictions/{id}")
                    told = mine.get("/health/detailed")
                    wrong.extend(one.text for one in (kept, told) if one.status_code != 200)
                    if not wrong:
                        seen[told.json()["process"]] += 1

        askers = [threading.Thread(target=ask) for _ in range(3)]
        for one in askers:
            one.start()
        wait_for(lambda: len(seen) == 2 or wrong)
        fleet.services[0][0].send_signal(signal.SIGTERM)
        fleet.services[0][0].wait(60)
        after = sum(seen.values())
        wait_for(lambda: sum(seen.values()) > after + 20 or wrong)
        stop.set()
        for one in askers:
            one.join(60)
        assert wrong == []
        assert client.get("/metrics").status_code == client.get("/health/metrics").status_code == 404


@pytest.mark.parametrize("fleet", [2], indirect=True)
def test_who_asks_is_who_asks_nginx_whatever_they_claim(fleet: Fleet):
    body = {"email": "nobody@example.org", "password": "not the password"}
    with fleet.client() as client:
        for number in range(7):
            told = client.post("/api/v1/auth/login", json=body, headers={"X-Forwarded-For": f"203.0.113.{number}"})
        assert told.status_code == 429
        assert int(told.headers["retry-after"]) >= 1


@pytest.mark.parametrize("fleet", [1], indirect=True)
def test_a_page_of_the_service_itself_opens_sockets_and_no_other(fleet: Fleet):
    address, headers = f"ws://127.0.0.1:{fleet.port}/ws/alerts", {"Authorization": f"Bearer {fleet.key}"}
    with connect(address, additional_headers=headers, origin=f"http://127.0.0.1:{fleet.port}") as line:
        assert json.loads(line.recv(timeout=60))["type"] == "hello"
    for foreign in ("http://127.0.0.1", f"http://127.0.0.1:{fleet.port}0", "https://other.example"):
        with pytest.raises(InvalidStatus, match="403"):
            connect(address, additional_headers=headers, origin=foreign)


@pytest.mark.parametrize("fleet", [4], indirect=True)
async def test_four_processes_let_through_what_one_bucket_holds(fleet: Fleet):
    with fleet.client() as client:
        client.post("/api/v1/auth/admin/users", json={"email": "ada@example.org", "role": "viewer", "tier": "free"})
    key = await asyncio.to_thread(fleet.key_of, "ada@example.org")
    headers = {"Authorization": f"Bearer {key}"}
    told: Counter[int] = Counter()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{fleet.port}", headers=headers, timeout=120) as client:
        began = time.monotonic()
        for answers in [await asyncio.gather(*(client.get("/api/v1/auth/me") for _ in range(40))) for _ in range(5)]:
            told.update(one.status_code for one in answers)
        took = time.monotonic() - began
    assert set(told) == {200, 429}
    assert 100 <= told[200] <= 100 + took / 60 + 1

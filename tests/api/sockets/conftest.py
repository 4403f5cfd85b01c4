"""A service with a fake live source, served with sockets as `ara serve` does."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from ara.api import create
from ara.api.sockets import UVICORN
from ara.cli.app import main
from ara.settings import Secret, Settings

__all__ = ["Live", "closed", "people", "refused", "service", "told"]


@dataclass
class Live:
    """A running service, and its administrator's key."""

    port: int
    key: str
    settings: Settings
    app: Any

    def open(self, path: str, key: str | None = "", **more: Any) -> ClientConnection:
        """Open a socket that sends a key: the administrator's by default, none for None."""
        sent = self.key if key == "" else key
        headers = {"Authorization": f"Bearer {sent}"} if sent else {}
        return connect(
            f"ws://127.0.0.1:{self.port}{path}", additional_headers=headers, compression=None, close_timeout=1, **more
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def served(settings: Settings) -> Iterator[Live]:
    """Serve in a thread."""
    told_keys: list[Secret] = []
    ready = threading.Event()
    app = create(settings, first=told_keys.append, ready=ready.set)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, **UVICORN))
    with socket.create_server(("127.0.0.1", 0)) as ear:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [ear]}, daemon=True)
        thread.start()
        assert ready.wait(120)
        key = told_keys[0].reveal() if told_keys else ""
        yield Live(ear.getsockname()[1], key, settings, app)
        server.should_exit = True
        thread.join(60)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    home: Path = tmp_path_factory.mktemp("sockets")
    asked = {
        "home": str(home), "store.url": f"sqlite:///{home / 'ara.db'}", "data.providers": "sample", "sockets.free": "2",
        "api.origins": "https://desk.example", "api.url": "https://ara.example", "sockets.beat": "1",
        "webhooks.networks": "127.0.0.0/8", "accounts.free.burst": "500", "data.online": "sample",
    }  # fmt: skip
    with served(Settings.load(asked)) as live:
        yield live


@pytest.fixture(scope="module")
def people(service: Live) -> dict[str, str]:
    """A key each of users made on the command line."""
    flags = ["--set", f"home={service.settings.home}", "--set", f"store.url={service.settings.store.url}"]
    keys = {}
    for name, role in (("ada", "trader"), ("bob", "viewer"), ("eve", "trader")):
        assert main(["users", "add", f"{name}@x.org", "--role", role, "--tier", "free", "-q", *flags]) == 0
        said = StringIO()
        with redirect_stdout(said):
            main(["keys", "make", f"{name}@x.org", "--json", *flags])
        keys[name] = json.loads(said.getvalue())["key"]
    return keys


def told(line: ClientConnection, kind: str = "") -> dict[str, Any]:
    """Give the next message of a type, others passed over; signs of life always."""
    for _ in range(100):
        one: dict[str, Any] = json.loads(line.recv(timeout=60))
        if one["type"] == kind or (not kind and one["type"] != "beat"):
            return one
    raise AssertionError(f"there came no {kind or 'message'}, but many others")


def refused(live: Live, path: str, key: str | None = "", **more: Any) -> tuple[int, dict[str, Any]]:
    """Give the problem by which a socket was refused."""
    with pytest.raises(InvalidStatus) as error:
        live.open(path, key, **more)
    return error.value.response.status_code, json.loads(bytes(error.value.response.body or b"{}"))


def closed(line: ClientConnection) -> int:
    """Read to the end, and give the code with which the socket was closed."""
    end: ConnectionClosed | None = None
    while end is None:
        try:
            line.recv(timeout=60)
        except ConnectionClosed as error:
            end = error
    assert end.rcvd is not None
    return end.rcvd.code

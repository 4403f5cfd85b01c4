"""A service on a socket of its own: the whole application, asked over HTTP."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from ara.api import create
from ara.settings import Secret, Settings


@dataclass
class Served:
    """A running service, and its administrator's key."""

    url: str
    key: str
    settings: Settings

    def client(self, key: str | None = "", **more: Any) -> httpx.Client:
        """Give a client that sends a key: the administrator's by default, none for None."""
        sent = self.key if key == "" else key
        headers = {"Authorization": f"Bearer {sent}"} if sent else {}
        return httpx.Client(base_url=self.url, headers={**headers, **more}, timeout=60)


def serve(settings: Settings) -> Iterator[Served]:
    """Serve in a thread until the test is done."""
    told: list[Secret] = []
    ready = threading.Event()
    app = create(settings, first=told.append, ready=ready.set)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, server_header=False))
    with socket.create_server(("127.0.0.1", 0)) as ear:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [ear]}, daemon=True)
        thread.start()
        assert ready.wait(120)
        yield Served(f"http://127.0.0.1:{ear.getsockname()[1]}", told[0].reveal(), settings)
        server.should_exit = True
        thread.join(60)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service that the tests of a module share."""
    home: Path = tmp_path_factory.mktemp("service")
    asked = {"home": str(home), "store.url": f"sqlite:///{home / 'ara.db'}", "data.providers": "sample"}
    few = {"accounts.free.burst": "3", "accounts.free.per_minute": "1", "accounts.pro.per_day": "2"}
    yield from serve(Settings.load({**asked, **few}))

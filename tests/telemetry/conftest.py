import gzip
import io
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from ara.settings import Secret, Settings, TelemetrySettings
from ara.telemetry import Telemetry


@dataclass
class Collector:
    """A server on this machine that keeps what is sent to it."""

    address: str = ""
    status: int = 200
    received: list[tuple[str, bytes]] = field(default_factory=list)

    def bodies(self, path: str) -> list[bytes]:
        return [body for where, body in self.received if where == path]

    def envelopes(self) -> list[list[Any]]:
        """Give the items of each envelope of Sentry: their headers and payloads, all of them JSON."""
        return [[json.loads(line) for line in body.splitlines()] for body in self.bodies("/api/7/envelope/")]


@pytest.fixture
def collector() -> Iterator[Collector]:
    kept = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.GzipFile(fileobj=io.BytesIO(body)).read()
            kept.received.append((self.path, body))
            self.send_response(kept.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        kept.address = f"127.0.0.1:{server.server_port}"
        yield kept
        server.shutdown()
        thread.join()


@pytest.fixture
def open_telemetry(collector: Collector) -> Iterator[Callable[..., Telemetry]]:
    opened: list[Telemetry] = []

    def open_it(*, prometheus: bool = False, otlp: bool = False, sentry: bool = False) -> Telemetry:
        wanted = TelemetrySettings(
            prometheus=prometheus,
            otlp_endpoint=f"http://{collector.address}/" if otlp else "",
            sentry_dsn=Secret(f"http://publickey@{collector.address}/7" if sentry else ""),
        )
        opened.append(Telemetry.open(Settings(profile="test", telemetry=wanted)))
        return opened[-1]

    yield open_it
    for telemetry in opened:
        telemetry.close()

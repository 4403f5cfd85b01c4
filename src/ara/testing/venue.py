"""A real HTTP server on this machine that answers as a script says, and fails as real ones do."""

import contextlib
import json
import socket
import threading
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Literal, Self
from urllib.parse import parse_qsl, urlsplit

from ara.errors import ValidationError

__all__ = ["FakeVenue", "Reply", "Request"]

_FAULTS: Final = ("truncated", "dropped")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the venue was asked.

    Parameters
    ----------
    method, path
        As in the request line, the path without its query.
    query
        Its parameters; the last one where a name stands twice.
    headers
        By name in small letters.
    body
        As it came.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Give the body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer of the venue.

    Parameters
    ----------
    status
        HTTP status.
    headers
        On top of Content-Length, and of Content-Type where it isn't among them.
    body
        What is sent.
    delay
        Seconds before the first byte.
    fault
        `truncated` promises the whole body and ends the connection in its middle; `dropped` ends it without a
        word.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay: float = 0.0
    fault: Literal["", "truncated", "dropped"] = ""


class FakeVenue:
    """Serves on 127.0.0.1, on a port of its own, from `with` to its end.

    Replies to one route are given in the order in which they were scripted; the last one stays. A route without a
    script is a 404.

    Examples
    --------
    >>> with FakeVenue() as venue:
    ...     venue.on("/v1/price", status=503)
    ...     venue.on("/v1/price", json={"price": 122.15})
    ...     venue.url  # give this to the provider under test
    """

    def __init__(self) -> None:
        self._scripts: defaultdict[tuple[str, str], deque[Reply]] = defaultdict(deque)
        self._requests: list[Request] = []
        self._guard = threading.Lock()
        self._ended = threading.Event()
        self._server: _Server | None = None

    def __enter__(self) -> Self:
        self._ended.clear()
        self._server = _Server(self)
        threading.Thread(target=self._server.serve_forever, args=[0.01], name="ara-venue", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._server is not None:
            self._server.end()
            self._server = None

    @property
    def url(self) -> str:
        """Where it serves, without a slash at the end."""
        if self._server is None:
            raise ValidationError("The venue serves nothing yet; use it in a with statement.")
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def requests(self) -> tuple[Request, ...]:
        """All that it was asked, in order."""
        with self._guard:
            return tuple(self._requests)

    def on(self, path: str, reply: Reply | None = None, *, method: str = "GET", json: Any = None, **parts: Any) -> None:
        """Script the next reply to a route.

        Parameters
        ----------
        path
            Without query.
        reply
            What to answer; or give its parts by keyword.
        method
            HTTP method.
        json
            Body as JSON.
        **parts
            Of a Reply.
        """
        if reply is None:
            reply = _reply(json, **parts)
        if reply.fault and reply.fault not in _FAULTS:
            raise ValidationError(f"fault is {reply.fault!r}; there are {', '.join(_FAULTS)}.")
        with self._guard:
            self._scripts[method, path].append(reply)

    def answer(self, request: Request) -> Reply:
        """Note a request and give its reply, once the reply's delay is over or the venue ends."""
        with self._guard:
            self._requests.append(request)
            script = self._scripts.get((request.method, request.path))
            reply = _NOWHERE if not script else script.popleft() if len(script) > 1 else script[0]
        if reply.delay:
            self._ended.wait(reply.delay)
        return reply


def _reply(data: Any, **parts: Any) -> Reply:
    if data is None:
        return Reply(**parts)
    headers = {"Content-Type": "application/json", **parts.pop("headers", {})}
    return Reply(body=json.dumps(data).encode(), headers=headers, **parts)


_NOWHERE: Final = _reply({"error": "there is no such route"}, status=404)


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, venue: FakeVenue) -> None:
        self.venue = venue
        self._connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def end(self) -> None:
        """Stop serving, hang up on those who keep their connection open, and wait for all that is being answered."""
        self.shutdown()
        for connection in tuple(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def handle_one_request(self) -> None:
        """Answer whatever method comes."""
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        where = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(
            method=self.command,
            path=where.path,
            query=dict(parse_qsl(where.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length),
        )
        self._give(self.server.venue.answer(request))

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: `requests` holds what came."""

    def _give(self, reply: Reply) -> None:
        if reply.fault == "dropped":
            self.close_connection = True
            return
        self.send_response(reply.status)
        for name, value in {"Content-Type": "text/plain", **reply.headers, "Content-Length": len(reply.body)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        body = reply.body if reply.fault != "truncated" else reply.body[: len(reply.body) // 2]
        if self.command != "HEAD":
            self.wfile.write(body)
        self.close_connection = self.close_connection or reply.fault == "truncated"

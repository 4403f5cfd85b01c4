"""The HTTP server under the fake venue: speaks the protocol, breaks it where a reply says so."""

import contextlib
import socket
import zlib
from collections.abc import Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from ara.testing.venue import FakeVenue, Reply

__all__ = ["Server"]


class Server(ThreadingHTTPServer):
    """Serves what a fake venue answers, each connection in a thread.

    Parameters
    ----------
    venue
        Gives the replies.
    """

    daemon_threads = False

    def __init__(self, venue: "FakeVenue") -> None:
        self.venue = venue
        self._connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Note the connection, and answer it in a thread."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection, and close it."""
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
    disable_nagle_algorithm = True
    server: Server

    def handle_one_request(self) -> None:
        """Answer whatever method comes."""
        from ara.testing.venue import Request

        try:
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
        except (ConnectionError, TimeoutError):  # the asker hung up
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: `requests` holds what came."""

    def _give(self, reply: "Reply") -> None:
        if reply.fault == "dropped":
            self.close_connection = True
            return
        body = _bomb() if reply.fault == "bomb" else reply.body
        extent = {"Connection": "close"} if reply.fault == "endless" else {"Content-Length": str(len(body))}
        packed = {"Content-Encoding": "gzip"} if reply.fault == "bomb" else {}
        usual = {"Date": self.server.venue.date(), "Content-Type": "text/plain"}
        self.send_response_only(reply.status)
        for name, value in {**usual, **reply.headers, **packed, **extent}.items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.command != "HEAD":
            for part in self._parts(reply, body):
                self.wfile.write(part)
        self.close_connection = self.close_connection or reply.fault in {"truncated", "endless"}

    def _parts(self, reply: "Reply", body: bytes) -> Iterator[bytes]:
        venue = self.server.venue
        if reply.fault == "slow":
            for place in range(len(body)):
                yield body[place : place + 1]
                if venue.wait(0.05):
                    return
        elif reply.fault == "endless":
            while not venue.wait(0):
                yield body or bytes(65_536)
        else:
            yield body[: len(body) // 2] if reply.fault == "truncated" else body


@cache
def _bomb() -> bytes:
    """Pack 256 MiB of zeros: one packed MiB behind the header, again and again, since each is flushed on its own."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    header = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return header + again * 255

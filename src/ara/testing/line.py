"""The WebSocket side of the fake venue: a real server, and one line to each who connects."""

import contextlib
import json
import threading
from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from websockets.sync.server import Server, ServerConnection

__all__ = ["Line", "LineServer"]


class Line:
    """The venue's end of one WebSocket.

    Parameters
    ----------
    connection
        The WebSocket.
    number
        How many were opened at this path before: 0 for the first, so that a script may do another thing after it.
    ended
        Set when the venue ends.
    note
        Is told what is received.
    """

    def __init__(
        self, connection: "ServerConnection", *, number: int, ended: threading.Event, note: Callable[[str], None]
    ) -> None:
        where = urlsplit(connection.request.path if connection.request else "")
        self.path = where.path
        self.query = dict(parse_qsl(where.query, keep_blank_values=True))
        self.number = number
        self._connection = connection
        self._ended = ended
        self._note = note

    def send(self, message: Any) -> None:
        """Send text or bytes as they are, anything else as JSON."""
        if not isinstance(message, (str, bytes)):
            message = json.dumps(message)
        self._connection.send(message)

    def receive(self, timeout: float = 600.0) -> Any:
        """Give the next message, JSON decoded where it is such; TimeoutError where none comes in these seconds."""
        message = self._connection.recv(timeout)
        text = message if isinstance(message, str) else message.decode()
        self._note(text)
        try:
            return json.loads(text)
        except ValueError:
            return text

    def wait(self, seconds: float) -> bool:
        """Say nothing for some seconds; give whether the venue ended meanwhile."""
        return self._ended.wait(seconds)

    def arrived(self) -> None:
        """Wait until the other side has taken in all that was sent so far: it answers a ping that comes behind it."""
        answered = self._connection.ping()
        while not (answered.wait(0.05) or self._ended.is_set()):
            continue

    def close(self, code: int = 1000, reason: str = "") -> None:
        """End the line in order, with a code and a reason."""
        self._connection.close(code, reason)

    def drop(self) -> None:
        """End the line without a word, as a broken cable does."""
        self._connection.close_socket()


class LineServer:
    """Opens a port when it is first asked for, and hands each WebSocket to the handler of its path."""

    def __init__(self) -> None:
        self._handlers: dict[str, Callable[[Line], None]] = {}
        self._counts: defaultdict[str, int] = defaultdict(int)
        self._heard: list[str] = []
        self._lines: set[ServerConnection] = set()
        self._guard = threading.Lock()
        self._ended = threading.Event()
        self._server: Server | None = None

    @property
    def heard(self) -> tuple[str, ...]:
        """All that was received, in order."""
        with self._guard:
            return tuple(self._heard)

    def on(self, path: str, handler: Callable[[Line], None]) -> None:
        """Say who answers at a path."""
        self._handlers[path] = handler

    def port(self) -> int:
        """Give the port, opened now if it wasn't."""
        from websockets.sync.server import serve

        with self._guard:
            if self._server is None:
                self._ended.clear()
                self._server = serve(self._serve, "127.0.0.1", 0, ping_interval=None, open_timeout=600, close_timeout=1)
                threading.Thread(target=self._server.serve_forever, name="ara-venue-lines", daemon=True).start()
            port: int = self._server.socket.getsockname()[1]
        return port

    def end(self) -> None:
        """Hang up on all and stop."""
        self._ended.set()
        with self._guard:
            server, self._server = self._server, None
            lines = tuple(self._lines)
        for line in lines:
            line.close_socket()
        if server is not None:
            server.shutdown()

    def _serve(self, connection: "ServerConnection") -> None:
        from websockets.exceptions import ConnectionClosed

        path = urlsplit(connection.request.path if connection.request else "").path
        candidates = [path, *(f"{path[:length]}*" for length in range(len(path), -1, -1))]
        found = next((name for name in candidates if name in self._handlers), None)
        if found is None:
            connection.close(1008, "there is no such stream")
            return
        with self._guard:
            self._lines.add(connection)
            number = self._counts[path]
            self._counts[path] += 1
        line = Line(connection, number=number, ended=self._ended, note=self._hear)
        with contextlib.suppress(ConnectionClosed, TimeoutError, OSError):
            self._handlers[found](line)
        with self._guard:
            self._lines.discard(connection)

    def _hear(self, text: str) -> None:
        with self._guard:
            self._heard.append(text)

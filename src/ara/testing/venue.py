"""A real HTTP server on this machine that answers as a script says, and fails as real ones do."""

import json
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import format_datetime
from types import TracebackType
from typing import Any, Final, Literal, Self

from ara.clock import Clock, SystemClock
from ara.errors import ValidationError
from ara.testing.line import Line, LineServer
from ara.testing.server import Server

__all__ = ["FakeVenue", "Reply", "Request"]

_FAULTS: Final = ("truncated", "dropped", "slow", "endless", "bomb")


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
        word; `slow` gives a byte every 50 ms; `endless` gives the body again and again until the asker hangs up;
        `bomb` gives 256 KiB of gzip that unpack to 256 MiB.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay: float = 0.0
    fault: Literal["", "truncated", "dropped", "slow", "endless", "bomb"] = ""

    @classmethod
    def json(cls, data: Any, **parts: Any) -> "Reply":
        """Make a reply whose body is JSON; further parts by keyword."""
        headers = {"Content-Type": "application/json", **parts.pop("headers", {})}
        return cls(body=json.dumps(data).encode(), headers=headers, **parts)


class FakeVenue:
    """Serves on 127.0.0.1, on ports of its own, from `with` to its end.

    Replies to one route are given in the order in which they were scripted; the last one stays. Where a route has a
    handler, it is asked once the script is used up. A path that ends in `*` stands for all that begin so; the longest
    one counts, an exact one before all, any script before any handler: one reply to `/*` is an outage of one request.
    A route without script and handler is a 404.

    Parameters
    ----------
    clock
        What the venue's own clock shows in the header `Date` of its answers; the machine's by default.

    Examples
    --------
    >>> with FakeVenue() as venue:
    ...     venue.on("/v1/price", status=503)
    ...     venue.on("/v1/price", json={"price": 122.15})
    ...     venue.on("/v1/bars/*", handler=lambda request: Reply.json({"path": request.path}))
    ...     venue.socket("/stream", lambda line: line.send({"price": 122.15}))
    ...     venue.url, venue.socket_url  # give these to the provider under test
    """

    def __init__(self, *, clock: Clock | None = None) -> None:
        self._time = clock or SystemClock()
        self._scripts: defaultdict[tuple[str, str], deque[Reply]] = defaultdict(deque)
        self._handlers: dict[tuple[str, str], Callable[[Request], Reply]] = {}
        self._requests: list[Request] = []
        self._guard = threading.Lock()
        self._ended = threading.Event()
        self._server: Server | None = None
        self._lines = LineServer()

    def __enter__(self) -> Self:
        self._ended.clear()
        self._server = Server(self)
        threading.Thread(target=self._server.serve_forever, args=[0.01], name="ara-venue", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._lines.end()
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
    def socket_url(self) -> str:
        """Where its WebSockets are, `ws://…` without a slash at the end."""
        if self._server is None:
            raise ValidationError("The venue serves nothing yet; use it in a with statement.")
        return f"ws://127.0.0.1:{self._lines.port()}"

    @property
    def requests(self) -> tuple[Request, ...]:
        """All that it was asked by HTTP, in order."""
        with self._guard:
            return tuple(self._requests)

    @property
    def heard(self) -> tuple[str, ...]:
        """All that it was sent by WebSocket, in order."""
        return self._lines.heard

    def on(
        self,
        path: str,
        reply: Reply | None = None,
        *,
        handler: Callable[[Request], Reply] | None = None,
        method: str = "GET",
        json: Any = None,
        **parts: Any,
    ) -> None:
        """Script the next reply to a route, or say what answers it from then on.

        Parameters
        ----------
        path
            Without query.
        reply
            What to answer; or give its parts by keyword.
        handler
            Makes a reply of each request; called in the server's threads, several at once. What it raises is a 500.
        method
            HTTP method.
        json
            Body as JSON.
        **parts
            Of a Reply.
        """
        if handler is not None:
            if reply is not None or json is not None or parts:
                raise ValidationError("Give a handler or a reply, not both.")
            with self._guard:
                self._handlers[method, path] = handler
            return
        if reply is None:
            reply = Reply(**parts) if json is None else Reply.json(json, **parts)
        if reply.fault and reply.fault not in _FAULTS:
            raise ValidationError(f"fault is {reply.fault!r}; there are {', '.join(_FAULTS)}.")
        with self._guard:
            self._scripts[method, path].append(reply)

    def socket(self, path: str, handler: Callable[[Line], None]) -> None:
        """Say who speaks to those who open a WebSocket at a path; the path may end in `*`.

        Parameters
        ----------
        path
            Without query; its line is closed when the handler returns.
        handler
            Called in a thread of its own for each connection.
        """
        self._lines.on(path, handler)

    def answer(self, request: Request) -> Reply:
        """Note a request and give its reply, once the reply's delay is over or the venue ends."""
        with self._guard:
            self._requests.append(request)
            reply, handler = self._next(request)
        if reply is None:
            reply = _NOWHERE if handler is None else _asked(handler, request)
        if reply.delay:
            self._ended.wait(reply.delay)
        return reply

    def date(self) -> str:
        """Give the time by the venue's clock, as HTTP writes it."""
        return format_datetime(self._time.now(), usegmt=True)

    def wait(self, seconds: float) -> bool:
        """Wait until the venue ends, no longer than that; give whether it has ended."""
        return self._ended.wait(seconds)

    def _next(self, request: Request) -> tuple[Reply | None, Callable[[Request], Reply] | None]:
        method, paths = request.method, list(_spellings(request.path))
        handler = next((self._handlers[method, path] for path in paths if (method, path) in self._handlers), None)
        for path in paths:
            script = self._scripts.get((method, path))
            if script:
                stays = len(script) == 1 and handler is None
                return script[0] if stays else script.popleft(), handler
        return None, handler


def _spellings(path: str) -> list[str]:
    return [path, *(f"{path[:length]}*" for length in range(len(path), -1, -1))]


def _asked(handler: Callable[[Request], Reply], request: Request) -> Reply:
    try:
        return handler(request)
    except Exception as error:  # noqa: BLE001 - the fault of a test's own handler is shown, and the server lives on
        return Reply.json({"error": f"the handler failed: {error!r}"}, status=500)


_NOWHERE: Final = Reply.json({"error": "there is no such route"}, status=404)

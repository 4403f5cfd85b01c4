"""What lies around every request: an id, bounds on what a stranger may send, a time, headers, one line of the log."""

import asyncio
import json
import logging
import re
import time
from collections.abc import Iterable, Mapping, MutableMapping
from contextlib import AbstractContextManager, nullcontext, suppress
from contextvars import ContextVar
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ara.api.problems import fault, of_status
from ara.logs.context import current, with_correlation
from ara.telemetry import Telemetry

__all__ = ["Shell", "also_told", "route_of"]

_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")
_DEEPEST: Final = 32
_HEADERS: Final = 16_384
_GRACE: Final = 0.05
_TOLD: Final = 3
_LEFT: Final = 499
"""What the log and the metrics say of a request whose client left before it was answered, as nginx has it."""
_SAFE: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)
_OLD: Final = "/api/v1/"
_FORMS: Final = "/oauth/"
"""Where forms are taken, as RFC 6749 has it."""
_SINCE: Final = b"@1795305600"
"""Since when the first version is deprecated (RFC 9745): 22 November 2026, 00:00 UTC."""
_NEXT: Final = b'</api/v2>; rel="successor-version", </redoc>; rel="deprecation"; type="text/html"'
_TLS: Final = b"max-age=63072000; includeSubDomains"
_WITH_BODY: Final = {"POST", "PUT", "PATCH", "DELETE"}
_log = logging.getLogger("ara.api")
_also: ContextVar[dict[str, str] | None] = ContextVar("ara_api_also", default=None)


class _RefusedError(Exception):
    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


class _Client:
    """Who asked: given the body again, and, where they leave before they are answered, an end to the work for them.

    Whether they left is looked at only for what takes long: most requests are answered before.
    """

    __slots__ = ("_later", "_receive", "_watching", "gone")

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._later: asyncio.TimerHandle | None = None
        self._watching: asyncio.Task[None] | None = None
        self.gone = asyncio.Event()

    def watch(self, limit: asyncio.Timeout) -> None:
        """From a moment on, end the time of a request at once when its client leaves."""
        self._later = asyncio.get_running_loop().call_later(_GRACE, self._begin, limit)

    def giving(self, body: bytes) -> Receive:
        """Give the body, and then that the client left, when they do."""
        given = False

        async def give() -> Message:
            nonlocal given
            if given:
                await self.gone.wait()
                return {"type": "http.disconnect"}
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        return give

    def close(self) -> None:
        """Look no longer."""
        if self._later is not None:
            self._later.cancel()
        if self._watching is not None:
            self._watching.cancel()

    def _begin(self, limit: asyncio.Timeout) -> None:
        self._watching = asyncio.create_task(self._look(limit))

    async def _look(self, limit: asyncio.Timeout) -> None:
        for _ in range(_TOLD):  # a server may say once more that the body has ended
            message = await self._receive()
            if message["type"] != "http.disconnect":
                continue
            self.gone.set()
            with suppress(RuntimeError):  # it has just ended
                limit.reschedule(asyncio.get_running_loop().time())
            return


class Shell:
    """Takes requests before the application does.

    Parameters
    ----------
    app
        The application.
    most
        Bytes that a request may bring.
    seconds
        What it may take, the reading of its body included; its work is cancelled then, as it is when its client leaves.
    """

    def __init__(self, app: ASGIApp, *, most: int, seconds: float) -> None:
        self._app = app
        self._most = most
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = _header(scope["headers"], b"x-request-id")
        with with_correlation(asked if _ID.fullmatch(asked) else ""):
            await self._answer(scope, receive, send)

    async def _answer(self, asked: Scope, receive: Receive, send: Send) -> None:
        began, status, method = time.perf_counter(), 0, asked["method"]
        bare = method == "HEAD"
        _also.set(None)
        scope = {**asked, "method": "GET"} if bare else asked

        async def dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _dressed(scope, message.get("headers", ()))
            elif bare:
                message = {**message, "body": b""}
            await send(message)

        client = _Client(receive)
        try:
            async with asyncio.timeout(self._seconds) as limit:
                body = await self._checked(scope, receive)
                client.watch(limit)
                with _stage(scope, method):
                    await self._app(scope, client.giving(body), dressed)
        except _RefusedError as refused:
            await of_status(refused.status, refused.words, path=scope["path"])(scope, receive, dressed)
        except TimeoutError:
            if client.gone.is_set():
                status = status or _LEFT
            elif not status:
                words = f"The request took longer than {self._seconds:g} seconds and was given up."
                await of_status(504, words, path=scope["path"])(scope, receive, dressed)
        except Exception as error:
            if status:
                raise
            await (await fault(scope, error))(scope, receive, dressed)
        finally:
            client.close()
            _note(scope, method, status, time.perf_counter() - began)

    async def _checked(self, scope: Scope, receive: Receive) -> bytes:
        """Read the whole body within its bounds, and look at it."""
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        if sum(len(name) + len(value) for name, value in headers) > _HEADERS:
            raise _RefusedError(431, f"The headers have more than {_HEADERS} bytes.")
        declared = _header(headers, b"content-length") or "0"
        if not declared.isdecimal() or int(declared[:18]) > self._most:
            raise _RefusedError(413, f"The request brings more than {self._most} bytes.")
        body = await self._read(receive)
        if body and scope["method"] in _WITH_BODY:
            _look(_header(headers, b"content-type"), body, form=scope["path"].startswith(_FORMS))
        return body

    async def _read(self, receive: Receive) -> bytes:
        parts, size, more = [], 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _RefusedError(400, "The request was cut short.")
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self._most:
                raise _RefusedError(413, f"The request brings more than {self._most} bytes.")
            more = message.get("more_body", False)
        return b"".join(parts)


def also_told(headers: Mapping[str, str]) -> None:
    """Have the answer to the present request say more, whatever it is in the end."""
    _also.set({**(_also.get() or {}), **headers})


def route_of(scope: MutableMapping[str, Any]) -> str:
    """Give the path as the route has it, names in the place of what was sent: what a stranger wrote stays out of it."""
    route, path = scope.get("route"), str(scope["path"])
    if route is None or isinstance(route, str):  # unknown, or answered past the routes
        return route or "unknown"
    own: str = route.path_format  # without what stands before it where its router is included in another
    sent = own.format_map(scope.get("path_params", {}))
    return path.removesuffix(sent) + own if path.endswith(sent) else own


def _header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str:
    """Give the first header of a name, in small letters; empty where it was not sent."""
    return next((value.decode("latin-1") for key, value in headers if key == name), "")


def _dressed(scope: Scope, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Give the headers of an answer with those that every answer has; what it says itself counts."""
    found = list(headers)
    there = {name for name, _ in found}
    found.append((b"x-request-id", current().encode("latin-1")))
    for name, value in (_also.get() or {}).items():
        if name.lower().encode() not in there:
            found.append((name.lower().encode(), value.encode("latin-1")))
    if scope["path"].startswith(_OLD):
        found += [(b"deprecation", _SINCE), (b"link", _NEXT)]
    if scope["scheme"] == "https":
        found.append((b"strict-transport-security", _TLS))
    found += [one for one in _SAFE if one[0] not in there]
    return found


def _look(media: str, body: bytes, *, form: bool) -> None:
    """Refuse what is no JSON as RFC 8259 has it: NaN, numbers without end, names twice, levels without end."""
    kind = media.partition(";")[0].strip().lower()
    if form and kind == "application/x-www-form-urlencoded":
        return
    if kind != "application/json":
        raise _RefusedError(415, "What a request brings is JSON.")
    if _depth(body) > _DEEPEST:
        raise _RefusedError(400, f"The JSON is nested deeper than {_DEEPEST} levels.")
    try:
        json.loads(body.decode("utf-8"), parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise _RefusedError(400, "What the request brings is no valid JSON.") from None


def _depth(body: bytes) -> int:
    """Count how deep brackets are nested, those inside of texts left out; linear in the length."""
    level = deepest = 0
    for part in re.finditer(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', body, re.DOTALL):
        if part[0] in b"[{":
            level += 1
            deepest = max(deepest, level)
        elif part[0] in b"]}":
            level -= 1
    return deepest


def _no_constant(text: str) -> float:
    raise ValueError(text)


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(text)
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _stage(scope: MutableMapping[str, Any], method: str) -> AbstractContextManager[None]:
    """Make the span in which all spans of a request lie, where traces are on."""
    service = getattr(scope["app"].state, "service", None) if "app" in scope else None
    return nullcontext() if service is None else service.desk.telemetry.stage("request", method=method)


def _note(scope: MutableMapping[str, Any], method: str, status: int, seconds: float) -> None:
    """Say in a line what was asked and how it went; the path is that of the route, so strangers write nothing here."""
    route = route_of(scope)
    service = getattr(scope["app"].state, "service", None) if "app" in scope else None
    if service is not None:
        telemetry: Telemetry = service.desk.telemetry
        with suppress(KeyError):
            telemetry.counter("api.requests").add(1, route=route, method=method, status=str(status))
            telemetry.histogram("api.seconds").record(seconds, route=route)
    _log.info("%s %s %s %.1f ms", method, route, status or "aborted", 1e3 * seconds)
